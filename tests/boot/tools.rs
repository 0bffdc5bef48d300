//! What the trials work with: the composer's program, files of this repository, and directories of their own.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;

use composer::cargo::{Message, messages};
use composer::temporary::TemporaryDirectory;
use libtest_mimic::{Failed, Trial};

/// What a trial's function returns.
pub type Outcome = Result<(), Failed>;

/// A trial named `module::function`.
pub fn trial(name: &str, function: impl FnOnce() -> Outcome + Send + 'static) -> Trial {
    Trial::test(name, function)
}

/// Makes a trial of each function, named like it behind the name of the module.
macro_rules! trials {
    ($module:literal: $($function:ident)*) => {
        vec![$($crate::tools::trial(concat!($module, "::", stringify!($function)), $function)),*]
    };
}
pub(crate) use trials;

/// A failure with a message, unless `condition` holds.
pub fn ensure(condition: bool, message: impl FnOnce() -> String) -> Outcome {
    if condition { Ok(()) } else { Err(message().into()) }
}

/// The root of this repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/"))
}

/// A fresh directory that goes away with the result.
///
/// # Errors
///
/// The file system's.
pub fn scratch() -> std::io::Result<TemporaryDirectory> {
    TemporaryDirectory::create(Path::new(env!("CARGO_TARGET_TMPDIR")), "boot-")
}

/// The cargo that runs these tests.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).stdin(Stdio::null());
    cargo
}

/// The composer's program, built if need be; once in a process.
///
/// # Errors
///
/// It does not build.
pub fn composer() -> Result<&'static Path, Failed> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match PROGRAM.get_or_init(build_composer) {
        Ok(program) => Ok(program),
        Err(why) => Err(why.into()),
    }
}

fn build_composer() -> Result<PathBuf, String> {
    let arguments = ["build", "--quiet", "--package", "composer", "--message-format=json-render-diagnostics"];
    let output = cargo().args(arguments).output().map_err(|error| error.to_string())?;
    let executables = messages(output.stdout.as_slice()).filter_map(|message| match message {
        Message::CompilerArtifact(artifact) => artifact.executable,
        _ => None,
    });
    let program = executables.last();
    program.ok_or_else(|| format!("the composer does not build:\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// A run of a program that is over.
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub output: String,
    /// What it complained of.
    pub errors: String,
}

impl Finished {
    /// Fails unless it ended with `status`.
    pub fn expect_status(self, status: i32) -> Result<Self, Failed> {
        if self.status.code() == Some(status) {
            Ok(self)
        } else {
            Err(self.explain(&format!("expected exit status {status}")))
        }
    }

    /// Fails unless one of the two streams has `text`.
    pub fn expect_text(self, text: &str) -> Result<Self, Failed> {
        if self.output.contains(text) || self.errors.contains(text) {
            return Ok(self);
        }
        Err(self.explain(&format!("expected `{text}`")))
    }

    /// All that there is to know, behind what is wrong with it.
    pub fn explain(&self, what: &str) -> Failed {
        let mut text = format!("{what}, but the program ended with {}", self.status);
        for (name, stream) in [("it printed", &self.output), ("it complained", &self.errors)] {
            let _ = write!(text, "\n--- {name}:\n{stream}");
        }
        text.into()
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { status: output.status, output: text(&output.stdout), errors: text(&output.stderr) }
    }
}

/// Runs `command` to its end.
///
/// # Errors
///
/// It cannot be started.
pub fn finish(command: &mut Command) -> Result<Finished, Failed> {
    Ok(command.stdin(Stdio::null()).output()?.into())
}

/// A command of the composer, on what `subcommand` says, that writes to `output`.
///
/// # Errors
///
/// The composer does not build.
pub fn compose(subcommand: &str, graph: &Path, output: &Path) -> Result<Command, Failed> {
    let mut command = Command::new(composer()?);
    command.current_dir(root()).arg(subcommand).arg(graph);
    command.args([OsStr::new("--output"), output.as_os_str()]);
    Ok(command)
}

/// The files in `directory` whose names end with `extension`, in order.
///
/// # Errors
///
/// The file system's.
pub fn files(directory: &Path, extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let entries: Result<Vec<_>, _> =
        std::fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut files: Vec<_> = entries?.into_iter().filter(|path| path.extension() == Some(extension.as_ref())).collect();
    files.sort();
    Ok(files)
}

/// A search path with every program of the present one but those whose name starts with `prefix`, made in `directory`.
///
/// # Errors
///
/// The file system's.
pub fn path_without(prefix: &str, directory: &Path) -> std::io::Result<PathBuf> {
    std::fs::create_dir(directory)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = std::env::split_paths(&path).filter_map(|place| std::fs::read_dir(place).ok()).flatten().flatten();
    for program in programs.filter(|program| !program.file_name().to_string_lossy().starts_with(prefix)) {
        // The first of a name counts.
        let _ = symlink(program.path(), directory.join(program.file_name()));
    }
    Ok(directory.into())
}
