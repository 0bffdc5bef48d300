//! Building the images: one run of cargo for each workspace that has some.
//!
//! Images are built apart from what plain `cargo build` builds: with a target directory and a profile of their own.
//! Both are given on the command line, so that a user's workspace need not know of them.

mod inputs;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::SystemTime;

use crate::cargo::{Message, kept_in, messages};
use crate::code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::fresh;
use crate::graph::{Component, Graph};
use crate::locate::{Binary, Located};
use crate::progress::Progress;

/// The ELF files.
#[derive(Clone, Debug)]
pub struct Images {
    /// The kernel.
    pub kernel: File,
    /// The components' images, in the order of [`Graph::components`]: one file for all instances of an image.
    pub components: Vec<File>,
}

/// An ELF file's bytes.
pub type File = Arc<Vec<u8>>;

/// Images run on the host's own target: the toolchain of every Rust user has it.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The profiles, complete but for [`Detail`], so that a workspace's own `release` has no say.
const PROFILE: [&str; 7] = [
    "inherits=\"release\"",
    "panic=\"abort\"",
    "lto=\"fat\"",
    "codegen-units=1",
    "opt-level=3",
    "strip=\"none\"",
    "incremental=false",
];

/// How much an image tells of its source. The compiler sees no more than that in it, and yet its code may lie elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Which line each instruction is of: what boots.
    Lines,
    /// Of variables and types, too: what debuggers read.
    Types,
}

impl Detail {
    /// The profile: each has files of its own.
    const fn profile(self) -> &'static str {
        match self {
            Self::Lines => "image",
            Self::Types => "image-with-types",
        }
    }

    fn settings(self) -> impl Iterator<Item = &'static str> {
        let debug = match self {
            Self::Lines => "debug=\"line-tables-only\"",
            Self::Types => "debug=\"full\"",
        };
        PROFILE.into_iter().chain([debug])
    }
}

/// Builds everything. `None` if something does not build.
pub fn build(graph: &Graph, located: &Located, detail: Detail, found: &mut Diagnostics) -> Option<Images> {
    let all = std::iter::once(&located.kernel).chain(&located.components);
    let built = build_all(graph, located, by_workspace(all), detail, found);
    let image = |binary: &Binary| built.get(&key(binary)).cloned();
    let components: Option<Vec<_>> = located.components.iter().map(image).collect();
    Some(Images { kernel: image(&located.kernel)?, components: components? })
}

/// Builds the image of one component, by its place in [`Graph::components`]. `None` if it does not build.
pub fn build_one(
    graph: &Graph,
    located: &Located,
    component: usize,
    detail: Detail,
    found: &mut Diagnostics,
) -> Option<File> {
    let binary = located.components.get(component)?;
    build_all(graph, located, by_workspace([binary]), detail, found).remove(&key(binary))
}

fn build_all(
    graph: &Graph,
    located: &Located,
    wanted: BTreeMap<PathBuf, Vec<&Binary>>,
    detail: Detail,
    found: &mut Diagnostics,
) -> BTreeMap<Key, File> {
    let mut built = BTreeMap::new();
    for (workspace, binaries) in wanted {
        if let Some(files) = built_before(&workspace, &binaries, detail) {
            built.extend(files);
            continue;
        }
        let progress = Progress::start(&format!("building {}", names(&binaries)));
        match run_cargo(&workspace, &binaries, detail, &progress) {
            Ok(files) => built.extend(files),
            Err(failure) => report(graph, located, &workspace, &failure, found),
        }
        progress.finish();
    }
    built
}

type Key = (PathBuf, String, String);

fn key(binary: &Binary) -> Key {
    (binary.workspace.clone(), binary.package.clone(), binary.name.clone())
}

fn by_workspace<'l>(all: impl IntoIterator<Item = &'l Binary>) -> BTreeMap<PathBuf, Vec<&'l Binary>> {
    let mut workspaces: BTreeMap<PathBuf, Vec<&Binary>> = BTreeMap::new();
    for binary in all {
        let binaries = workspaces.entry(binary.workspace.clone()).or_default();
        if !binaries.contains(&binary) {
            binaries.push(binary);
        }
    }
    workspaces
}

fn names(binaries: &[&Binary]) -> String {
    binaries.iter().map(|binary| binary.package.as_str()).collect::<Vec<_>>().join(", ")
}

