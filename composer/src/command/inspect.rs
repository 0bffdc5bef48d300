//! `composer inspect`: what a system does, that runs or was dumped.

use std::path::{Path, PathBuf};
use std::time::Duration;

use qemu::debugger::{Debugger, DebuggerError, Door};

use super::build::{self, Examined};
use crate::code::{DUMP, NOT_REACHED, OTHER_SYSTEM};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::inspect::scheduler::Scheduler;
use crate::inspect::state::Blind;
use crate::inspect::types::Types;
use crate::inspect::{Dump, State, Subject, look, text};
use crate::pass::build::{Detail, File};
use crate::temporary::TemporaryDirectory;
use crate::{Failure, LoadOptions, Loaded, load, output, pass};

/// What `inspect` is told.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub struct Arguments {
    /// The graph file
    file: PathBuf,
    #[command(flatten)]
    of: Of,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write it to this file instead of the standard output
    #[arg(short, long, visible_alias = "out", value_name = "FILE")]
    output: Option<PathBuf>,
    /// Keep the dump of a running system in this file
    #[arg(long, value_name = "FILE", requires = "door")]
    keep: Option<PathBuf>,
}

/// Where the system is.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Of {
    /// Look into the machine that `cargo composer run --door SOCKET` runs. It stands still meanwhile, and then goes on
    #[arg(long, value_name = "SOCKET")]
    door: Option<PathBuf>,
    /// Look into a memory dump: an ELF core file, as QEMU's `dump-guest-memory` writes it
    #[arg(long, value_name = "FILE")]
    dump: Option<PathBuf>,
}

impl Arguments {
    /// Whether all that is said is for programs.
    pub fn wants_json(&self) -> bool {
        self.format == Format::Json
    }
}

/// How a state is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// How long the emulator may take for a dump.
const PATIENCE: Duration = Duration::from_secs(120);

/// Says what the system does.
///
/// # Errors
///
/// All complaints about the graph and its images; the machine is not reached; the dump is not one of this system.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = load(&arguments.file, LoadOptions { graph_only: false })?;
    let examined = build::examine(&loaded)?;
    let state = match (&arguments.of.door, &arguments.of.dump) {
        (Some(door), _) => running(&loaded, &examined, door, arguments.keep.as_deref())?,
        (None, Some(dump)) => dumped(&loaded, &examined, dump)?,
        (None, None) => return Ok(()),
    };
    output::write(arguments.output.as_deref(), &render(arguments.format, &state))
}

fn render(format: Format, state: &State) -> String {
    match format {
        Format::Text => text::render(state),
        // A state has no maps with keys that JSON does not know: it can always be written.
        Format::Json => serde_json::to_string_pretty(state).unwrap_or_default() + "\n",
    }
}

fn running(loaded: &Loaded, examined: &Examined, door: &Path, keep: Option<&Path>) -> Result<State, Failure> {
    let place = TemporaryDirectory::create(&std::env::temp_dir(), "composer-inspect-");
    let place = place.map_err(|error| failure(loaded, NOT_REACHED, format!("no room for a dump: {error}")))?;
    let path = keep.map_or_else(|| place.path().join("dump"), Path::to_path_buf);
    dump(door, &path).map_err(|error| {
        let complaint = Diagnostic::error(NOT_REACHED, format!("no dump by {}: {error}", door.display()));
        let complaint = complaint.help("start the system with: cargo composer run --door SOCKET FILE");
        Failure { source: loaded.source.clone(), diagnostics: complaint.into() }
    })?;
    dumped(loaded, examined, &path)
}

/// Has the emulator behind `door` write its memory to `path`.
///
/// # Errors
///
/// It is not reached, or refuses.
pub fn dump(door: &Path, path: &Path) -> Result<(), DebuggerError> {
    let path = std::path::absolute(path).map_err(DebuggerError::Connection)?;
    // Nobody waits for a machine that was not started.
    std::fs::metadata(door).map_err(DebuggerError::Connection)?;
    let mut debugger = Debugger::connect(&Door::new(door), PATIENCE)?;
    let quoted = path.display().to_string().replace('\\', "\\\\").replace('"', "\\\"");
    let said = debugger.monitor(&format!("dump-guest-memory \"{quoted}\""))?;
    debugger.leave()?;
    if said.trim().is_empty() { Ok(()) } else { Err(DebuggerError::Refused(said.trim().into())) }
}

fn dumped(loaded: &Loaded, examined: &Examined, path: &Path) -> Result<State, Failure> {
    let unusable = |why: &dyn std::fmt::Display| {
        let complaint = Diagnostic::error(DUMP, format!("cannot look into {}: {why}", path.display()));
        let complaint = complaint.help("QEMU's monitor writes one by: dump-guest-memory FILE");
        Failure { source: loaded.source.clone(), diagnostics: complaint.into() }
    };
    let other = |what: &str| {
        let message = format!("{what} of {} is not the one of this graph", path.display());
        let complaint = Diagnostic::error(OTHER_SYSTEM, message);
        let complaint = complaint.help("give the graph that was run, and do not change its crates meanwhile");
        Failure { source: loaded.source.clone(), diagnostics: complaint.into() }
    };
    let dump = Dump::open(path).map_err(|error| unusable(&error))?;
    let programs = examined.programs(&loaded.graph);
    let described = describe(loaded, examined)?;
    let schedulers = schedulers(examined, &described);
    let (kernel, report) = (&examined.images.kernel, &examined.report);
    let subject = Subject { kernel, programs: &programs, report, schedulers: &schedulers };
    look(&subject, dump).map_err(|blind| match blind {
        Blind::NotUp => unusable(&"the kernel has not come up there"),
        Blind::NoPlaces => failure(loaded, OTHER_SYSTEM, "the kernel's file does not say where things are".into()),
        Blind::OtherKernel => other("the kernel"),
        Blind::OtherComponent(name) => other(&format!("`{name}`")),
    })
}

/// The images of the schedulers, by their places in the report, with all that is known of their types.
fn describe(loaded: &Loaded, examined: &Examined) -> Result<Vec<(usize, File)>, Failure> {
    let components = &examined.report.components;
    let schedules = |name: &str| {
        components.iter().filter_map(|other| other.scheduling.as_ref()).any(|other| other.scheduler == name)
    };
    let mut found = Diagnostics::default();
    let described = loaded.located.iter().flat_map(|located| {
        let schedulers = components.iter().enumerate().filter(|(_, component)| schedules(&component.name));
        schedulers
            .filter_map(|(at, _)| {
                Some((at, pass::build::build_one(&loaded.graph, located, at, Detail::Types, &mut found)?))
            })
            .collect::<Vec<_>>()
    });
    let described = described.collect();
    if found.has_errors() {
        return Err(Failure { source: loaded.source.clone(), diagnostics: found });
    }
    Ok(described)
}

fn schedulers<'e>(examined: &'e Examined, described: &'e [(usize, File)]) -> Vec<Scheduler<'e>> {
    let schedulers = described.iter().filter_map(|(at, file)| {
        let (component, elf) = (examined.report.components.get(*at)?, examined.images.components.get(*at)?);
        let (types, shift) = (Types::read(file)?, *examined.shifts.get(*at)?);
        Some(Scheduler { name: &component.name, elf, shift, types })
    });
    schedulers.collect()
}

fn failure(loaded: &Loaded, code: &'static str, message: String) -> Failure {
    Failure { source: loaded.source.clone(), diagnostics: Diagnostic::error(code, message).into() }
}
