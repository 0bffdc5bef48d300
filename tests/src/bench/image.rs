//! The images that are booted, and where the rows' code lies in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use composer::cargo::{self, Message};
use composer::command::build::{Arguments, System, compose};
use object::{Object, ObjectSymbol};
use qemu::Machine;

use super::error::BenchError;
use super::row::{Image, ROWS};

/// An image that measures rows.
#[derive(Clone, Debug)]
pub struct BenchImage {
    /// Which.
    pub image: Image,
    /// The machine that boots it, with a clock that counts instructions.
    pub machine: Machine,
    /// The address at which each row's code starts, by the row's name.
    pub starts: BTreeMap<String, u64>,
}

/// Builds or composes `image`.
///
/// # Errors
///
/// [`BenchError::Build`]; what is wrong with a system was printed.
pub fn build(image: Image) -> Result<BenchImage, BenchError> {
    match image {
        Image::Floor => floor(),
        Image::Calls => system(image, "bench/bench.toml", Some("bench-client")),
        Image::Switches => system(image, "bench/switches.toml", Some("bench-constructor")),
        Image::Pairs => {
            let image = system(image, "bench/switches.toml", Some("bench-constructor"))?;
            Ok(BenchImage { machine: image.machine.processors(2), ..image })
        }
        Image::Yields => system(image, "bench/yields.toml", Some("bench-yielder")),
        Image::Locks => system(image, "bench/locks.toml", Some("bench-locker")),
        Image::Author => system(image, "bench/author.toml", Some("bench-author")),
        Image::Waits => system(image, "bench/waits.toml", Some("bench-waiter")),
        Image::Quickstart => system(image, "../systems/quickstart.toml", None),
        Image::Store => {
            let image = system(image, "../systems/store.toml", None)?;
            Ok(BenchImage { machine: image.machine.processors(2), ..image })
        }
    }
}

fn floor() -> Result<BenchImage, BenchError> {
    let file = build_package("floor")?;
    let machine = Machine::bare(&file).counts_instructions(true);
    Ok(BenchImage { image: Image::Floor, machine, starts: starts(&read(&file)?, 0)? })
}

/// A system of a graph file, in which the component `measuring` has the rows' code, if there is any.
fn system(image: Image, file: &str, measuring: Option<&str>) -> Result<BenchImage, BenchError> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let system = compose(&Arguments { file, output: None }).map_err(|failure| {
        failure.print();
        BenchError::Build(format!("{} cannot be composed", image.title()))
    })?;
    let machine = Machine::new(system.kernel(), system.bundle()).counts_instructions(true);
    let starts = measuring.map(|measuring| starts_in(&system, measuring)).transpose()?;
    Ok(BenchImage { image, machine, starts: starts.unwrap_or_default() })
}

/// The addresses of the rows in a component.
fn starts_in(system: &System, measuring: &str) -> Result<BTreeMap<String, u64>, BenchError> {
    let components = &system.loaded.graph.components;
    let at = components.iter().position(|component| component.name.value == measuring);
    let program = at.and_then(|at| Some((system.images.components.get(at)?, *system.shifts.get(at)?)));
    let (elf, shift) = program.ok_or_else(|| BenchError::Build(format!("no component `{measuring}`")))?;
    starts(elf, shift)
}

/// Where cargo puts what it makes of this workspace.
///
/// # Errors
///
/// [`BenchError::Build`].
pub fn target_directory() -> Result<PathBuf, BenchError> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    Ok(cargo::describe(&manifest).map_err(BenchError::Build)?.target_directory)
}

/// The addresses of those symbols that are named like a row, in an ELF file that lies `shift` behind where it says.
fn starts(elf: &[u8], shift: u64) -> Result<BTreeMap<String, u64>, BenchError> {
    let elf =
        object::File::parse(elf).map_err(|error| BenchError::Build(format!("an image is no ELF file: {error}")))?;
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
        let error = starts(b"#!/bin/sh\n", 0).unwrap_err();
        assert!(error.to_string().starts_with("an image is no ELF file"), "{error}");
    }

    #[test]
    fn symbols_that_are_no_rows_are_left_out() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(starts(&program, 0x40_0000).unwrap().is_empty());
    }
}
