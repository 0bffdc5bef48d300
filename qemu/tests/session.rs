//! Runs of something that stands in for the emulator: a shell script that gets the emulator's arguments.

#![allow(clippy::unwrap_used, reason = "clippy takes only the functions marked as tests for tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use qemu::{EXIT_SUCCESS, Emulator, Ending, Input, Machine, Run, Session, Typed};

struct Stand(temp_dir::TempDir);

impl Stand {
    fn new(script: &str) -> Self {
        let directory = temp_dir::TempDir::new().unwrap();
        let program = directory.path().join("emulator");
        // The first call only asks where the firmware is.
        fs::write(&program, format!("#!/bin/sh\n[ \"$1\" = -L ] && exit 0\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self(directory)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn session(&self) -> Session {
        Session::new(Machine::new("kernel", "bundle")).emulator(find(&self.file("emulator")))
    }

    fn run(&self) -> (Run, Vec<u8>) {
        let mut seen = Vec::new();
        let run = self.session().run(&mut seen);
        (run, seen)
    }
}

#[test]
fn the_console_is_streamed_and_kept() {
    let (run, seen) = Stand::new("echo one; echo two; exit 33").run();
    assert_eq!(run, Run { ending: Ending::Ended { code: EXIT_SUCCESS }, console: b"one\ntwo\n".to_vec() });
    assert_eq!(seen, b"one\ntwo\n");
}

#[test]
fn a_failing_emulator_says_why() {
    let (run, _) = Stand::new("echo 'no such machine' >&2; exit 1").run();
    let expected = "the emulator failed with exit status 1:\nno such machine";
    assert_eq!(run.ending, Ending::EmulatorFailed(expected.into()));
}

#[test]
fn what_is_typed_answers_what_is_printed() {
    let typed = |after: &str, bytes: &str| Typed { after: after.into(), bytes: bytes.into() };
    // The guest would end at the first line that it does not expect.
    let script =
        "printf 'na'; sleep 0.1; printf 'me? '; read name; echo \"age of $name?\"; read age; echo \"$age\"; exit 33";
    let dialogue = Input::Dialogue(vec![typed("name?", "eve\n"), typed("age of eve?", "7\n")]);
    let run = Stand::new(script).session().input(dialogue).run(&mut Vec::new());
    assert_eq!(run.console, b"name? age of eve?\n7\n");
}

#[test]
fn the_guest_reads_its_input() {
    let stand = Stand::new("read line; echo \"got $line\"; exit 33");
    let run = stand.session().input(Input::Bytes(b"hello\n".to_vec())).run(&mut Vec::new());
    assert_eq!(run.console, b"got hello\n");
}

#[test]
fn a_machine_that_does_not_end_is_stopped() {
    let stand = Stand::new("echo $$ >\"${0%/*}/pid\"; echo started; exec sleep 1000");
    let run = stand.session().timeout(Duration::from_millis(300)).run(&mut Vec::new());
    assert_eq!(run, Run { ending: Ending::TimedOut, console: b"started\n".to_vec() });
    assert!(!is_alive(&stand.file("pid")));
}

#[test]
fn a_machine_that_prints_for_ever_is_stopped() {
    let stand = Stand::new("echo $$ >\"${0%/*}/pid\"; exec yes");
    let run = stand.session().timeout(Duration::from_secs(600)).run(&mut std::io::sink());
    assert!(
        matches!(&run.ending, Ending::EmulatorFailed(text) if text.contains("console printed more")),
        "{:?}",
        run.ending
    );
    assert!(!is_alive(&stand.file("pid")));
}

/// The parent dies without a chance to clean up; its child must go with it.
#[test]
fn a_killed_parent_leaves_no_emulator() {
    let stand = Stand::new("echo $$ >\"${0%/*}/pid\"; exec sleep 1000");
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stands_in_for_a_parent"])
        .env("STAND_IN", stand.file("emulator"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the emulator runs", || is_alive(&stand.file("pid")));
    parent.kill().unwrap();
    parent.wait().unwrap();
    wait_until("the emulator is gone", || !is_alive(&stand.file("pid")));
}

/// The parent in the test above; alone it is nothing.
#[test]
fn stands_in_for_a_parent() {
    let Some(program) = std::env::var_os("STAND_IN") else { return };
    let session = Session::new(Machine::new("kernel", "bundle")).emulator(find(Path::new(&program)));
    session.timeout(Duration::from_secs(600)).run(&mut std::io::sink());
}

/// A program that was just written may be busy for a moment: another test's child still holds it open for writing.
fn find(program: &Path) -> Emulator {
    wait_for("the program is not busy", || Emulator::at(program).ok())
}

fn is_alive(file: &Path) -> bool {
    let pid = fs::read_to_string(file).unwrap_or_default();
    let pid = pid.trim();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !pid.is_empty() && !status.is_empty() && !status.contains("State:\tZ")
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    wait_for(what, || condition().then_some(()));
}

fn wait_for<T>(what: &str, result: impl Fn() -> Option<T>) -> T {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(result) = result() {
            return result;
        }
        assert!(Instant::now() < patience, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
