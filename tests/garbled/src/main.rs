//! Whatever it is given, the composer answers: graphs, images, bundles, memory dumps and logs changed at random, and those kept that take a new path
//! through it. `tests/campaign graph` builds and runs this.
//!
//! Usage: `garbled COUNT SEED KEPT FILE...`: what starts the corpus are the files, what each is told by its name's end; `KEPT` is a directory in which inputs are kept that took a new path. It all depends on the seed and these alone.

#[path = "../../../composer/tests/shared/answered.rs"]
mod answered;
mod change;
#[path = "../../../composer/tests/shared/core_file.rs"]
mod core_file;
mod dump;
mod log;
#[path = "../../../composer/tests/shared/pieces.rs"]
mod pieces;
mod read;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use guided::coverage;
use play::{Choices, Random};
use read::{Kind, read};

/// Cases after which it says how far it is.
const PART: u64 = 10_000;
/// Bytes of an input at most.
const LIMIT: usize = 1 << 20;

/// What is being read, for whoever wants to know why it panicked.
static CURRENT: Mutex<Option<(u64, Input)>> = Mutex::new(None);

/// Something to read.
#[derive(Clone, Debug)]
struct Input {
    kind: Kind,
    bytes: Vec<u8>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [count, seed, kept, files @ ..] = arguments.as_slice() else { return usage() };
    let (Ok(count), Ok(seed)) = (count.parse(), seed.parse()) else { return usage() };
    if coverage::edges() == 0 {
        eprintln!("garbled: built without counters: start it by tests/campaign graph");
        return ExitCode::from(2);
    }
    std::panic::set_hook(Box::new(|panic| report(&panic.to_string())));
    let made = [(Kind::Dump, dump::seed()), (Kind::Log, log::seed())].map(|(kind, bytes)| Input { kind, bytes });
    let corpus = files.iter().filter_map(|file| input(Path::new(file))).chain(made).collect();
    Search::new(seed, corpus, kept.into()).explore(count);
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("garbled: COUNT SEED KEPT FILE...");
    ExitCode::from(2)
}

fn input(path: &Path) -> Option<Input> {
    let bytes = std::fs::read(path).ok()?;
    let kind = Kind::of(path);
    (bytes.len() <= LIMIT).then_some(Input { kind, bytes })
}

/// Says what panicked, and keeps what it was given.
fn report(panic: &str) {
    let Ok(current) = CURRENT.try_lock() else { return };
    let Some((case, input)) = &*current else { return };
    let file = std::env::temp_dir().join(format!("garbled-{}", std::process::id()));
    let kept = std::fs::write(&file, &input.bytes).map_or(String::new(), |()| format!("; kept as {}", file.display()));
    println!("case {case}: {:?}: {panic}{kept}", input.kind);
}

/// Inputs that are kept, and what they have covered.
struct Search {
    random: Random,
    corpus: Vec<Input>,
    known: Vec<u8>,
    kept: PathBuf,
    news: usize,
}

impl Search {
    fn new(seed: u64, corpus: Vec<Input>, kept: PathBuf) -> Self {
        Self { random: Random::new(seed), corpus, known: vec![0; coverage::edges()], kept, news: 0 }
    }

    /// So many inputs beyond the corpus, which is read first. Prints counts as it goes, and at the end.
    fn explore(&mut self, count: u64) {
        for input in self.corpus.clone() {
            self.answers(0, &input);
        }
        let (mut accepted, mut refused) = (0, 0);
        for case in 1..=count {
            let input = self.next();
            let (is_accepted, is_new) = self.answers(case, &input);
            *(if is_accepted { &mut accepted } else { &mut refused }) += 1;
            if is_new {
                self.keep(input);
            }
            if case % PART == 0 || case == count {
                let covered = self.known.iter().filter(|known| **known != 0).count();
                println!("at {case} {accepted} {refused} {} {covered} {}", self.corpus.len(), self.known.len());
            }
        }
    }

    fn next(&mut self) -> Input {
        let one = self.shorter();
        let kind = self.corpus[one].kind;
        let mut input = self.corpus[one].clone();
        let other = self.any();
        let other = if self.corpus[other].kind == kind { other } else { one };
        change::change(&mut input.bytes, kind, &self.corpus[other].bytes, &mut self.random);
        input.bytes.truncate(LIMIT);
        input
    }

    fn any(&mut self) -> usize {
        self.random.below(self.corpus.len() as u64) as usize
    }

    /// Of two, the shorter: it is read sooner, and a change of it changes more. So graphs are read more often than images.
    fn shorter(&mut self) -> usize {
        let (one, other) = (self.any(), self.any());
        if self.corpus[one].bytes.len() <= self.corpus[other].bytes.len() { one } else { other }
    }

    /// Whether an input is accepted, and whether it took a path that none took before.
    fn answers(&mut self, case: u64, input: &Input) -> (bool, bool) {
        if let Ok(mut current) = CURRENT.lock() {
            *current = Some((case, input.clone()));
        }
        coverage::reset();
        let is_accepted = read(input.kind, &input.bytes);
        (is_accepted, coverage::merge(&mut self.known))
    }

    fn keep(&mut self, input: Input) {
        let extension = input.kind.extension();
        self.news += 1;
        // For the next run; nobody depends on it.
        _ = std::fs::write(self.kept.join(format!("{:06}.{extension}", self.news)), &input.bytes);
        self.corpus.push(input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without coverage to lead to them: enough to see that there is an answer, and in what time.
    #[test]
    fn changed_dumps_and_logs_are_answered() {
        let mut random = Random::new(7);
        for (kind, seed) in [(Kind::Dump, dump::seed()), (Kind::Log, log::seed())] {
            for _ in 0..500 {
                let mut bytes = seed.clone();
                change::change(&mut bytes, kind, &seed, &mut random);
                read(kind, &bytes);
            }
        }
    }
}
