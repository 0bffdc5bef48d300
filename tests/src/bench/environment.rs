//! What figures depend on.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::error::BenchError;

/// What figures depend on besides the code that is measured. Those of one key can be compared to the instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The compiler.
    pub rustc: String,
    /// How it optimises.
    #[serde(default)]
    pub profile: String,
    /// The emulator.
    pub qemu: String,
    /// The processor under emulation.
    pub cpu: String,
}

impl Key {
    /// That of this machine.
    ///
    /// # Errors
    ///
    /// [`BenchError::Build`] without an emulator.
    pub fn here() -> Result<Self, BenchError> {
        let emulator = qemu::Emulator::find().map_err(|missing| BenchError::Build(missing.to_string()))?;
        let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
        Ok(Self {
            rustc: first_line(&compiler, &["--version"]).unwrap_or_else(unknown),
            // Images are never built in another way.
            profile: "release".to_owned(),
            qemu: emulator.version().unwrap_or_else(unknown),
            cpu: qemu::PROCESSOR.to_owned(),
        })
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rustc, profile, qemu, cpu } = self;
        write!(f, "{rustc}, profile {profile}, {qemu}, processor {cpu}")
    }
}

/// What was measured: a commit, with `-dirty` behind it if that is not all that was.
pub fn commit() -> String {
    first_line("git", &["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]).unwrap_or_else(unknown)
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned)
}
