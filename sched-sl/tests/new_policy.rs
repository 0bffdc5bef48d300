//! A new policy is one file and one line: with these, and nothing else, the library has it, by name.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// The list's last line, and what comes behind it.
const LAST: &str = "            time_partitions::TimePartitions,\n";
const LINE: &str = "            lowest_place::LowestPlace,\n";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The library's sources, with the file and the line.
fn with_the_policy() -> PathBuf {
    let room = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-policy");
    let _ = fs::remove_dir_all(&room);
    copy(&Path::new(HERE).join("src"), &room);
    fs::copy(Path::new(HERE).join("tests/new_policy/lowest_place.rs"), room.join("policy/lowest_place.rs")).unwrap();
    let list = room.join("policy/mod.rs");
    let before = fs::read_to_string(&list).unwrap();
    assert_eq!(before.matches(LAST).count(), 1, "the list is where it was");
    fs::write(list, before.replace(LAST, &format!("{LAST}{LINE}"))).unwrap();
    room
}

fn rustc(room: &Path, arguments: &[&str]) {
    let compiler = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let output = Command::new(compiler).args(["--edition", "2024"]).args(arguments).current_dir(room).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_policy_is_one_file_and_one_line() {
    let room = with_the_policy();
    rustc(&room, &["--crate-name", "sched_sl", "--crate-type", "rlib", "-A", "warnings", "lib.rs"]);
    let user = format!("{HERE}/tests/new_policy/user.rs");
    rustc(&room, &[&user, "--extern", "sched_sl=libsched_sl.rlib", "-o", "user"]);
    let output = Command::new(room.join("user")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "chosen\n", "{}", String::from_utf8_lossy(&output.stderr));
}
