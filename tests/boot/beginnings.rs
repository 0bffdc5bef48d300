//! What `composer new` makes: it builds, runs, and passes its tests as it is.

use std::path::Path;
use std::process::Command;

use composer::temporary::TemporaryDirectory;
use libtest_mimic::Trial;

use crate::tools::{Outcome, cargo, compose, composer, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("beginnings":
        a_new_system_runs_and_what_is_new_passes_its_tests
    )
}

fn new(what: &str, name: &str, place: &Path) -> Outcome {
    let mut command = Command::new(composer()?);
    command.args(["new", what, name, "--in"]).arg(place);
    finish(&mut command)?.expect_status(0)?;
    Ok(())
}

fn a_new_system_runs_and_what_is_new_passes_its_tests() -> Outcome {
    let place = TemporaryDirectory::create(&std::env::temp_dir(), "tessera-new-")?;
    new("system", "hello", place.path())?;
    let workspace = place.path().join("hello");
    new("component", "other", &workspace)?;
    new("interface", "block-store", &workspace)?;
    // With the versions to which this repository is locked, nothing else needs to be downloaded.
    std::fs::copy(root().join("Cargo.lock"), workspace.join("Cargo.lock"))?;
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    // A component that is made alone is one that a graph can have.
    let graph = std::fs::read_to_string(workspace.join("hello.toml"))?;
    std::fs::write(
        workspace.join("other.toml"),
        graph.replace("name = \"hello\"", "name = \"other\"").replace("\"hello: ", "\"other: "),
    )?;
    for graph in ["hello.toml", "other.toml"] {
        runs(&workspace, graph, &target)?;
    }
    passes(&workspace, &["--workspace"], &target)
}

/// The same in `tessera`, a copy of this repository in which something was built before.
pub fn what_is_new_is_at_home_here(tessera: &Path) -> Outcome {
    new("system", "fresh", tessera)?;
    new("interface", "block-store", tessera)?;
    let made = ["systems/fresh.toml", "components/fresh/build.rs", "components/interface/block-store/src/lib.rs"];
    for file in made {
        ensure(tessera.join(file).is_file(), || format!("there is no {file}"))?;
    }
    let target = tessera.join("target");
    runs(tessera, "systems/fresh.toml", &target)?;
    passes(tessera, &["--offline", "--package", "fresh", "--package", "block-store-interface"], &target)
}

fn runs(workspace: &Path, graph: &str, target: &Path) -> Outcome {
    let directory = scratch()?;
    let mut run = compose("run", &workspace.join(graph), directory.path())?;
    finish(run.current_dir(workspace).env("CARGO_TARGET_DIR", target))?.expect_status(0)?;
    Ok(())
}

/// The tests that all have which `new` makes pass in these packages.
fn passes(workspace: &Path, packages: &[&str], target: &Path) -> Outcome {
    let mut tests = cargo();
    tests.current_dir(workspace).arg("test").args(packages).arg("--target-dir").arg(target);
    let finished = finish(&mut tests)?.expect_status(0)?;
    for test in ["hello_is_said_as_often_as_asked", "a_server_is_an_ordinary_implementation"] {
        ensure(finished.output.contains(&format!("{test} ... ok")), || finished.output.clone())?;
    }
    Ok(())
}
