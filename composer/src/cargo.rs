//! What cargo says, as far as it matters here: of a workspace, and of what it builds.
//!
//! Read with the composer's own types: a crate that reads all of it brings its own dependencies, and one of them would
//! turn on the standard library in a crate that the kernel is built with, too.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::fresh::{self, Inputs};

/// A workspace.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Workspace {
    /// Its directory.
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target_directory: PathBuf,
    /// Its members.
    pub packages: Vec<Package>,
}

/// A package.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its manifest.
    pub manifest_path: PathBuf,
    /// What is built from it.
    pub targets: Vec<Target>,
}

/// Something that is built from a package.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    kind: Vec<String>,
}

impl Package {
    /// The names of its binaries.
    pub fn binaries(&self) -> impl Iterator<Item = &str> {
        let is_binary = |target: &&Target| target.kind.iter().any(|kind| kind == "bin");
        self.targets.iter().filter(is_binary).map(|target| target.name.as_str())
    }
}

/// The cargo that runs this program, or the one that is installed.
pub fn command() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The workspace that `manifest` belongs to, as cargo told before if nothing has changed since.
///
/// # Errors
///
/// What cargo complains of.
pub fn describe(manifest: &Path) -> Result<Workspace, String> {
    let variables: Vec<_> = fresh::cargo_variables().collect();
    let here = std::env::current_dir().unwrap_or_default();
    let question = format!("workspace of {} in {} by {variables:?}", manifest.display(), here.display());
    if let Some(told) = target_directories(manifest, &here).find_map(|it| fresh::recall(&kept_in(&it), &question)) {
        return Ok(told);
    }
    let asked = SystemTime::now();
    let workspace = ask(manifest)?;
    fresh::keep(&kept_in(&workspace.target_directory), &question, asked, told_by(&workspace, &here), &workspace);
    Ok(workspace)
}

/// Where what was found out is kept, in a target directory.
pub fn kept_in(target: &Path) -> PathBuf {
    target.join("image/fresh")
}

/// Where cargo may have put what it built: whether it did is told by what lies there.
fn target_directories(manifest: &Path, here: &Path) -> impl Iterator<Item = PathBuf> {
    let said = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"].into_iter().filter_map(std::env::var_os);
    let said: Vec<_> = said.map(|directory| here.join(directory)).collect();
    let manifest = here.join(manifest);
    let usual: Vec<_> = manifest.ancestors().skip(1).map(|directory| directory.join("target")).collect();
    said.into_iter().chain(usual)
}

/// What cargo looks at to describe a workspace: manifests, and where there could be members and targets.
fn told_by(workspace: &Workspace, here: &Path) -> Inputs {
    let mut inputs = Inputs::default();
    inputs.files.extend(fresh::toolchain(here));
    inputs.files.extend([workspace.root.join("Cargo.toml"), workspace.root.clone()]);
    for package in &workspace.packages {
        let Some(directory) = package.manifest_path.parent() else { continue };
        inputs.files.extend([package.manifest_path.clone(), directory.to_owned()]);
        inputs.files.extend(["src", "src/bin", "build.rs"].map(|name| directory.join(name)));
        inputs.files.extend(directory.parent().map(Path::to_owned));
    }
    inputs
}

fn ask(manifest: &Path) -> Result<Workspace, String> {
    let mut cargo = command();
    cargo.args(["metadata", "--format-version=1", "--no-deps", "--offline", "--manifest-path"]).arg(manifest);
    let output = cargo.stdin(Stdio::null()).output().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        let complaints = String::from_utf8_lossy(&output.stderr);
        return Err(complaints.trim().trim_start_matches("error: ").to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("cargo says what it never said before: {error}"))
}

/// A message of a build with `--message-format=json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Message {
    /// Something was built.
    CompilerArtifact(Artifact),
    /// The compiler has something to say.
    CompilerMessage(Remark),
    /// Anything else.
    #[serde(other)]
    Other,
}

/// What was built.
#[derive(Clone, Debug, Deserialize)]
pub struct Artifact {
    /// Cargo's identifier of the package.
    pub package_id: String,
    /// What of the package it is.
    pub target: Target,
    /// The file, if it is a program.
    pub executable: Option<PathBuf>,
}

/// What the compiler says of a package.
#[derive(Clone, Debug, Deserialize)]
pub struct Remark {
    /// Cargo's identifier of the package.
    pub package_id: String,
    /// What of the package it is about.
    pub target: Target,
    message: CompilerMessage,
}

#[derive(Clone, Debug, Deserialize)]
struct CompilerMessage {
    message: String,
    rendered: Option<String>,
    level: String,
}

impl Remark {
    /// As the compiler would have printed it.
    pub fn text(&self) -> &str {
        self.message.rendered.as_deref().unwrap_or(&self.message.message)
    }

    /// Whether it keeps the package from being built.
    pub fn is_error(&self) -> bool {
        self.message.level.starts_with("error")
    }
}

/// The messages of a build, as they come; what is none, as a build script may print, is left out.
pub fn messages(output: impl Read) -> impl Iterator<Item = Message> {
    let lines = BufReader::new(output).lines().map_while(Result::ok);
    lines.filter_map(|line| serde_json::from_str(&line).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_package_has_its_binary() {
        let workspace = describe(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
        let composer = workspace.packages.iter().find(|package| package.name == "composer").unwrap();
        assert_eq!(composer.binaries().collect::<Vec<_>>(), ["composer"]);
        assert!(composer.manifest_path.starts_with(&workspace.root));
    }

    #[test]
    fn complaints_are_cargos_own() {
        let complaint = describe(Path::new("/nowhere/Cargo.toml")).unwrap_err();
        assert!(complaint.starts_with("manifest path `/nowhere/Cargo.toml` does not exist"), "{complaint}");
    }

    #[test]
    fn messages_are_told_apart() {
        let target = r#""package_id":"path+file:///a#0.1.0","target":{"name":"a","kind":["bin"]}"#;
        let output = format!(
            "a build script's words\n\
             {{\"reason\":\"compiler-artifact\",{target},\"executable\":\"/a/b\",\"fresh\":true}}\n\
             {{\"reason\":\"compiler-message\",{target},\"message\":{{\"message\":\"m\",\"rendered\":null,\"level\":\"error\"}}}}\n\
             {{\"reason\":\"build-finished\",\"success\":false}}\n"
        );
        let messages: Vec<_> = messages(output.as_bytes()).collect();
        let [Message::CompilerArtifact(artifact), Message::CompilerMessage(remark), Message::Other] = &messages[..]
        else {
            panic!("{messages:?}")
        };
        assert_eq!(artifact.executable.as_deref(), Some(Path::new("/a/b")));
        assert_eq!((remark.text(), remark.is_error(), remark.target.name.as_str()), ("m", true, "a"));
    }
}