/// What was built before, if cargo would find nothing to do.
fn built_before(workspace: &Path, binaries: &[&Binary], detail: Detail) -> Option<Vec<(Key, File)>> {
    let directory = kept_in(&binaries.first()?.target);
    let programs: Vec<PathBuf> = fresh::recall(&directory, &question(workspace, binaries, detail))?;
    // Whoever builds at the same time puts whole programs in the place of these.
    let read = |(binary, program): (&&Binary, &PathBuf)| Some((key(binary), Arc::new(std::fs::read(program).ok()?)));
    binaries.iter().zip(&programs).map(read).collect()
}

fn keep(workspace: &Path, binaries: &[&Binary], detail: Detail, asked: SystemTime, outcome: &Outcome) {
    let programs: Option<Vec<_>> = binaries.iter().map(|binary| outcome.program(binary)).collect();
    // What the compiler remarks is to be read each time.
    let (Some(programs), Some(first), false) = (programs, binaries.first(), outcome.has_remarks) else { return };
    if let Some(inputs) = inputs::of(workspace, &programs) {
        fresh::keep(&kept_in(&first.target), &question(workspace, binaries, detail), asked, inputs, programs);
    }
}

/// All that cargo is told.
fn question(workspace: &Path, binaries: &[&Binary], detail: Detail) -> String {
    let names: Vec<_> = binaries.iter().map(|binary| (&binary.package, &binary.name)).collect();
    let variables: Vec<_> = fresh::cargo_variables().collect();
    let (flags, settings): (_, Vec<_>) = (flags(workspace), detail.settings().collect());
    format!("images {names:?} of {} with {flags:?} {settings:?} {TARGET} by {variables:?}", workspace.display())
}

/// Why a run of cargo failed.
struct BuildFailure {
    /// Packages with errors of the compiler.
    packages: Vec<String>,
    /// What else cargo said.
    remarks: String,
}

impl From<std::io::Error> for BuildFailure {
    fn from(error: std::io::Error) -> Self {
        Self { packages: Vec::new(), remarks: format!("cannot run cargo: {error}") }
    }
}

fn run_cargo(
    workspace: &Path,
    binaries: &[&Binary],
    detail: Detail,
    progress: &Progress,
) -> Result<Vec<(Key, File)>, BuildFailure> {
    let asked = SystemTime::now();
    let mut cargo = command(workspace, binaries, detail).spawn()?;
    let errors = cargo.stderr.take();
    let messages = cargo.stdout.take();
    let (outcome, remarks) = std::thread::scope(|scope| {
        let listener = scope.spawn(|| errors.map(|errors| listen(errors, progress)).unwrap_or_default());
        let outcome = messages.map(|messages| read_messages(messages, progress)).unwrap_or_default();
        (outcome, listener.join().unwrap_or_default())
    });
    if !cargo.wait()?.success() {
        return Err(BuildFailure { packages: outcome.failed, remarks });
    }
    let files = binaries.iter().map(|binary| Ok((key(binary), outcome.read(binary)?))).collect();
    keep(workspace, binaries, detail, asked, &outcome);
    files
}

