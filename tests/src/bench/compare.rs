//! What a change did: another revision is measured too, by its own benchmark, and its figures stand beside ours.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use composer::temporary::TemporaryDirectory;

use super::error::BenchError;
use super::image::target_directory;
use super::recorded::percent;
use super::result::{Document, DocumentRow};

/// A revision that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    name: String,
    commit: String,
}

/// The revision of this name.
///
/// # Errors
///
/// [`BenchError::Revision`] if there is none.
pub fn find(name: &str) -> Result<Revision, BenchError> {
    let commit = resolve(name).map_err(|why| BenchError::Revision { revision: name.to_owned(), why })?;
    Ok(Revision { name: name.to_owned(), commit })
}

/// Measures `revision` in a work tree of its own, which is gone afterwards.
///
/// # Errors
///
/// [`BenchError::Revision`] if it cannot be measured.
pub fn measure(Revision { name, commit }: &Revision) -> Result<Document, BenchError> {
    let failed = |why: String| BenchError::Revision { revision: name.clone(), why };
    // What it builds is kept: the next comparison is quicker.
    let target = target_directory()?.join("compare");
    std::fs::create_dir_all(&target).map_err(|error| failed(error.to_string()))?;
    let place = TemporaryDirectory::create(&target, ".tree-").map_err(|error| failed(error.to_string()))?;
    let tree = place.path().join("tree");
    git(&["worktree", "add", "--quiet", "--detach", &tree.to_string_lossy(), commit]).map_err(failed)?;
    let measured = bench(&tree, &target);
    let removed = git(&["worktree", "remove", "--force", &tree.to_string_lossy()]);
    let document = measured.map_err(failed)?;
    removed.map_err(failed)?;
    Ok(document)
}

/// The commit that `revision` names.
fn resolve(revision: &str) -> Result<String, String> {
    // What starts with a dash would be an option.
    let name = format!("{revision}^{{commit}}");
    git(&["rev-parse", "--quiet", "--verify", "--end-of-options", &name])
        .map(|commit| commit.trim().to_owned())
        .map_err(|_| "there is no commit of that name".to_owned())
}

/// Runs the benchmark of a work tree, and answers what it has kept.
fn bench(tree: &Path, target: &Path) -> Result<Document, String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(tree).env("CARGO_TARGET_DIR", target).args(["bench", "--package", "tests", "--bench", "bench"]);
    // The table is shown once, beside ours.
    let status = cargo.stdout(std::process::Stdio::null()).status().map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("its benchmark ended with {status}"));
    }
    let results = std::fs::read_to_string(target.join("bench/results.json")).map_err(|error| error.to_string())?;
    serde_json::from_str(&results).map_err(|error| format!("its results cannot be read: {error}"))
}

fn git(arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git");
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).args(arguments);
    let Output { status, stdout, stderr } = command.output().map_err(|error| format!("cannot run git: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if status.success() { Ok(text(&stdout)) } else { Err(text(&stderr)) }
}

/// What is not the same in both, one line a row, and how many rows are.
pub fn differences(before: &Document, now: &Document) -> String {
    let names: BTreeSet<_> = before.rows.keys().chain(now.rows.keys()).collect();
    let lines: Vec<_> =
        names.iter().filter_map(|name| line(name, before.rows.get(*name), now.rows.get(*name))).collect();
    let warning = if before.key == now.key {
        String::new()
    } else {
        format!("warning: measured with {}, and here with {}\n", before.key, now.key)
    };
    let same = names.len() - lines.len();
    format!("{warning}{}{same} rows as before\n", lines.concat())
}

fn line(name: &str, before: Option<&DocumentRow>, now: Option<&DocumentRow>) -> Option<String> {
    let (before, now) = match (before, now) {
        (Some(before), Some(now)) => (before, now),
        (Some(_), None) => return Some(format!("{name}: gone\n")),
        (None, now) => return now.map(|now| format!("{name}: new, {}\n", shown(now))),
    };
    let privileged = privileged_changes(before, now);
    if before.median * now.operations == now.median * before.operations && privileged.is_empty() {
        return None;
    }
    let percent = percent(before.median * now.operations, now.median * before.operations);
    Some(format!("{name}: {} → {} instructions ({percent}){privileged}\n", shown(before), shown(now)))
}

/// The figure of one operation.
fn shown(row: &DocumentRow) -> String {
    match row.operations {
        1 => row.median.to_string(),
        operations => format!("{:.1}", row.median as f64 / operations as f64),
    }
}

/// Which privileged operations there are more or fewer of, if there were any before: older results have no such count.
fn privileged_changes(before: &DocumentRow, now: &DocumentRow) -> String {
    let names: BTreeSet<_> = before.privileged.keys().chain(now.privileged.keys()).collect();
    let number = |row: &DocumentRow, name: &String| row.privileged.get(name).copied().unwrap_or(0);
    let changed = names.into_iter().filter(|name| number(before, name) != number(now, name));
    changed.map(|name| format!(", {name} ×{} → ×{}", number(before, name), number(now, name))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::result::Measured;
    use super::super::result::tests::{key, measured};
    use super::*;

    fn document(rows: &[Measured]) -> Document {
        Document::new(key(), "abc".into(), rows)
    }

    #[test]
    fn what_is_better_worse_new_or_gone_is_told() {
        let syscall: &[u8] = &[0x0f, 0x05];
        let before = [
            measured("asnd", 100, &[syscall]),
            measured("sinv_raw", 73, &[]),
            measured("calibration", 1, &[]),
            measured("alias", 9, &[]),
        ];
        let now = [
            measured("asnd", 90, &[syscall, syscall]),
            measured("sinv_raw", 146, &[]),
            measured("calibration", 1, &[]),
            measured("yield_sched", 11, &[]),
        ];
        let expected = "\
alias: gone
asnd: 100 → 90 instructions (-10.0 %), syscall ×1 → ×2
sinv_raw: 73 → 146 instructions (+100.0 %)
yield_sched: new, 5.5
1 rows as before
";
        assert_eq!(differences(&document(&before), &document(&now)), expected);
    }

    #[test]
    fn figures_of_another_key_are_warned_of() {
        let mut other = document(&[]);
        other.key.rustc = "rustc 0".into();
        let told = differences(&other, &document(&[]));
        assert!(told.starts_with("warning: measured with rustc 0"), "{told}");
    }

    #[test]
    fn a_revision_that_is_not_there_is_an_error() {
        for revision in ["no-such-revision", "--help", ""] {
            let error = find(revision).unwrap_err().to_string();
            assert_eq!(error, format!("cannot measure `{revision}`: there is no commit of that name"));
        }
    }
}
