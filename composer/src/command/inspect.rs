//! `composer inspect`: what a system does, that runs or was dumped.

use std::path::{Path, PathBuf};
use std::time::Duration;

use qemu::debugger::{Debugger, DebuggerError, Door};

use super::build::{self, Examined};
use crate::code::{DUMP, NOT_REACHED, OTHER_SYSTEM};
use crate::diagnostic::Diagnostic;
use crate::inspect::state::Blind;
use crate::inspect::{Dump, State, Subject, look, text};
use crate::temporary::TemporaryDirectory;
use crate::{Failure, LoadOptions, Loaded, load, output};

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
    let subject = Subject { kernel: &examined.images.kernel, programs: &programs, report: &examined.report };
    look(&subject, dump).map_err(|blind| match blind {
        Blind::NotUp => unusable(&"the kernel has not come up there"),
        Blind::NoPlaces => failure(loaded, OTHER_SYSTEM, "the kernel's file does not say where things are".into()),
        Blind::OtherKernel => other("the kernel"),
        Blind::OtherComponent(name) => other(&format!("`{name}`")),
    })
}

fn failure(loaded: &Loaded, code: &'static str, message: String) -> Failure {
    Failure { source: loaded.source.clone(), diagnostics: Diagnostic::error(code, message).into() }
}
