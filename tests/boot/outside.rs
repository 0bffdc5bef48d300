//! Components from a workspace outside this repository's, as `components/README.md` shows them.

use std::path::{Path, PathBuf};

use composer::temporary::TemporaryDirectory;
use libtest_mimic::{Failed, Trial};

use crate::beginnings::what_is_new_is_at_home_here;
use crate::tools::{Outcome, cargo, compose, composer, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("outside":
        the_systems_run
        the_unit_tests_run
        two_directories_give_the_same_bytes
        two_repositories_give_the_same_bytes
        the_manual_shows_these_files
        crates_that_everybody_uses_run
    )
}

/// A copy of the workspace in a directory that is not this repository's, with the versions to which this one
/// is locked: nothing else needs to be downloaded.
fn workspace() -> std::io::Result<TemporaryDirectory> {
    let directory = TemporaryDirectory::create(&std::env::temp_dir(), "tessera-outside-")?;
    copy_workspace(directory.path())?;
    Ok(directory)
}

/// Makes that copy in a directory that is there.
///
/// # Errors
///
/// The file system's.
pub fn copy_workspace(directory: &Path) -> std::io::Result<()> {
    copy(&root().join("tests/outside"), directory)?;
    std::fs::copy(root().join("Cargo.lock"), directory.join("Cargo.lock"))?;
    let manifest = directory.join("Cargo.toml");
    let ours = format!("path = \"{}/", root().display());
    let absolute = std::fs::read_to_string(&manifest)?.replace("path = \"../../", &ours);
    std::fs::write(manifest, absolute)
}

/// Copies the files of a workspace, without what was built there, and without its history.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if path.is_file() {
            std::fs::copy(path, to.join(name))?;
        } else if name != "target" && name != ".git" {
            let directory = to.join(name);
            std::fs::create_dir(&directory)?;
            copy(&path, &directory)?;
        }
    }
    Ok(())
}

/// Where what belongs to the workspace is built, so that the next trial need not.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside")
}

fn the_systems_run() -> Outcome {
    let (outside, directory) = (workspace()?, scratch()?);
    for graph in ["greetings.toml", "posts.toml", "desks.toml", "letters.toml", "pictures.toml"] {
        let mut command = compose("run", &outside.path().join(graph), directory.path())?;
        command.current_dir(outside.path()).env("CARGO_TARGET_DIR", target());
        finish(&mut command)?.expect_status(0)?;
    }
    Ok(())
}

/// What is built in one directory and in another is the same.
fn two_directories_give_the_same_bytes() -> Outcome {
    let build = || -> Result<Files, Failed> {
        let outside = workspace()?;
        built(outside.path(), "greetings.toml", &target())
    };
    are_the_same(&build()?, &build()?)
}

/// A copy of this repository gives what this one gives, of which nothing was compiled in its place: kernel, booter and components. What is
/// made there then is at home.
fn two_repositories_give_the_same_bytes() -> Outcome {
    let copied = TemporaryDirectory::create(&std::env::temp_dir(), "tessera-copied-")?;
    copy(root(), copied.path())?;
    let here = tests::bench::image::target_directory().map_err(|error| error.to_string())?;
    let one = built(root(), "systems/pingpong.toml", &here)?;
    are_the_same(&one, &built(copied.path(), "systems/pingpong.toml", &copied.path().join("target"))?)?;
    what_is_new_is_at_home_here(copied.path())
}

/// What the composer makes: kernel, bundle, disk image, reports. Where nothing can be booted by GRUB, there is no disk image.
type Files = [Vec<u8>; 5];

fn built(workspace: &Path, graph: &str, target: &Path) -> Result<Files, Failed> {
    let directory = scratch()?;
    let mut command = compose("build", &workspace.join(graph), directory.path())?;
    command.current_dir(workspace).env("CARGO_TARGET_DIR", target);
    finish(&mut command)?.expect_status(0)?;
    let files = ["kernel", "bundle", "disk.img", "report.txt", "report.json"];
    Ok(files.map(|name| std::fs::read(directory.path().join(name)).unwrap_or_default()))
}

fn are_the_same(one: &Files, other: &Files) -> Outcome {
    ensure(one.iter().take(2).all(|file| !file.is_empty()), || "there is no kernel, or no bundle".into())?;
    ensure(one == other, || "two directories give different systems".into())
}

fn the_unit_tests_run() -> Outcome {
    let outside = workspace()?;
    let mut command = cargo();
    command.current_dir(outside.path()).env("CARGO_TARGET_DIR", target()).env("COMPOSER", composer()?);
    // What is compiled for such tests alone has no other lint.
    command.env("RUSTFLAGS", "--deny=warnings");
    command.args(["test", "--workspace", "--", "--include-ignored"]);
    let finished = finish(&mut command)?.expect_status(0)?;
    let tests = [
        "every_visitor_counts",
        "the_last_greeting_is_written",
        "two_clerks_answer_each_letter_once",
        "whatever_comes_is_heard_and_silence_ends",
    ];
    let greeted = "visitor: the greeter has greeted 3 visitors";
    ensure(finished.output.contains(greeted), || format!("no test has booted it:\n{}", finished.output))?;
    for test in tests {
        ensure(finished.output.contains(&format!("{test} ... ok")), || finished.output.clone())?;
    }
    Ok(())
}

/// Crates of the ecosystem, on a heap, in a workspace of their own, with the versions that it is locked to.
fn crates_that_everybody_uses_run() -> Outcome {
    let (directory, workspace) = (scratch()?, root().join("tests/ecosystem"));
    let mut command = compose("run", &workspace.join("ecosystem.toml"), directory.path())?;
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ecosystem");
    command.current_dir(workspace).env("CARGO_TARGET_DIR", target);
    finish(&mut command)?.expect_status(0)?;
    Ok(())
}

fn the_manual_shows_these_files() -> Outcome {
    let manual = std::fs::read_to_string(root().join("components/README.md"))?;
    let shown = files_in(&manual);
    // Each block of code is one of the files, which are built and run.
    let blocks = manual.lines().filter(|line| line.starts_with("```")).count() / 2;
    ensure(shown.len() >= 8 && shown.len() == blocks, || format!("{} of {blocks} blocks are files", shown.len()))?;
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
