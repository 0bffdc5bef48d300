//! The life of the system: each component initialises, then each runs.

use crate::phases::{dispatch, initialise};
use crate::{Kernel, cores, say};
use abi::bundle::{Bundle, Component};
use abi::layout::THREADS;
use abi::phase::MAIN;

/// Runs all components through their phases; returns the first status that is not 0, or 0.
///
/// A component that failed to initialise does not run, unless its scheduler runs it; the others do. Threads that have a scheduler
/// are run by it, while the booter runs the scheduler.
pub fn all(bundle: &Bundle, ticks: impl Fn() -> u64, kernel: &mut impl Kernel) -> u16 {
    let mut failed = Set::new();
    let mut status = Status::default();
    for (at, component) in from_the_start(bundle).filter(|(_, component)| component.phases.initialise) {
        let ended = initialise(bundle, at, &component, kernel);
        if ended != 0 {
            failed.insert(at);
        }
        status.note(ended);
    }
    announce(bundle, &failed, ticks(), kernel);
    let has_failed =
        |at: usize, component: &Component| failed.contains(if component.of == 0 { at } else { component.of as usize });
    let runs = |at: usize, component: &Component| {
        component.phases.main && component.scheduler == 0 && !has_failed(at, component)
    };
    let mut others = cores::Others::new(from_the_start(bundle).filter(|(at, component)| runs(*at, component)));
    others.go_on(bundle, MAIN, &mut status, kernel);
    for (at, component) in from_the_start(bundle).filter(|(at, component)| component.core == 0 && runs(*at, component))
    {
        status.note(dispatch(at, &component, MAIN, kernel));
        others.go_on(bundle, MAIN, &mut status, kernel);
    }
    others.finish(bundle, MAIN, &mut status, kernel);
    status.word()
}

/// The components that the booter has constructed.
fn from_the_start<'b>(bundle: &'b Bundle) -> impl Iterator<Item = (usize, Component)> + 'b {
    bundle.components().enumerate().skip(1).filter(|(_, component)| component.constructor == 0)
}

/// The first status that is not 0.
#[derive(Default)]
pub struct Status(u16);

impl Status {
    /// Notes how one more component ended.
    pub fn note(&mut self, status: u16) {
        if self.0 == 0 {
            self.0 = status;
        }
    }

    /// Whether all have been 0.
    pub const fn is_good(&self) -> bool {
        self.0 == 0
    }

    /// What it is.
    pub const fn word(&self) -> u16 {
        self.0
    }
}

/// Some components, a bit each.
#[derive(Clone, Copy)]
pub struct Set([u64; THREADS as usize / 64]);

impl Set {
    /// None of them.
    pub const fn new() -> Self {
        Self([0; _])
    }

    /// Puts a component into the set.
    pub fn insert(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    /// Takes a component out of the set.
    pub fn remove(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word &= !(1 << (at % 64));
        }
    }

    /// Whether the component is in the set.
    pub fn contains(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// Says who is up, in the order in which they came up.
fn announce(bundle: &Bundle, failed: &Set, ticks: u64, kernel: &mut impl Kernel) {
    say(kernel, format_args!("booter: up:"));
    for (at, component) in from_the_start(bundle) {
        if component.of == 0 && !failed.contains(at) {
            say(kernel, format_args!(" {}", component.name()));
        }
    }
    say(kernel, format_args!(", {ticks} ticks after the start\n"));
}
