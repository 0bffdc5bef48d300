//! Entries of the logic's kernel that coverage leads to, held against the model. `tests/campaign kernel-logic` builds and runs it.
//!
//! A case is a list of choices. Cases that take an edge that none took before, or more often, are kept, and changed into
//! others. It all depends on the seed alone.
//!
//! Usage: `guided CASES SEED`, or `guided CASES SEED planted|blind` to look for what is planted, with guidance or without.

mod planted;
mod script;

use guided::coverage;
use play::{Choices, Random};
use script::Script;
use std::process::ExitCode;
use subject::entries::{Cast, Entered, Stage};

/// Cases after which it says how far it is.
const PART: u64 = 500;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let numbers: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let [cases, seed] = numbers.as_slice() else {
        eprintln!("guided: CASES SEED [planted|blind]");
        return ExitCode::from(2);
    };
    if coverage::edges() == 0 {
        eprintln!("guided: built without counters: start it by tests/campaign kernel-logic");
        return ExitCode::from(2);
    }
    let mut search = Search::new(*seed);
    match arguments.get(2).map(String::as_str) {
        Some("planted") => found(search.seek(*cases, true)),
        Some("blind") => found(search.seek(*cases, false)),
        _ => search.explore(*cases),
    }
}

fn found(cases: Option<u64>) -> ExitCode {
    match cases {
        Some(cases) => println!("found after {cases}"),
        None => println!("not found"),
    }
    ExitCode::SUCCESS
}

/// Cases that are kept, and what they have covered.
struct Search {
    random: Random,
    kept: Vec<Script>,
    known: Vec<u8>,
}

impl Search {
    fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), kept: Vec::new(), known: vec![0; coverage::edges()] }
    }

    fn next(&mut self) -> Script {
        if self.kept.is_empty() || self.random.one_in(16) {
            return Script::fresh(&mut self.random);
        }
        let count = self.kept.len() as u64;
        let (one, other) = (self.random.below(count) as usize, self.random.below(count) as usize);
        self.kept[one].changed(&self.kept[other], &mut self.random)
    }

    fn keep_if_new(&mut self, script: Script) {
        if coverage::merge(&mut self.known) {
            self.kept.push(script);
        }
    }

    /// Logic and model, in so many cases. Prints counts as it goes, and at the end.
    fn explore(&mut self, cases: u64) -> ExitCode {
        let (mut succeeded, mut errors) = (0, 0);
        for case in 1..=cases {
            let script = self.next();
            coverage::reset();
            let result = carry_out(&mut script.clone());
            if let Some(difference) = result.difference {
                println!("case {case}: {difference}");
                return ExitCode::from(1);
            }
            self.keep_if_new(script);
            (succeeded, errors) = (succeeded + result.succeeded, errors + result.errors);
            if case % PART == 0 || case == cases {
                let covered = self.known.iter().filter(|known| **known != 0).count();
                println!("at {case} {succeeded} {errors} {} {covered} {}", self.kept.len(), self.known.len());
            }
        }
        ExitCode::SUCCESS
    }

    /// After how many cases what is planted is found.
    fn seek(&mut self, cases: u64, is_guided: bool) -> Option<u64> {
        (1..=cases).find(|_| {
            let script = self.next();
            coverage::reset();
            let depth = planted::depth(&mut script.clone());
            if is_guided {
                self.keep_if_new(script);
            }
            depth == planted::DEPTH
        })
    }
}

/// A case, carried out. Its first choice is who takes part.
fn carry_out(script: &mut Script) -> Entered {
    let cast = if script.one_in(2) { Cast::Alone } else { Cast::Company };
    let mut stage = match Stage::new(cast) {
        Ok(stage) => stage,
        Err(error) => return Entered { difference: Some(format!("the director: {error}")), ..Entered::default() },
    };
    while !script.is_over() && !stage.is_over() {
        stage.enter(script);
    }
    stage.entered
}