fn command(workspace: &Path, binaries: &[&Binary], detail: Detail) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let profile = detail.profile();
    command.current_dir(workspace).args(["build", "--profile", profile, "--target", TARGET]);
    for setting in detail.settings() {
        command.args(["--config", &format!("profile.{profile}.{setting}")]);
    }
    let style = if std::io::stderr().is_terminal() { "json-diagnostic-rendered-ansi" } else { "json" };
    command.arg(format!("--message-format={style}"));
    for binary in binaries {
        command.args(["--package", &binary.package, "--bin", &binary.name]);
    }
    if let Some(binary) = binaries.first() {
        command.arg("--target-dir").arg(binary.target.join("image"));
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags(workspace));
    for variable in ["RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The compiler's flags, separated as cargo wants them.
///
/// No red zone, because a fault runs the kernel on the interrupted stack's core; no frame pointers, for speed; and no
/// path of this machine in what is built, so that the same sources give the same bytes everywhere.
fn flags(workspace: &Path) -> OsString {
    let mut flags = OsString::from("-Cno-redzone=yes\x1f-Cforce-frame-pointers=no\x1f--remap-path-scope=object");
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let tessera = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    // The last match counts, so the most specific comes last.
    for (from, to) in [(home.as_deref(), "/cargo"), (tessera, "/tessera"), (Some(workspace), "/workspace")] {
        if let Some(from) = from {
            flags.push("\x1f--remap-path-prefix=");
            flags.push(from);
            flags.push("=");
            flags.push(to);
        }
    }
    flags
}

/// What cargo's messages said.
#[derive(Default)]
struct Outcome {
    executables: Vec<(String, String, PathBuf)>,
    failed: Vec<String>,
    has_remarks: bool,
}

impl Outcome {
    fn program(&self, binary: &Binary) -> Option<PathBuf> {
        let ours = |(package, name, _): &&(String, String, PathBuf)| *package == binary.package && *name == binary.name;
        self.executables.iter().find(ours).map(|(_, _, path)| path.clone())
    }

    fn read(&self, binary: &Binary) -> Result<File, BuildFailure> {
        match self.program(binary) {
            Some(path) => Ok(Arc::new(std::fs::read(path)?)),
            None => Err(BuildFailure {
                packages: vec![binary.package.clone()],
                remarks: "cargo built no executable".into(),
            }),
        }
    }
}

fn read_messages(output: impl std::io::Read, progress: &Progress) -> Outcome {
    let mut outcome = Outcome::default();
    for message in messages(output) {
        match message {
            Message::CompilerArtifact(artifact) => {
                if let Some(executable) = artifact.executable {
                    let package = package_name(&artifact.package_id, &artifact.target.name);
                    outcome.executables.push((package, artifact.target.name, executable));
                }
            }
            Message::CompilerMessage(remark) => {
                outcome.has_remarks = true;
                progress.print(remark.text());
                if remark.is_error() {
                    let package = package_name(&remark.package_id, &remark.target.name);
                    if !outcome.failed.contains(&package) {
                        outcome.failed.push(package);
                    }
                }
            }
            Message::Other => {}
        }
    }
    outcome
}

/// The package's name from cargo's package identifier: `path+file:///a/ping#0.1.0` or `path+file:///a/b#ping@0.1.0`.
fn package_name(identifier: &str, fallback: &str) -> String {
    let Some((place, rest)) = identifier.rsplit_once('#') else { return fallback.to_owned() };
    match rest.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => place.rsplit('/').next().unwrap_or(fallback).to_owned(),
    }
}

/// Shows what cargo does, and returns what else it says.
fn listen(errors: impl std::io::Read, progress: &Progress) -> String {
    let mut remarks = String::new();
    for line in BufReader::new(errors).lines().map_while(Result::ok) {
        match status(&line) {
            Some(status) => progress.say(status),
            None => {
                remarks += &line;
                remarks.push('\n');
            }
        }
    }
    remarks
}

/// A line of cargo's that only tells how far it is: a right-aligned verb and what it is about.
fn status(line: &str) -> Option<&str> {
    let text = line.trim_start();
    let verb = text.split(' ').next()?;
    let known = ["Compiling", "Finished", "Blocking", "Updating", "Downloading", "Downloaded", "Locking", "Adding"];
    (line.starts_with(' ') && known.contains(&verb)).then_some(text)
}

fn report(graph: &Graph, located: &Located, workspace: &Path, failure: &BuildFailure, found: &mut Diagnostics) {
    let before = found.errors();
    for package in &failure.packages {
        let ours = |binary: &Binary| binary.workspace == workspace && binary.package == *package;
        let components = graph.components.iter().zip(&located.components);
        let users: Vec<_> = components.filter(|(_, binary)| ours(binary)).map(|(component, _)| component).collect();
        if !users.is_empty() {
            found.push(broken(package, &users));
        }
    }
    if found.errors() == before {
        let packages = failure.packages.join(", ");
        let what =
            if packages.is_empty() { "the images do not build".into() } else { format!("{packages} does not build") };
        found.push(Diagnostic::error(code::BUILD_FAILED, what).maybe_help(last_words(&failure.remarks)));
    }
}

/// A crate that does not build, and all components whose image it has.
fn broken(package: &str, users: &[&Component]) -> Diagnostic {
    let complaint = Diagnostic::error(code::BUILD_FAILED, format!("the component crate `{package}` does not build"));
    let complaint = users.iter().fold(complaint, |complaint, component| {
        complaint.label(&component.img.span, format!("the image of `{}`", component.name.value))
    });
    complaint.help("the compiler's errors are above")
}

