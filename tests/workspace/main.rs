//! The workspace as a whole: what plain cargo makes of it.

mod exploration;
mod features;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a test returns: cargo's complaints, if cargo fails.
type Outcome = Result<(), String>;

/// What cargo prints when it is asked this.
///
/// # Errors
///
/// What it printed and complained of, if it fails.
fn cargo(prepare: impl FnOnce(&mut Command) -> &mut Command) -> Result<String, String> {
    let mut cargo = composer::cargo::command();
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    let output = prepare(&mut cargo).output().map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(printed) } else { Err(format!("{printed}\n{complaints}")) }
}

/// Where a test may build something with flags of its own.
fn target(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}
