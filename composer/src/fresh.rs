//! What was found out before and still holds: that nothing has changed on which it depends.
//!
//! Cargo takes a good part of a second to say that there is nothing to do. What it said last is kept beside what it built, with
//! all files and variables that it looked at; while these are as they were, it is not asked again.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// By how much a file's time of change may lie before the change.
const LAG: Duration = Duration::from_millis(20);

/// Something that was found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Finding<T> {
    /// What was asked, so that no other question is answered.
    question: String,
    files: Vec<Stamp>,
    variables: Vec<(String, Option<String>)>,
    answer: T,
}

/// What of a file tells whether it has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    path: PathBuf,
    /// Length, and time of the last change in nanoseconds, and number; `None` if there is no such file.
    state: Option<(u64, i128, u64)>,
}

impl Stamp {
    fn of(path: PathBuf) -> Self {
        let state = fs::metadata(&path).ok().map(|it| {
            let nanoseconds = i128::from(it.mtime()) * 1_000_000_000 + i128::from(it.mtime_nsec());
            // The length of a directory says nothing.
            (if it.is_dir() { 0 } else { it.len() }, nanoseconds, it.ino())
        });
        Self { path, state }
    }

    fn holds(&self) -> bool {
        Self::of(self.path.clone()) == *self
    }

    /// Whether it was changed at `time` or after: perhaps after it was looked at.
    fn is_since(&self, time: i128) -> bool {
        self.state.is_some_and(|(_, changed, _)| changed >= time)
    }
}

/// What an answer depends on.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Files and directories, also ones that are not there.
    pub files: BTreeSet<PathBuf>,
    /// Files that came of asking: they must stay as they are.
    pub results: BTreeSet<PathBuf>,
    /// Variables of the environment.
    pub variables: BTreeSet<String>,
}

/// The answer to `question` that was kept in `directory`, if it still holds.
pub fn recall<T: DeserializeOwned>(directory: &Path, question: &str) -> Option<T> {
    let finding: Finding<T> = serde_json::from_slice(&fs::read(place(directory, question)).ok()?).ok()?;
    let holds = finding.question == question
        && finding.variables.iter().all(|(name, value)| variable(name) == *value)
        && finding.files.iter().all(Stamp::holds);
    holds.then_some(finding.answer)
}

/// Keeps an answer to a question that was asked at `asked`, unless something has changed since, so that it may be outdated. An
/// answer that cannot be kept is found out again.
pub fn keep<T: Serialize>(directory: &Path, question: &str, asked: SystemTime, inputs: Inputs, answer: T) {
    // The file system's clock may lag behind.
    let Some(Ok(asked)) = asked.checked_sub(LAG).map(|asked| asked.duration_since(SystemTime::UNIX_EPOCH)) else {
        return;
    };
    let mut files: Vec<_> = inputs.files.into_iter().map(Stamp::of).collect();
    if files.iter().any(|stamp| stamp.is_since(asked.as_nanos() as i128)) {
        return;
    }
    files.extend(inputs.results.into_iter().map(Stamp::of));
    let variables = inputs.variables.into_iter().map(|name| (name.clone(), variable(&name))).collect();
    let finding = Finding { question: question.into(), files, variables, answer };
    let Ok(text) = serde_json::to_vec(&finding) else { return };
    let place = place(directory, question);
    // Under a name of its own until it is whole: others may be reading.
    let unfinished = place.with_extension(format!("{}", std::process::id()));
    if fs::create_dir_all(directory).and_then(|()| fs::write(&unfinished, text)).is_ok() {
        _ = fs::rename(&unfinished, &place);
    }
}

fn place(directory: &Path, question: &str) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    question.hash(&mut hasher);
    directory.join(format!("fresh-{:016x}.json", hasher.finish()))
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// The variables by which cargo and the compiler are told what to do.
pub fn cargo_variables() -> impl Iterator<Item = (String, String)> {
    let says = |name: &str| {
        let exact = ["CARGO", "CARGO_HOME", "PATH", "HOME"].contains(&name);
        exact
            || ["CARGO_PROFILE_", "CARGO_TARGET_", "CARGO_BUILD_", "RUSTC", "RUSTUP_"]
                .iter()
                .any(|it| name.starts_with(it))
    };
    let text = |text: &OsStr| text.to_string_lossy().into_owned();
    let mut all: Vec<_> = std::env::vars_os().map(|(name, value)| (text(&name), text(&value))).collect();
    all.sort();
    all.into_iter().filter(move |(name, _)| says(name))
}

/// Files that tell which compiler there is, and how cargo is configured in `directory`.
pub fn toolchain(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let home = |variable: &str, default: &str| {
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(default));
        std::env::var_os(variable).map(PathBuf::from).or_else(home).unwrap_or_default()
    };
    let (cargo, rustup) = (home("CARGO_HOME", ".cargo"), home("RUSTUP_HOME", ".rustup"));
    let above = directory.ancestors().flat_map(|directory| {
        ["rust-toolchain", "rust-toolchain.toml", ".cargo/config", ".cargo/config.toml"]
            .map(|name| directory.join(name))
    });
    let compilers = fs::read_dir(rustup.join("toolchains")).into_iter().flatten();
    let compilers = compilers.filter_map(|entry| Some(entry.ok()?.path().join("bin/rustc")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found: Vec<_> =
        std::env::split_paths(&path).map(|place| place.join("rustc")).filter(|it| it.exists()).collect();
    let mut files: Vec<_> = above.chain(compilers).chain(found).collect();
    files.extend([cargo.join("config"), cargo.join("config.toml"), rustup.join("settings.toml")]);
    files.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use temp_dir::TempDir;

    fn inputs(file: &Path) -> Inputs {
        Inputs { files: [file.to_owned()].into(), ..Inputs::default() }
    }

    fn later() -> SystemTime {
        SystemTime::now() + Duration::from_secs(60)
    }

    #[test]
    fn an_answer_holds_until_a_file_changes_comes_or_goes() {
        let place = TempDir::new().unwrap();
        let file = place.path().join("file");
        let asked = || {
            keep(place.path(), "question", later(), inputs(&file), 7);
            recall::<u64>(place.path(), "question")
        };
        let now = || recall::<u64>(place.path(), "question");
        assert_eq!((asked(), now()), (Some(7), Some(7)));
        fs::write(&file, "it comes").unwrap();
        assert_eq!(now(), None);
        assert_eq!(asked(), Some(7));
        fs::write(&file, "it changes").unwrap();
        assert_eq!(now(), None);
        assert_eq!(asked(), Some(7));
        fs::remove_file(&file).unwrap();
        assert_eq!(now(), None);
    }

    #[test]
    fn another_question_has_no_answer() {
        let place = TempDir::new().unwrap();
        keep(place.path(), "question", later(), Inputs::default(), 7);
        assert_eq!(recall::<u64>(place.path(), "another"), None);
    }

    #[test]
    fn what_changed_while_it_was_asked_is_not_kept() {
        let place = TempDir::new().unwrap();
        let file = place.path().join("file");
        let asked = SystemTime::now() - Duration::from_secs(60);
        fs::write(&file, "changed since").unwrap();
        keep(place.path(), "question", asked, inputs(&file), 7);
        assert_eq!(recall::<u64>(place.path(), "question"), None);
    }

    #[test]
    fn a_broken_answer_is_none() {
        let place = TempDir::new().unwrap();
        keep(place.path(), "question", later(), Inputs::default(), 7);
        fs::write(super::place(place.path(), "question"), "{").unwrap();
        assert_eq!(recall::<u64>(place.path(), "question"), None);
    }
}