fn last_words(remarks: &str) -> Option<String> {
    let words = remarks.trim();
    (!words.is_empty()).then(|| words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_by_its_identifier() {
        assert_eq!(package_name("path+file:///a/ping#0.1.0", "x"), "ping");
        assert_eq!(package_name("path+file:///a/b#ping@0.1.0", "x"), "ping");
        assert_eq!(package_name("registry+https://example.org/index#log@0.4.0", "x"), "log");
        assert_eq!(package_name("ping", "x"), "x");
    }

    /// Cargo is asked once for an image, however many components have it, and they share the one file.
    #[test]
    fn an_image_is_compiled_once_for_all_its_instances() {
        let binary = |name: &str| Binary {
            workspace: "/w".into(),
            target: "/w/target".into(),
            package: name.into(),
            name: name.into(),
        };
        let all: Vec<Binary> = (0..256).map(|at| binary(if at % 2 == 0 { "ping" } else { "pong" })).collect();
        let wanted = by_workspace(&all);
        let arguments: Vec<_> = command(Path::new("/w"), &wanted[Path::new("/w")], Detail::Lines)
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned())
            .collect();
        let binaries: Vec<_> = arguments.windows(2).filter(|two| two[0] == "--bin").map(|two| &two[1]).collect();
        assert_eq!(binaries, ["ping", "pong"]);
    }

    #[test]
    fn progress_is_told_from_errors() {
        assert_eq!(status("   Compiling ping v0.1.0 (/a)"), Some("Compiling ping v0.1.0 (/a)"));
        assert_eq!(status("error: no such package"), None);
        assert_eq!(status("  note: see Compiling"), None);
    }

    fn package(directory: &Path, name: &str, source: &str) -> Binary {
        std::fs::create_dir_all(directory.join("src")).unwrap();
        std::fs::write(directory.join("src/main.rs"), source).unwrap();
        let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n[workspace]\n");
        std::fs::write(directory.join("Cargo.toml"), manifest).unwrap();
        let target = directory.join("target");
        Binary { workspace: directory.into(), target, package: name.into(), name: name.into() }
    }

    fn built(binary: &Binary) -> Result<Vec<(Key, File)>, BuildFailure> {
        let progress = Progress::start("building a test");
        let result = run_cargo(&binary.workspace, &[binary], Detail::Lines, &progress);
        progress.finish();
        result
    }

    #[test]
    fn a_workspace_needs_no_profile_and_its_path_is_not_in_the_image() {
        let place = temp_dir::TempDir::new().unwrap();
        let binary =
            package(place.path(), "sound", "fn main() { assert_eq!(std::env::args().count(), 1, \"{}\", file!()) }");
        let Ok(files) = built(&binary) else { panic!("it does not build") };
        assert_eq!(files[0].0, key(&binary));
        assert!(files[0].1.starts_with(b"\x7fELF"));
        let path = place.path().to_str().unwrap().as_bytes();
        assert!(!files[0].1.windows(path.len()).any(|window| window == path));
    }

    /// Longer than a file system's clock lags behind.
    fn wait() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }

    #[test]
    fn what_has_not_changed_is_not_built_again_and_what_has_is() {
        let place = temp_dir::TempDir::new().unwrap();
        let program = |text: &str| package(place.path(), "sound", &format!("fn main() {{ println!(\"{text}\") }}"));
        let binary = program("one");
        let before = || built_before(&binary.workspace, &[&binary], Detail::Lines);
        assert!(before().is_none(), "nothing was built");
        wait();
        // The first build makes a lock file, and so changes what it depends on.
        assert!(built(&binary).is_ok());
        wait();
        let Ok(one) = built(&binary) else { panic!("it does not build") };
        assert_eq!(before().unwrap(), one);
        wait();
        program("two");
        assert!(before().is_none(), "its source has changed");
        wait();
        let Ok(two) = built(&binary) else { panic!("it does not build") };
        assert!(one != two && before().unwrap() == two);
        std::fs::write(place.path().join("build.rs"), "fn main() {}").unwrap();
        assert!(before().is_none(), "it has a build script now");
    }

    #[test]
    fn remarks_of_the_compiler_are_shown_each_time() {
        let place = temp_dir::TempDir::new().unwrap();
        let binary = package(place.path(), "careless", "fn main() {} fn unused() {}");
        wait();
        assert!(built(&binary).is_ok());
        assert!(built_before(&binary.workspace, &[&binary], Detail::Lines).is_none());
    }

    #[test]
    fn the_package_that_does_not_build_is_named() {
        let place = temp_dir::TempDir::new().unwrap();
        let binary = package(place.path(), "broken", "fn main() { 1 }");
        let Err(failure) = built(&binary) else { panic!("it builds") };
        assert_eq!(failure.packages, ["broken"]);
    }

    #[test]
    fn what_cargo_says_is_kept() {
        let place = temp_dir::TempDir::new().unwrap();
        let binary = Binary { package: "other".into(), ..package(place.path(), "sound", "fn main() {}") };
        let Err(failure) = built(&binary) else { panic!("it builds") };
        assert!(failure.packages.is_empty());
        assert!(failure.remarks.contains("`other`"), "{}", failure.remarks);
    }
}
