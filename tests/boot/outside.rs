//! Components from a workspace outside this repository's, as `components/README.md` shows them.

use std::path::{Path, PathBuf};

use libtest_mimic::Trial;

use crate::tools::{Outcome, cargo, compose, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("outside":
        the_system_runs
        the_unit_tests_run
        the_manual_shows_these_files
    )
}

/// The workspace, with the versions to which this one is locked: nothing else needs to be downloaded.
fn workspace() -> std::io::Result<PathBuf> {
    let workspace = root().join("tests/outside");
    let versions = workspace.join("Cargo.lock");
    if !versions.exists() {
        // In one step, because another trial may look for it right now.
        let copy = workspace.join(format!("target-{}.lock", std::process::id()));
        std::fs::copy(root().join("Cargo.lock"), &copy)?;
        std::fs::rename(copy, versions)?;
    }
    Ok(workspace)
}

fn the_system_runs() -> Outcome {
    let directory = scratch()?;
    finish(&mut compose("run", &workspace()?.join("greetings.toml"), directory.path())?)?.expect_status(0)?;
    Ok(())
}

fn the_unit_tests_run() -> Outcome {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    let mut command = cargo();
    command.current_dir(workspace()?);
    command.args(["test", "--workspace", "--target-dir"]).arg(target);
    let finished = finish(&mut command)?.expect_status(0)?;
    for test in ["every_visitor_counts", "the_last_greeting_is_written"] {
        ensure(finished.output.contains(&format!("{test} ... ok")), || finished.output.clone())?;
    }
    Ok(())
}

fn the_manual_shows_these_files() -> Outcome {
    let manual = std::fs::read_to_string(root().join("components/README.md"))?;
    let shown = files_in(&manual);
    ensure(shown.len() >= 8, || format!("the manual shows {} files", shown.len()))?;
    for (name, contents) in shown {
        let file = std::fs::read_to_string(root().join("tests/outside").join(name))?;
        ensure(file == contents, || format!("{name}: the manual shows\n{contents}\nthe file is\n{file}"))?;
    }
    Ok(())
}

/// Names and contents of the files that a text shows: a name in backquotes and a colon, then a block of code.
fn files_in(text: &str) -> Vec<(&str, String)> {
    let mut files = Vec::new();
    let mut lines = text.lines();
    let mut name = None;
    while let Some(line) = lines.next() {
        if let Some(named) = line.strip_prefix('`').and_then(|line| line.strip_suffix("`:")) {
            name = Some(named);
        } else if line.starts_with("```") {
            let block: String =
                lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
            files.extend(name.take().map(|name| (name, block)));
        }
    }
    files
}
