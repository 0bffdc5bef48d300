//! What is typed, and what is said then: each file in `tests/commands` is a session at a shell, in a directory of its own
//! that is empty at first. Lines that begin with `$ ` are typed, those with `> ` go on with them, the rest is the answer.
//!
//! They are the examples of `docs/diagnostics.md` for what no graph alone can cause.
//! `UPDATE_SNAPSHOTS=1 cargo test -p composer --test transcripts` writes the answers anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, its helpers too, may panic")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What `cargo composer` is in a session: this build, and no other.
const COMPOSER: &str = r#"cargo() { shift; "$COMPOSER" "$@"; }"#;

/// Who is first has to wait for images to be built, and is told so.
const PROGRESS: &str = "composer: building ";

/// What is typed, as often as something is, without what is said.
fn typed(session: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for line in session.lines() {
        match (line.strip_prefix("$ "), line.strip_prefix("> "), commands.last_mut()) {
            (Some(first), ..) => commands.push(first.to_owned()),
            (None, Some(next), Some(command)) => *command += &format!("\n{next}"),
            _ => {}
        }
    }
    commands
}

/// The session as it is now.
fn held(session: &str) -> String {
    let place = temp_dir::TempDir::new().unwrap();
    typed(session).iter().map(|command| format!("{}{}", shown(command), said(command, place.path()))).collect()
}

fn shown(command: &str) -> String {
    format!("$ {}\n", command.replace('\n', "\n> "))
}

fn said(command: &str, place: &Path) -> String {
    let mut shell = Command::new("sh");
    let script = format!("{COMPOSER}\nexec 2>&1\n{command}");
    shell.args(["-c", &script]).current_dir(place).stdin(Stdio::null());
    shell.env("COMPOSER", env!("CARGO_BIN_EXE_composer")).env("CARGO_TERM_COLOR", "never");
    let said = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    said.lines().filter(|line| !line.starts_with(PROGRESS)).map(|line| format!("{line}\n")).collect()
}

fn sessions() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_is_typed_gets_its_answer() {
    assert!(sessions().len() > 10);
    for file in sessions() {
        let before = std::fs::read_to_string(&file).unwrap();
        let now = held(&before);
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&file, &now).unwrap();
        } else {
            assert_eq!(before, now, "UPDATE_SNAPSHOTS=1 accepts what is said in {}", file.display());
        }
    }
}
