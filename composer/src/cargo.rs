//! What cargo says, as far as it matters here: of a workspace, and of what it builds.
//!
//! Read with the composer's own types: a crate that reads all of it brings its own dependencies, and one of them would
//! turn on the standard library in a crate that the kernel is built with, too.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

/// A workspace.
#[derive(Clone, Debug, Deserialize)]
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
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its manifest.
    pub manifest_path: PathBuf,
    /// What is built from it.
    pub targets: Vec<Target>,
}

/// Something that is built from a package.
#[derive(Clone, Debug, Deserialize)]
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

/// The workspace that `manifest` belongs to.
///
/// # Errors
///
/// What cargo complains of.
pub fn describe(manifest: &Path) -> Result<Workspace, String> {
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
