//! What the compiler says about an interface with a type that is no word, and where.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

const MANIFEST: &str = "\
[package]
name = \"refused\"
edition = \"2024\"

[workspace]

[dependencies]
";

const INTERFACE: &str = "\
use runtime::Result;
#[derive(Clone, Copy)]
pub struct Wide([u64; 5]);
#[runtime::interface]
pub trait Wrong {
    fn takes(&self, first: u64, second: Wide) -> Result<()>;
    fn answers(&self) -> Result<Wide>;
}
";

/// A package of its own, with the versions that this workspace is locked to.
fn package(runtime: &Path) -> io::Result<PathBuf> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refusals");
    let manifest = format!("{MANIFEST}runtime = {{ path = {:?} }}\n", runtime.display().to_string());
    fs::create_dir_all(directory.join("src"))?;
    fs::write(directory.join("Cargo.toml"), manifest)?;
    fs::copy(runtime.join("../../Cargo.lock"), directory.join("Cargo.lock"))?;
    fs::write(directory.join("src/lib.rs"), INTERFACE)?;
    Ok(directory)
}

#[test]
fn the_parameter_and_the_answer_are_underlined() {
    let directory = package(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut check = Command::new(env!("CARGO"));
    check.args(["check", "--offline", "--quiet", "--message-format=short", "--target-dir"]);
    check.arg(directory.join("target")).current_dir(&directory);
    let output = check.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    for place in ["src/lib.rs:6:41", "src/lib.rs:7:33"] {
        let line = format!("{place}: error[E0277]: `Wide` cannot cross a component boundary in a register");
        assert!(said.contains(&line), "{line}\nis missing in\n{said}");
    }
}
