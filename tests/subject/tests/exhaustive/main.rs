//! Every sequence of a few steps, over a small world. In those few, every operation comes, and succeeds; and most errors.

#![allow(clippy::unwrap_used, reason = "a test that finds nothing there should fail")]

mod world;

use abi::error::Error;
use abi::kind::Kind;
use abi::operation::ThreadOperation;
use model::kernel::{Entry, Kernel, Outcome, Registers, Seen};
use play::tally::operations;
use std::collections::BTreeMap;
use subject::Pair;
use world::{GROUPS, Step, WORLD};

/// Steps of a sequence.
const DEPTH: usize = 3;

/// What takes another core.
const NEVER_SUCCEED: [(Kind, u16); 2] =
    [(Kind::Thread, ThreadOperation::Launch as u16), (Kind::Thread, ThreadOperation::Ended as u16)];

/// Errors that take longer sequences, or another core: the random tests come to them, and those of each object.
const LONGER: [Error; 9] = {
    use Error::*;
    [DepthExceeded, Faulted, Stale, EventsPending, TimedOut, WrongCore, Pending, BudgetOverflow, TooManySchedulers]
};

/// Logic and model, where the caller is, and how often which operation was answered what.
struct Run {
    pair: Pair,
    seen: Option<Seen>,
    now: u64,
}

type Answers = BTreeMap<(u64, u16, u64), u64>;

impl Run {
    /// After what makes the world.
    fn new() -> Self {
        let mut run = Self { pair: Pair::boot().unwrap(), seen: None, now: 1 };
        run.pair.is_audited = false;
        for step in WORLD {
            let answered = run.take(step, &mut Answers::new());
            assert_eq!(answered, Some(0), "{step:x?}");
        }
        run.pair.is_audited = true;
        run
    }

    /// One more step. Answers the status with which somebody goes on, if anybody does.
    fn take(&mut self, step: Step, answers: &mut Answers) -> Option<u64> {
        self.now += 10;
        let entry = Entry { at: self.seen.map_or(0, |seen| seen.at), now: self.now };
        let seen = match step {
            Step::Call(call) => {
                let kind = self.pair.model.held(call.capability()).map(|held| held.capability.kind());
                let seen = self.pair.call(entry, call.word, call.words);
                if let Some(kind) = kind {
                    let operation = if kind == Kind::Invocation { 0 } else { call.method() };
                    *answers.entry((kind as u64, operation, status(&seen).unwrap_or(0))).or_default() += 1;
                }
                seen
            }
            Step::Fault => self.pair.fault(entry),
            Step::Interrupt(line) => self.pair.interrupt(entry, line),
        };
        self.seen = Some(seen);
        status(&seen)
    }
}

/// Status of an answer; success is also whatever else goes on.
fn status(seen: &Seen) -> Option<u64> {
    match seen.outcome {
        Outcome::Resume(Registers { rax, .. }) => Some(rax),
        Outcome::Restore | Outcome::RestoreFaulted => Some(0),
        Outcome::Idle | Outcome::End(_) => None,
    }
}

/// Carries every sequence of a group's steps out.
fn explore(steps: &[Step]) -> Answers {
    let (count, mut answers) = (steps.len(), Answers::new());
    for number in 0..count.pow(DEPTH as u32) {
        let sequence = [number / count / count, number / count % count, number % count].map(|at| steps[at]);
        let mut run = Run::new();
        for (number, step) in sequence.into_iter().enumerate() {
            let answered = run.take(step, &mut answers);
            assert_eq!(run.pair.difference, None, "after step {number} of {sequence:x?}");
            if answered.is_none() {
                break;
            }
        }
    }
    answers
}

#[test]
fn every_short_sequence_does_what_the_model_says() {
    let groups = std::thread::scope(|scope| {
        let threads = GROUPS.map(|steps| scope.spawn(|| explore(steps)));
        threads.map(|thread| thread.join().unwrap())
    });
    let mut answers = Answers::new();
    for (key, count) in groups.into_iter().flatten() {
        *answers.entry(key).or_default() += count;
    }
    let missing: Vec<_> = Kind::ALL.into_iter().flat_map(|kind| never_succeeded(kind, &answers)).collect();
    assert_eq!(missing, Vec::<String>::new());
    let occurred = |error: &Error| answers.keys().any(|(.., status)| *status == u64::from(error.status()));
    let missing: Vec<_> = Error::ALL.into_iter().filter(|error| !occurred(error)).collect();
    assert_eq!(missing, LONGER);
}

/// Operations of a kind that never succeeded, but for those that cannot here.
fn never_succeeded(kind: Kind, answers: &Answers) -> Vec<String> {
    let numbers = 0..operations(kind) as u16;
    let is_expected = |number: &u16| !NEVER_SUCCEED.contains(&(kind, *number));
    let succeeded = |number: &u16| answers.contains_key(&(kind as u64, *number, 0));
    let missing = numbers.filter(|number| is_expected(number) != succeeded(number));
    missing.map(|number| format!("operation {number} of a {}", kind.name())).collect()
}
