//! `composer trace`: a timeline of what a system did, for Perfetto.

use std::path::{Path, PathBuf};
use std::time::Duration;

use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSymbol};
use qemu::log::{What, follow};
use qemu::{Ending, Machine};

use super::build::{self, System};
use super::run::Outcome;
use crate::code::UNWRITABLE;
use crate::diagnostic::Diagnostic;
use crate::faults::plain_name;
use crate::temporary::TemporaryDirectory;
use crate::trace::count::Counter;
use crate::trace::entry::Reader;
use crate::trace::perfetto;
use crate::trace::timeline::{Timeline, timeline};
use crate::{Failure, output, print};

/// What `trace` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file
    file: PathBuf,
    /// Write the timeline to this file, which ui.perfetto.dev and chrome://tracing open; without, it is printed
    #[arg(short, long, visible_alias = "out", value_name = "FILE.json")]
    output: Option<PathBuf>,
    /// Instructions after which nothing more is followed, the firmware's among them
    #[arg(long, value_name = "NUMBER", default_value_t = 20_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    instructions: u64,
    /// Seconds after which nothing more is followed, in each of the two runs
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
}

/// Runs the system twice under the clock that counts instructions, and writes what it did.
///
/// # Errors
///
/// All complaints about the graph and its images; a machine that cannot be followed; the file cannot be written.
pub fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    output::may_write(arguments.output.as_deref())?;
    let place = TemporaryDirectory::create(&std::env::temp_dir(), "composer-trace-");
    let place = place.map_err(|error| cannot_write(&arguments.file, &error))?;
    let composed = build::Arguments { file: arguments.file.clone(), output: Some(place.path().join("system")) };
    let system = build::compose(&composed)?;
    let (counter, reader) = match both(arguments, &system, place.path()) {
        Ok(both) => both,
        Err(why) => {
            print::remark(format_args!("trace: {why}"));
            return Ok(Outcome::NoResult);
        }
    };
    let Ok(timeline) = timeline(&system.report, &counter, &reader) else {
        print::remark(format_args!("trace: two runs of the system differ, so there is no one history"));
        return Ok(Outcome::NoResult);
    };
    write(arguments, &system, &timeline)?;
    let end = if counter.is_cut_short() { ", where it was cut off: --instructions says where" } else { "" };
    let (entries, instructions) = (counter.crossings(&reader.tasks).len(), counter.instructions);
    print::remark(format_args!("trace: {entries} stays in the kernel, {instructions} instructions{end}"));
    Ok(Outcome::AsDeclared)
}

/// Entries that cores may make beyond what was counted, while another is not yet as far.
const AHEAD: usize = 64;

/// What both runs say. The second is followed as far as the first.
fn both(arguments: &Arguments, system: &System, place: &Path) -> Result<(Counter, Reader), String> {
    let follow_into = |name: &str, what: &What, read: &mut (dyn FnMut(&str) -> std::ops::ControlFlow<()> + Send)| {
        let (place, timeout) = (place.join(name), Duration::from_secs(arguments.timeout));
        std::fs::create_dir(&place).map_err(|error| error.to_string())?;
        let run = follow(machine(system), timeout, what, &place, read).map_err(|error| error.to_string())?;
        match run.ending {
            Ending::EmulatorFailed(why) => Err(why),
            Ending::Ended { .. } | Ending::TimedOut => Ok(()),
        }
    };
    let mut counter = Counter::new(arguments.instructions);
    follow_into("count", &What::Instructions, &mut |line| counter.read(line))?;
    let mut reader = Reader::new(counter.most_crossings() + AHEAD);
    let places = What::Entries(entry_points(&system.images.kernel));
    follow_into("entries", &places, &mut |line| reader.read(line))?;
    Ok((counter, reader))
}

fn machine(system: &System) -> Machine {
    let wanted = &system.loaded.graph.machine;
    let machine = Machine::new(system.kernel(), system.bundle()).memory(wanted.memory);
    machine.processors(wanted.smp).counts_instructions(true)
}

/// Where system calls enter the kernel.
fn entry_points(kernel: &[u8]) -> Vec<u64> {
    const NAMES: [&str; 2] = ["kernel::entry::syscall_entry", "kernel::foreign::system_call"];
    let Ok(file) = ElfFile64::<LittleEndian>::parse(kernel) else { return Vec::new() };
    let is_entry = |name: &str| NAMES.contains(&plain_name(name).as_str());
    let entries = file.symbols().filter(|symbol| symbol.name().is_ok_and(is_entry));
    entries.map(|symbol| symbol.address()).collect()
}

fn write(arguments: &Arguments, system: &System, timeline: &Timeline) -> Result<(), Failure> {
    // A trace has no maps with keys that JSON does not know: it can always be written.
    let json = serde_json::to_string(&perfetto::trace(&system.report, timeline)).unwrap_or_default() + "\n";
    output::write(arguments.output.as_deref(), &json)
}

fn cannot_write(file: &Path, error: &std::io::Error) -> Failure {
    let complaint = Diagnostic::error(UNWRITABLE, format!("there is no room for two runs: {error}"));
    let source = crate::diagnostic::Source { path: file.into(), text: String::new() };
    Failure { source, diagnostics: complaint.into() }
}
