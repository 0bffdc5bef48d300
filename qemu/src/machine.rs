//! The machine that an image runs on.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::{Accelerator, Emulator};

/// The processor under emulation, named and complete, so that a run is the same with every version of the emulator.
///
/// The model alone has hardly more than long mode and SYSCALL; the list adds what the kernel uses where it finds it,
/// and what it must keep off (AVX). Each feature is one that emulation has: asking for others only prints a warning.
pub const PROCESSOR: &str = "qemu64-v1,-svm,+nx,+smep,+smap,+umip,+fsgsbase,+pdpe1gb,+rdtscp,+rdrand,+erms,\
    +ssse3,+sse4.1,+sse4.2,+popcnt,+xsave,+avx";

/// A machine: what it has and what it boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    kernel: PathBuf,
    bundle: Option<PathBuf>,
    processors: u32,
    memory: u64,
    counts_instructions: bool,
    extra: Vec<OsString>,
}

impl Machine {
    /// A machine with one processor and 128 MiB that boots `kernel` with the module `bundle`.
    pub fn new(kernel: impl Into<PathBuf>, bundle: impl Into<PathBuf>) -> Self {
        Self { bundle: Some(bundle.into()), ..Self::bare(kernel) }
    }

    /// The same without a module.
    pub fn bare(kernel: impl Into<PathBuf>) -> Self {
        Self {
            kernel: kernel.into(),
            bundle: None,
            processors: 1,
            memory: 128 << 20,
            counts_instructions: false,
            extra: Vec::new(),
        }
    }

    /// The same with so many processors.
    #[must_use]
    pub fn processors(mut self, number: u32) -> Self {
        self.processors = number;
        self
    }

    /// The same with so many bytes of memory.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// The same with a clock that ticks once for each instruction, so that two runs are equal to the last tick.
    #[must_use]
    pub fn counts_instructions(mut self, yes: bool) -> Self {
        self.counts_instructions = yes;
        self
    }

    /// The same with more arguments for the emulator, after all others.
    #[must_use]
    pub fn extra(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.extra.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// How its instructions are run on this host.
    pub fn accelerator(&self) -> Accelerator {
        if self.counts_instructions { Accelerator::Tcg } else { Accelerator::detect() }
    }

    /// The emulator's arguments.
    pub fn arguments(&self, emulator: &Emulator) -> Vec<OsString> {
        self.arguments_with(self.accelerator(), emulator.firmware())
    }

    fn arguments_with(&self, accelerator: Accelerator, firmware: Option<&str>) -> Vec<OsString> {
        let mut line = Line::default();
        line.words("-M q35 -no-user-config -nodefaults -display none -monitor none -no-reboot");
        // A signal belongs to the one who started the emulator; the guest's input never raises one.
        line.words("-chardev stdio,id=console,signal=off -serial chardev:console");
        line.words("-device isa-debug-exit,iobase=0xf4,iosize=4");
        line.pair("-accel", accelerator.name());
        line.pair("-cpu", if accelerator == Accelerator::Kvm { "host" } else { PROCESSOR });
        line.pair("-smp", self.processors.to_string());
        line.pair("-m", format!("{}k", self.memory.div_ceil(1024)));
        if self.counts_instructions {
            line.pair("-icount", "shift=0,sleep=off");
        }
        if let Some(firmware) = firmware {
            line.pair("-bios", firmware);
        }
        line.pair("-kernel", &self.kernel);
        if let Some(bundle) = &self.bundle {
            line.pair("-initrd", bundle);
        }
        line.0.extend(self.extra.iter().cloned());
        line.0
    }
}

#[derive(Default)]
struct Line(Vec<OsString>);

impl Line {
    fn words(&mut self, words: &str) {
        self.0.extend(words.split(' ').map(OsString::from));
    }

    fn pair(&mut self, option: &str, value: impl Into<OsString>) {
        self.0.extend([option.into(), value.into()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(machine: &Machine, accelerator: Accelerator, firmware: Option<&str>) -> String {
        let words = machine.arguments_with(accelerator, firmware);
        words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn says_what_was_asked_for() {
        let machine = Machine::new("k", "b").processors(4).memory(64 << 20).extra(["-s"]);
        let line = line(&machine, Accelerator::Tcg, Some("qboot.rom"));
        for part in ["-smp 4", "-m 65536k", "-accel tcg", "-cpu qemu64-v1,", "-bios qboot.rom", "-kernel k -initrd b"] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert!(line.ends_with(" -s"), "{line}");
        assert!(!line.contains("-icount"), "{line}");
    }

    #[test]
    fn counting_instructions_needs_emulation() {
        let machine = Machine::new("k", "b").counts_instructions(true);
        assert_eq!(machine.accelerator(), Accelerator::Tcg);
        assert!(line(&machine, Accelerator::Tcg, None).contains("-icount shift=0,sleep=off"));
    }

    #[test]
    fn hardware_shows_its_own_processor() {
        assert!(line(&Machine::new("k", "b"), Accelerator::Kvm, None).contains("-accel kvm -cpu host"));
    }
}
