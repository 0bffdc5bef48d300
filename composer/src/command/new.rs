//! `composer new`: the first files of a component, an interface or a system, which build and pass their tests as they are.

mod files;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::code::UNWRITABLE;
use crate::diagnostic::{Diagnostic, Source};
use crate::{Failure, cargo, locate, print, text};
use files::{Home, fill};

/// What `new` is told.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// What is to be made
    #[arg(value_enum)]
    what: What,
    /// Its name
    #[arg(value_parser = name)]
    name: String,
    /// Make it in this directory: of a workspace of your own, of Tessera, or of none
    #[arg(long = "in", value_name = "DIRECTORY", default_value = ".")]
    place: PathBuf,
}

/// What can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// A crate with logic, a unit test and an image
    Component,
    /// A crate with a trait
    Interface,
    /// A graph, and a component that says hello; with a workspace for them, if there is none
    System,
}

fn name(name: &str) -> Result<String, String> {
    text::check_component_name(name).map(|()| name.to_owned())
}

/// Makes the files, says which, and what to type next.
///
/// # Errors
///
/// Something of this name is there already, cargo complains, or a file cannot be written.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { what, name, place } = arguments;
    let package = if *what == What::Interface { interface_package(name) } else { name.clone() };
    let complain = |message: String| {
        let complaint = Diagnostic::error(UNWRITABLE, format!("cannot make `{name}`: {message}"));
        Failure { source: Source { path: place.clone(), text: String::new() }, diagnostics: complaint.into() }
    };
    let home = Home::of(place);
    if let Some(why) = taken(&package, &home) {
        return Err(complain(why));
    }
    let made = match what {
        What::Component => component(name, place, &home),
        What::Interface => interface(name, place, &home),
        What::System => system(name, place, home),
    };
    let (made, next) = made.map_err(complain)?;
    made.iter().for_each(|path| print::line(format_args!("{}", path.display())));
    print::remark(format_args!("try: {next}"));
    Ok(())
}

/// Crates of Rust's own: of this name, one would stand in for them.
const RUSTS: [&str; 6] = ["alloc", "core", "proc-macro", "proc_macro", "std", "test"];

/// Why no package can have this name: there is one, by which what is made is to be built, or composed.
fn taken(package: &str, home: &Home) -> Option<String> {
    if RUSTS.contains(&package) {
        return Some(format!("`{package}` is a crate of Rust's own"));
    }
    let is_there = home.packages().iter().any(|other| other == package);
    is_there.then(|| format!("Tessera has a package `{package}`, and cargo would not tell them apart"))
}

fn interface_package(name: &str) -> String {
    format!("{name}-interface")
}

/// What was made, and what to type next.
type Made = Result<(Vec<PathBuf>, String), String>;

fn component(name: &str, place: &Path, home: &Home) -> Made {
    let directory = home.directory(place, "components").join(name);
    let made = krate(name, name, &directory, home, &files::COMPONENT)?;
    Ok((made, format!("cargo test --manifest-path {}", directory.join("Cargo.toml").display())))
}

fn interface(name: &str, place: &Path, home: &Home) -> Made {
    let (directory, package) = (home.directory(place, "components/interface"), interface_package(name));
    let directory = directory.join(if home.is_tessera { name } else { &package });
    let made = krate(name, &package, &directory, home, &files::INTERFACE)?;
    Ok((made, format!("cargo test --manifest-path {}", directory.join("Cargo.toml").display())))
}

fn system(name: &str, place: &Path, home: Home) -> Made {
    let mut made = Vec::new();
    let own;
    let place = if locate::manifest_above(place).is_some() {
        place
    } else {
        own = place.join(name);
        create(&own)?;
        write(&own.join("Cargo.toml"), files::WORKSPACE, &mut made)?;
        write(&own.join(".gitignore"), "/target\n", &mut made)?;
        &own
    };
    let graph = home.directory(place, "systems").join(format!("{name}.toml"));
    if graph.exists() {
        return Err(format!("{} is there already", graph.display()));
    }
    let directory = home.directory(place, "components").join(name);
    made.extend(krate(name, name, &directory, &home, &files::COMPONENT)?);
    write(&graph, &fill(files::GRAPH, name, &home), &mut made)?;
    let composer = locate::tessera().canonicalize().unwrap_or_else(|_| locate::tessera());
    let run = format!("cargo run --package composer --manifest-path {} -- run", composer.display());
    let run = if home.is_tessera { "cargo composer run".into() } else { run };
    Ok((made, format!("{run} {}", graph.display())))
}

/// A crate. Cargo makes it, so that it becomes a member of the workspace; then its files are put in place of cargo's.
fn krate(
    name: &str,
    package: &str,
    directory: &Path,
    home: &Home,
    files: &[(&str, &str)],
) -> Result<Vec<PathBuf>, String> {
    if directory.exists() {
        return Err(format!("{} is there already", directory.display()));
    }
    let mut new = cargo::command();
    new.args(["new", "--quiet", "--lib", "--vcs", "none", "--name", package]).arg(directory);
    let output = new.stdin(Stdio::null()).output().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !output.status.success() {
        let complaints = String::from_utf8_lossy(&output.stderr);
        return Err(complaints.trim().trim_start_matches("error: ").to_owned());
    }
    let mut made = Vec::new();
    for (file, template) in files {
        write(&directory.join(file), &fill(template, name, home), &mut made)?;
    }
    Ok(made)
}

fn create(directory: &Path) -> Result<(), String> {
    fs::create_dir(directory).map_err(|error| problem(directory, &error))
}

fn write(path: &Path, text: &str, made: &mut Vec<PathBuf>) -> Result<(), String> {
    fs::write(path, text).map_err(|error| problem(path, &error))?;
    made.push(path.to_owned());
    Ok(())
}

fn problem(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
