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
    let (place, directory) = (TemporaryDirectory::create(&std::env::temp_dir(), "tessera-new-")?, scratch()?);
    new("system", "hello", place.path())?;
    let workspace = place.path().join("hello");
    new("component", "other", &workspace)?;
    new("interface", "block-store", &workspace)?;
    // With the versions to which this repository is locked, nothing else needs to be downloaded.
    std::fs::copy(root().join("Cargo.lock"), workspace.join("Cargo.lock"))?;
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    let mut run = compose("run", &workspace.join("hello.toml"), directory.path())?;
    finish(run.current_dir(&workspace).env("CARGO_TARGET_DIR", &target))?.expect_status(0)?;
    let mut tests = cargo();
    tests.current_dir(&workspace).args(["test", "--workspace", "--target-dir"]).arg(&target);
    let finished = finish(&mut tests)?.expect_status(0)?;
    for test in ["hello_is_said_as_often_as_asked", "a_server_is_an_ordinary_implementation"] {
        ensure(finished.output.contains(&format!("{test} ... ok")), || finished.output.clone())?;
    }
    Ok(())
}
