//! Packages that the compiler refuses, and what it says. Shared by the tests of several crates.

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

/// Where the crates of components are.
const COMPONENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A package of its own that depends on crates beside this one, with the versions that this workspace is locked to.
fn package(name: &str, crates: &[&str], text: &str) -> io::Result<PathBuf> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("refusals").join(name);
    let dependency = |path: &&str| {
        let name = Path::new(path).file_name().unwrap_or_default().display();
        format!("{name} = {{ path = \"{COMPONENTS}/{path}\" }}\n")
    };
    let dependencies: String = crates.iter().map(dependency).collect();
    fs::create_dir_all(directory.join("src"))?;
    fs::write(directory.join("Cargo.toml"), format!("{MANIFEST}{dependencies}"))?;
    fs::copy(format!("{COMPONENTS}/../Cargo.lock"), directory.join("Cargo.lock"))?;
    fs::write(directory.join("src/lib.rs"), text)?;
    Ok(directory)
}

/// What the compiler, which refuses it, says of the text.
pub fn said(name: &str, crates: &[&str], text: &str) -> String {
    let directory = package(name, crates, text).unwrap();
    let mut check = Command::new(env!("CARGO"));
    check.args(["check", "--offline", "--quiet", "--message-format=short", "--target-dir"]);
    check.arg(directory.join("../target")).current_dir(&directory);
    let output = check.output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

/// That all these are in what was said.
pub fn expect(said: &str, lines: &[&str]) {
    for line in lines {
        assert!(said.contains(line), "{line}\nis missing in\n{said}");
    }
}
