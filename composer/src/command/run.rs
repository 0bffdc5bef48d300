//! `composer run`: a graph is composed, booted, and held against what it declares.

pub mod stacks;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use qemu::debugger::Door;
use qemu::{Ending, Input, Machine, Session, Uefi};

use super::build::{self, System};
use crate::diagnostic::Diagnostic;
use crate::faults::Annotated;
use crate::graph::Expect;
use crate::{Failure, code, keys, print, text, verdict};
use stacks::Memory;

/// What `run` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    build: build::Arguments,
    /// How the system is booted: by the emulator itself (pvh), or from the disk image by GRUB under a BIOS (grub) or
    /// under UEFI (uefi)
    #[arg(long, value_name = "pvh|grub|uefi", value_enum, default_value_t, hide_possible_values = true)]
    boot: Boot,
    /// Number of processors, instead of the graph's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(keys::PROCESSORS))]
    smp: Option<u32>,
    /// Memory such as 128MiB, instead of the graph's
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    memory: Option<u64>,
    /// Seconds until the run is given up, instead of the graph's; firmware and loader get theirs on top
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(keys::SECONDS))]
    timeout: Option<u64>,
    /// Count time in instructions, so that two runs are equal
    #[arg(long)]
    icount: bool,
    /// Look at all stacks when the machine has ended: if one was used further than its bound, the system has not ended as declared.
    /// Where the emulator boots it itself
    #[arg(long)]
    stacks: bool,
    /// Let `cargo composer inspect` and debuggers look into the machine by this socket
    #[arg(long, value_name = "SOCKET")]
    door: Option<PathBuf>,
    /// Write what the system prints to this file, too
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

/// How a system is booted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Boot {
    /// By the emulator itself, in no time
    #[default]
    Pvh,
    /// From the disk image by GRUB, under a BIOS
    Grub,
    /// From the disk image by GRUB, under UEFI
    Uefi,
}

impl Boot {
    /// Seconds that firmware and loader may take before the system starts: far more than they do, but for UEFI under
    /// a clock that counts instructions.
    const fn allowance(self) -> u64 {
        match self {
            Self::Pvh => 0,
            Self::Grub => 30,
            Self::Uefi => 240,
        }
    }
}

/// How a run ended, in the words of the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As the graph declares.
    AsDeclared,
    /// Otherwise.
    Otherwise,
    /// The run timed out, the emulator failed, or something that the run needs is not installed.
    NoResult,
}

impl Outcome {
    /// The outcome of a question that is to be answered with yes.
    pub const fn as_expected(yes: bool) -> Self {
        if yes { Self::AsDeclared } else { Self::Otherwise }
    }

    /// The worse of the two.
    const fn and(self, other: Self) -> Self {
        if self.status() >= other.status() { self } else { other }
    }

    /// The exit status.
    pub const fn status(self) -> u8 {
        match self {
            Self::AsDeclared => 0,
            Self::Otherwise => 1,
            Self::NoResult => 3,
        }
    }
}

/// Composes the system, boots it, and says how it ended.
///
/// # Errors
///
/// All complaints about the graph, its images and the log file.
pub fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let system = build::compose(&arguments.build)?;
    let log = arguments.log.as_deref().map(|path| create(path, &system)).transpose()?;
    let (machine, memory) = match machine(arguments, &system).and_then(|machine| kept(arguments, machine, &system)) {
        Ok(machine) => machine,
        Err(missing) => {
            print::remark(format_args!("run: {missing}"));
            return Ok(Outcome::NoResult);
        }
    };
    let timeout = arguments.timeout.unwrap_or(system.loaded.graph.machine.timeout) + arguments.boot.allowance();
    let session = Session::new(machine).timeout(Duration::from_secs(timeout)).input(Input::Standard);
    let programs = system.programs();
    let run = session.run(&mut Annotated::new(&programs, Console { log }));
    let console = String::from_utf8_lossy(&run.console);
    if !console.is_empty() && !console.ends_with('\n') {
        print::line("");
    }
    let (outcome, words) = judge(&system.loaded.graph.expect, &run.ending, &console, timeout);
    print::remark(format_args!("run: {words}"));
    let Some(memory) = memory else { return Ok(outcome) };
    let (found, words) = memory.judge(&system);
    print::remark(format_args!("run: {words}"));
    Ok(outcome.and(found))
}

