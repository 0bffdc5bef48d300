//! The machine that an image runs on.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::{Accelerator, Emulator, Uefi};

/// The processor under emulation, named and complete, so that a run is the same with every version of the emulator.
///
/// The model alone has hardly more than long mode and SYSCALL; the list adds what the kernel uses where it finds it,
/// and what it must keep off (AVX). Each feature is one that emulation has: asking for others only prints a warning.
pub const PROCESSOR: &str = "qemu64-v1,-svm,+nx,+smep,+smap,+umip,+fsgsbase,+pdpe1gb,+rdtscp,+rdrand,+erms,\
    +ssse3,+sse4.1,+sse4.2,+popcnt,+xsave,+avx";

/// What a machine boots.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Boot {
    /// The emulator loads the files itself (PVH).
    Files { kernel: PathBuf, bundle: Option<PathBuf> },
    /// The firmware, which is a BIOS without `uefi`, finds a loader on the disk.
    Disk { image: PathBuf, uefi: Option<Uefi> },
}

/// A machine: what it has and what it boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    boot: Boot,
    processors: u32,
    memory: u64,
    memory_file: Option<PathBuf>,
    counts_instructions: bool,
    extra: Vec<OsString>,
}

impl Machine {
    /// A machine with one processor and 128 MiB that boots `kernel` with the module `bundle`.
    pub fn new(kernel: impl Into<PathBuf>, bundle: impl Into<PathBuf>) -> Self {
        Self::booting(Boot::Files { kernel: kernel.into(), bundle: Some(bundle.into()) })
    }

    /// The same without a module.
    pub fn bare(kernel: impl Into<PathBuf>) -> Self {
        Self::booting(Boot::Files { kernel: kernel.into(), bundle: None })
    }

    /// The same, but with a BIOS that boots the disk `image`. Nothing is ever written to it.
    pub fn bios(image: impl Into<PathBuf>) -> Self {
        Self::booting(Boot::Disk { image: image.into(), uefi: None })
    }

    /// The same, but with UEFI firmware that boots the disk `image`. Nothing is ever written to it.
    pub fn uefi(image: impl Into<PathBuf>, firmware: Uefi) -> Self {
        Self::booting(Boot::Disk { image: image.into(), uefi: Some(firmware) })
    }

    fn booting(boot: Boot) -> Self {
        Self {
            boot,
            processors: 1,
            memory: 128 << 20,
            memory_file: None,
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

    /// The same with its memory in this file, where it stays.
    #[must_use]
    pub fn memory_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.memory_file = Some(path.into());
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

    /// Whether firmware may print before the kernel does.
    pub(crate) fn has_talking_firmware(&self) -> bool {
        matches!(self.boot, Boot::Disk { uefi: Some(_), .. })
    }

    /// The emulator's arguments.
    pub fn arguments(&self, emulator: &Emulator) -> Vec<OsString> {
        self.arguments_with(self.accelerator(), emulator.firmware())
    }

    fn arguments_with(&self, accelerator: Accelerator, firmware: Option<&str>) -> Vec<OsString> {
        let mut line = Line::default();
        line.words("-M q35,memory-backend=memory -no-user-config -nodefaults -display none -monitor none -no-reboot");
        // A signal belongs to the one who started the emulator; the guest's input never raises one.
        line.words("-chardev stdio,id=console,signal=off -serial chardev:console");
        line.words("-device isa-debug-exit,iobase=0xf4,iosize=4");
        line.pair("-accel", accelerator.name());
        line.pair("-cpu", if accelerator == Accelerator::Kvm { "host" } else { PROCESSOR });
        line.pair("-smp", self.processors.to_string());
        // A guest that has more memory than this host uses little of it: what it does not touch is not reserved.
        let kibibytes = self.memory.div_ceil(1024);
        match &self.memory_file {
            None => line.pair("-object", format!("memory-backend-ram,id=memory,size={kibibytes}k,reserve=off")),
            Some(file) => {
                let options = format!("memory-backend-file,id=memory,size={kibibytes}k,share=on,mem-path=");
                line.pair("-object", with_path(options, file));
            }
        }
        line.pair("-m", format!("{kibibytes}k"));
        if self.counts_instructions {
            line.pair("-icount", "shift=0,sleep=off");
        }
        match &self.boot {
            Boot::Files { kernel, bundle } => line.files(kernel, bundle.as_deref(), firmware),
            Boot::Disk { image, uefi } => line.disk(image, uefi.as_ref()),
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

    fn files(&mut self, kernel: &Path, bundle: Option<&Path>, firmware: Option<&str>) {
        if let Some(firmware) = firmware {
            self.pair("-bios", firmware);
        }
        self.pair("-kernel", kernel);
        if let Some(bundle) = bundle {
            self.pair("-initrd", bundle);
        }
    }

    fn disk(&mut self, image: &Path, uefi: Option<&Uefi>) {
        if let Some(uefi) = uefi {
            self.drive("if=pflash,unit=0,readonly=on", &uefi.code);
            // What the firmware writes into its variables goes with the run.
            self.drive("if=pflash,unit=1,snapshot=on", &uefi.variables);
        }
        self.drive("if=none,id=disk,readonly=on", image);
        self.words("-device virtio-blk-pci,drive=disk,bootindex=0");
    }

    fn drive(&mut self, options: &str, file: &Path) {
        self.pair("-drive", with_path(format!("{options},format=raw,file="), file));
    }
}

/// Options of which the last is this file.
fn with_path(options: String, file: &Path) -> OsString {
    let mut value = OsString::from(options);
    // A comma would end the name; two stand for one.
    let doubled: Vec<u8> = file.as_os_str().as_bytes().split(|byte| *byte == b',').collect::<Vec<_>>().join(&b",,"[..]);
    value.push(OsString::from_vec(doubled));
    value
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
        for part in [
            "-smp 4",
            "-m 65536k",
            "size=65536k,reserve=off",
            "-accel tcg",
            "-cpu qemu64-v1,",
            "-bios qboot.rom",
            "-kernel k -initrd b",
        ] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert!(line.ends_with(" -s"), "{line}");
        assert!(!line.contains("-icount"), "{line}");
    }

    #[test]
    fn memory_stays_in_a_file() {
        let line = line(&Machine::new("k", "b").memory(64 << 20).memory_file("a,b"), Accelerator::Tcg, None);
        assert!(line.contains("-object memory-backend-file,id=memory,size=65536k,share=on,mem-path=a,,b -m"), "{line}");
    }

    #[test]
    fn a_disk_is_booted_by_the_firmware() {
        let bios = line(&Machine::bios("a,b"), Accelerator::Tcg, Some("qboot.rom"));
        let disk =
            "-drive if=none,id=disk,readonly=on,format=raw,file=a,,b -device virtio-blk-pci,drive=disk,bootindex=0";
        assert!(bios.ends_with(disk), "{bios}");
        for part in ["-bios", "-kernel", "pflash"] {
            assert!(!bios.contains(part), "{part} is in {bios}");
        }
        let firmware = Uefi { code: "code".into(), variables: "variables".into() };
        let uefi = line(&Machine::uefi("a,b", firmware), Accelerator::Tcg, Some("qboot.rom"));
        let code = "-drive if=pflash,unit=0,readonly=on,format=raw,file=code";
        let variables = "-drive if=pflash,unit=1,snapshot=on,format=raw,file=variables";
        assert!(uefi.ends_with(&format!("{code} {variables} {disk}")), "{uefi}");
        assert!(!uefi.contains("-bios"), "{uefi}");
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
