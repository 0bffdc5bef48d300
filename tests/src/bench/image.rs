//! The images that are booted, and where the rows' code lies in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use composer::cargo::{self, Message};
use composer::command::build::{Arguments, compose};
use composer::diagnostic::Diagnostics;
use composer::pass::build;
use composer::{Failure, Loaded};
use object::{Object, ObjectSegment, ObjectSymbol};
use qemu::Machine;

use super::error::BenchError;
use super::row::ROWS;

/// An image that measures rows.
#[derive(Clone, Debug)]
pub struct BenchImage {
    /// What it is called while something is done with it.
    pub name: &'static str,
    /// The machine that boots it, with a clock that counts instructions.
    pub machine: Machine,
    /// The address at which each row's code starts, by the row's name.
    pub starts: BTreeMap<String, u64>,
}

/// Builds the floor image.
///
/// # Errors
///
/// [`BenchError::Build`].
pub fn floor() -> Result<BenchImage, BenchError> {
    let file = build_package("floor")?;
    let machine = Machine::bare(&file).counts_instructions(true);
    Ok(BenchImage { name: "the floor", machine, starts: starts(&read(&file)?, None)? })
}

/// Composes the measuring system.
///
/// # Errors
///
/// [`BenchError::Build`]; what is wrong was printed.
pub fn system() -> Result<BenchImage, BenchError> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/bench.toml");
    let system = compose(&Arguments { file, output: None }).map_err(refused)?;
    let machine = Machine::new(system.kernel(), system.bundle()).counts_instructions(true);
    Ok(BenchImage { name: "the measuring system", machine, starts: client_starts(&system.loaded)? })
}

fn refused(failure: Failure) -> BenchError {
    failure.print();
    BenchError::Build("the measuring system cannot be composed".into())
}

/// The addresses of the rows in the client. Its ELF file is built for the second time, which takes cargo no time.
fn client_starts(loaded: &Loaded) -> Result<BTreeMap<String, u64>, BenchError> {
    let no_client = || BenchError::Build(format!("the measuring system has no `{CLIENT}`"));
    let components = &loaded.graph.components;
    let at = components.iter().position(|component| component.name.value == CLIENT).ok_or_else(no_client)?;
    let mut found = Diagnostics::default();
    let images = loaded.located.as_ref().and_then(|located| build::build(&loaded.graph, located, &mut found));
    let images = images.ok_or_else(no_client)?;
    let base = components.get(at).and_then(|client| client.baseaddr.as_ref()).ok_or_else(no_client)?;
    starts(images.components.get(at).ok_or_else(no_client)?, Some(base.value))
}

/// The component that measures.
const CLIENT: &str = "bench-client";

/// Where cargo puts what it makes of this workspace.
///
/// # Errors
///
/// [`BenchError::Build`].
pub fn target_directory() -> Result<PathBuf, BenchError> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    Ok(cargo::describe(&manifest).map_err(BenchError::Build)?.target_directory)
}

/// The addresses of those symbols that are named like a row, in an ELF file. If there is a base, the file's first
/// segment is moved there, and everything with it.
fn starts(elf: &[u8], base: Option<u64>) -> Result<BTreeMap<String, u64>, BenchError> {
    let elf =
        object::File::parse(elf).map_err(|error| BenchError::Build(format!("an image is no ELF file: {error}")))?;
    let first = elf.segments().map(|segment| segment.address()).min().unwrap_or(0);
    let shift = base.map_or(0, |base| base.wrapping_sub(first));
    let moved = |address: u64| address.wrapping_add(shift);
    let symbols = elf.symbols().filter_map(|symbol| Some((symbol.name().ok()?.to_owned(), moved(symbol.address()))));
    Ok(symbols.filter(|(name, _)| ROWS.iter().any(|row| row.name == name)).collect())
}

fn read(file: &Path) -> Result<Vec<u8>, BenchError> {
    std::fs::read(file).map_err(|error| BenchError::Build(format!("cannot read {}: {error}", file.display())))
}

/// Builds the binary of `package`, as plain cargo does, and answers where it lies.
fn build_package(package: &str) -> Result<PathBuf, BenchError> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.args(["build", "--release", "--package", package, "--message-format=json-render-diagnostics"]);
    let output = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| BenchError::Build(format!("cannot run cargo: {error}")))?;
    let built = cargo::messages(output.stdout.as_slice()).filter_map(executable);
    built.last().ok_or_else(|| BenchError::Build(format!("the package `{package}` does not build")))
}

fn executable(message: Message) -> Option<PathBuf> {
    match message {
        Message::CompilerArtifact(artifact) => artifact.executable,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_elf_file_is_an_error() {
        let error = starts(b"#!/bin/sh\n", None).unwrap_err();
        assert!(error.to_string().starts_with("an image is no ELF file"), "{error}");
    }

    #[test]
    fn symbols_that_are_no_rows_are_left_out() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(starts(&program, Some(0x40_0000)).unwrap().is_empty());
    }
}