/// The machine, or what is missing to boot it that way.
fn machine(arguments: &Arguments, system: &System) -> Result<Machine, String> {
    let defaults = &system.loaded.graph.machine;
    let disk = || system.disk().map_err(|why| format!("there is no disk image to boot from: {why}"));
    let machine = match arguments.boot {
        Boot::Pvh => Machine::new(system.kernel(), system.bundle()),
        Boot::Grub => Machine::bios(disk()?),
        Boot::Uefi => Machine::uefi(disk()?, Uefi::find().map_err(|missing| missing.to_string())?),
    };
    let door = arguments.door.as_ref().map(|path| Door::new(path).arguments_of_running());
    Ok(machine
        .extra(door.into_iter().flatten())
        .processors(arguments.smp.unwrap_or(defaults.smp))
        .memory(arguments.memory.unwrap_or(defaults.memory))
        .counts_instructions(arguments.icount || defaults.icount))
}

/// The machine, and the memory that it leaves if that is to be looked at.
fn kept(arguments: &Arguments, machine: Machine, system: &System) -> Result<(Machine, Option<Memory>), String> {
    if !arguments.stacks {
        return Ok((machine, None));
    }
    if arguments.boot != Boot::Pvh {
        return Err("only where the emulator boots a system itself, its stacks can be looked at".into());
    }
    let memory = Memory::create(system, arguments.memory.unwrap_or(system.loaded.graph.machine.memory));
    let memory = memory.map_err(|error| format!("there is no place for the machine's memory: {error}"))?;
    Ok((machine.memory_file(memory.file()), Some(memory)))
}

/// How a run ended, and what to say about it.
pub fn judge(expect: &Expect, ending: &Ending, console: &str, timeout: u64) -> (Outcome, String) {
    match ending {
        Ending::EmulatorFailed(why) => (Outcome::NoResult, why.clone()),
        Ending::TimedOut => (Outcome::NoResult, format!("timed out after {timeout} s")),
        Ending::Ended { code } => {
            let differences = verdict::judge(expect, console, *code);
            if differences.is_empty() {
                return (Outcome::AsDeclared, "ended as declared".into());
            }
            let lines: String = differences.iter().map(|difference| format!("\n  {difference}")).collect();
            (Outcome::Otherwise, format!("did not end as declared{lines}"))
        }
    }
}

fn create(path: &Path, system: &System) -> Result<File, Failure> {
    File::create(path).map_err(|error| Failure {
        source: system.loaded.source.clone(),
        diagnostics: Diagnostic::error(code::OUTPUT, format!("cannot write {}: {error}", path.display())).into(),
    })
}

/// The standard output and the log.
struct Console {
    log: Option<File>,
}

impl Write for Console {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // One that is gone (a closed pipe, a full disk) does not silence the other.
        let shown = io::stdout().write_all(bytes);
        if let Some(log) = &mut self.log {
            log.write_all(bytes)?;
        }
        shown.map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

const UNITS: [(&str, u32); 7] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("K", 10), ("M", 20), ("G", 30), ("", 20)];

/// A size as the graph writes it, or as the emulator does: a bare number counts mebibytes.
fn memory(given: &str) -> Result<u64, String> {
    let sized = UNITS.iter().find_map(|(unit, shift)| {
        let number: u64 = given.strip_suffix(unit)?.trim_end().parse().ok()?;
        number.checked_mul(1 << shift)
    });
    let possible = sized.filter(|bytes| keys::MEMORY_BYTES.contains(bytes) && bytes.is_multiple_of(keys::MEMORY_UNIT));
    possible.ok_or_else(|| {
        let (least, most) = (text::size(*keys::MEMORY_BYTES.start()), text::size(*keys::MEMORY_BYTES.end()));
        format!("from {least} to {most} in steps of {}, such as 128MiB", text::size(keys::MEMORY_UNIT))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(ending: &Ending, console: &str) -> (u8, String) {
        let (outcome, words) = judge(&Expect::default(), ending, console, 5);
        (outcome.status(), words)
    }

    #[test]
    fn every_exit_status() {
        let end = "tessera: end, status 0\n";
        assert_eq!(judged(&Ending::Ended { code: 33 }, end), (0, "ended as declared".into()));
        let (status, words) = judged(&Ending::Ended { code: 0 }, "");
        assert_eq!(status, 1);
        assert!(words.starts_with("did not end as declared\n  the last line is not"), "{words}");
        assert_eq!(judged(&Ending::TimedOut, end), (3, "timed out after 5 s".into()));
        assert_eq!(judged(&Ending::EmulatorFailed("why".into()), end), (3, "why".into()));
    }

    #[test]
    fn sizes() {
        assert_eq!(memory("128MiB"), Ok(128 << 20));
        assert_eq!(memory("1G"), Ok(1 << 30));
        assert_eq!(memory("64"), Ok(64 << 20));
        for wrong in ["", "MiB", "-1", "1KiB", "63MiB", "1025GiB", "65537KiB", "99999999999G", "1.5M"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }
}
