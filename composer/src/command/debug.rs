//! `composer debug`: gdb at a component, with its symbols and the kernel's where they are in memory.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use qemu::debugger::{Debugger, Door};
use qemu::{Machine, Session};

use super::build::{self, System};
use super::explain::find;
use super::run::Outcome;
use crate::code::{OTHER_SYSTEM, UNWRITABLE};
use crate::diagnostic::{Diagnostic, Source};
use crate::gdb::Script;
use crate::inspect::subject::places;
use crate::pass::build::Detail;
use crate::temporary::TemporaryDirectory;
use crate::{Failure, LoadOptions, load, print};

/// What `debug` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The graph file
    file: PathBuf,
    /// The component: the system runs until that is about to execute its first instruction
    component: String,
    /// What gdb is told besides, such as: -batch -ex backtrace
    #[arg(last = true, value_name = "GDB'S ARGUMENTS")]
    more: Vec<OsString>,
}

/// A system that somebody debugs is not stopped by a clock.
const DAY: Duration = Duration::from_secs(86_400);

/// How long the emulator may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Composes the system, starts it behind a door, and runs gdb there.
///
/// # Errors
///
/// All complaints about the graph and its images; there is no such component; there is no room for the files that gdb reads.
pub fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let Some(gdb) = qemu::process::find("gdb") else {
        print::remark(format_args!("debug: `gdb` is not installed; to install it, type:"));
        print::remark(format_args!("    sudo apt-get install --no-install-recommends gdb"));
        return Ok(Outcome::NoResult);
    };
    // Who has misspelt the component need not wait for the images.
    find(&load(&arguments.file, LoadOptions { graph_only: true })?, &arguments.component)?;
    let place = TemporaryDirectory::create(&std::env::temp_dir(), "composer-debug-");
    let place = place.map_err(|error| no_room(&arguments.file, &error))?;
    let composed = build::Arguments { file: arguments.file.clone(), output: Some(place.path().join("system")) };
    let system = build::compose_with(&composed, Detail::Types)?;
    let component = find(&system.loaded, &arguments.component)?;
    let script = write_files(&system, component, place.path())?;
    let status = debug(&gdb, &system, &script, &arguments.more, place.path());
    match status.map_err(|error| no_room(&arguments.file, &error))? {
        true => Ok(Outcome::AsDeclared),
        false => Ok(Outcome::NoResult),
    }
}

fn door(place: &Path) -> Door {
    Door::new(place.join("door"))
}

/// Writes the files that gdb reads, and answers where its commands are.
fn write_files(system: &System, component: usize, place: &Path) -> Result<PathBuf, Failure> {
    let (Some(places), Some(described)) = (places(&system.images.kernel), system.report.components.get(component))
    else {
        let message = "the kernel's file does not say where things are";
        let diagnostics = Diagnostic::error(OTHER_SYSTEM, message).into();
        return Err(Failure { source: system.loaded.source.clone(), diagnostics });
    };
    let script = Script {
        component: &described.name,
        // The booter, component 0, has number 1.
        descriptor: places.descriptors + logic::component::DESCRIPTOR_BYTES * (described.index as u64 + 1),
        start: described.entry,
        kernel: &place.join("kernel"),
        image: &place.join("image"),
        shift: system.shifts.get(component).copied().unwrap_or(0),
        door: &place.join("door"),
    };
    let image = system.images.components.get(component).map_or(&[][..], |image| image);
    let commands = place.join("commands");
    let files = [(script.kernel, &system.images.kernel[..]), (script.image, image)];
    let written = files.into_iter().try_for_each(|(path, bytes)| std::fs::write(path, bytes));
    let written = written.and_then(|()| std::fs::write(&commands, script.to_string()));
    written.map(|()| commands).map_err(|error| no_room(&system.loaded.source.path, &error))
}

/// Runs gdb until whoever sits there has enough. Answers whether it ended well.
fn debug(gdb: &Path, system: &System, script: &Path, more: &[OsString], place: &Path) -> io::Result<bool> {
    let session = Session::new(machine(system, place)).timeout(DAY);
    let run = std::thread::spawn(move || session.run(&mut io::stdout()));
    // It opens the door before it does anything else.
    while !place.join("door").exists() && !run.is_finished() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let status = Command::new(gdb).args(["-q", "-x"]).arg(script).args(more).status();
    // Most of the time gdb has ended it.
    if !run.is_finished() {
        let _ = Debugger::connect(&door(place), PATIENCE).and_then(Debugger::kill);
    }
    let _ = run.join();
    status.map(|status| status.success())
}

fn machine(system: &System, place: &Path) -> Machine {
    let wanted = &system.loaded.graph.machine;
    let machine = Machine::new(system.kernel(), system.bundle()).extra(door(place).arguments());
    machine.processors(wanted.smp).memory(wanted.memory).counts_instructions(wanted.icount)
}

fn no_room(file: &Path, error: &io::Error) -> Failure {
    let complaint = Diagnostic::error(UNWRITABLE, format!("cannot run gdb on it: {error}"));
    Failure { source: Source { path: file.into(), text: String::new() }, diagnostics: complaint.into() }
}
