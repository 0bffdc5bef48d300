//! The life of the system: each component initialises, then each runs.

use crate::construct::held;
use crate::{Kernel, cores, say};
use abi::bundle::{Bundle, Component};
use abi::error::Error;
use abi::layout::THREADS;
use abi::operation::{ThreadEnd, ThreadOperation};

/// What a component's thread is told when it is dispatched. The numbers are those of the runtime.
const INITIALISE: u64 = 0;

/// Threads that have a scheduler are run by it in this phase, while the booter runs the scheduler.
const MAIN: u64 = 1;

/// Runs all components through both phases; returns the first status that is not 0, or 0.
///
/// A component that failed to initialise does not run, unless its scheduler runs it; the others do.
pub fn all(bundle: &Bundle, ticks: impl Fn() -> u64, kernel: &mut impl Kernel) -> u16 {
    let mut failed = Set::new();
    let mut status = Status(0);
    // What is foreign knows of no phases.
    let initialises = |component: &Component| component.of == 0 && !bundle.is_foreign(component);
    for (at, component) in from_the_start(bundle).filter(|(_, component)| initialises(component)) {
        let ended = match component.core {
            0 => dispatch(at, &component, INITIALISE, kernel),
            _ => cores::run(at, &component, INITIALISE, kernel),
        };
        if ended != 0 {
            failed.insert(at);
        }
        status.note(ended);
    }
    announce(bundle, &failed, ticks(), kernel);
    let has_failed =
        |at: usize, component: &Component| failed.contains(if component.of == 0 { at } else { component.of as usize });
    let runs = |at: usize, component: &Component| component.scheduler == 0 && !has_failed(at, component);
    let mut others = cores::Others::new(from_the_start(bundle).filter(|(at, component)| runs(*at, component)));
    others.go_on(bundle, MAIN, &mut status, kernel);
    for (at, component) in from_the_start(bundle).filter(|(at, component)| component.core == 0 && runs(*at, component))
    {
        status.note(dispatch(at, &component, MAIN, kernel));
        others.go_on(bundle, MAIN, &mut status, kernel);
    }
    others.finish(bundle, MAIN, &mut status, kernel);
    status.0
}

/// The components that the booter has constructed.
fn from_the_start<'b>(bundle: &'b Bundle) -> impl Iterator<Item = (usize, Component)> + 'b {
    bundle.components().enumerate().skip(1).filter(|(_, component)| component.constructor == 0)
}

/// The first status that is not 0.
pub struct Status(u16);

impl Status {
    /// Notes how one more component ended.
    pub fn note(&mut self, status: u16) {
        if self.0 == 0 {
            self.0 = status;
        }
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

fn dispatch(at: usize, component: &Component, phase: u64, kernel: &mut impl Kernel) -> u16 {
    let ended = kernel.operate(held(at).thread, ThreadOperation::Dispatch as u16, [phase, 0, 0, 0]);
    judge(component, ended, kernel)
}

/// The status with which a component ended; says so if that is not 0.
pub fn judge(component: &Component, ended: Result<[u64; 2], Error>, kernel: &mut impl Kernel) -> u16 {
    let name = component.name();
    match ended {
        Ok([end, status]) if end != ThreadEnd::Faulted as u64 => {
            if status != 0 {
                say(kernel, format_args!("booter: {name} ended with status {status}\n"));
            }
            status as u16
        }
        Ok(_) => {
            say(kernel, format_args!("booter: {name} was ended by a fault\n"));
            Error::Faulted.status()
        }
        Err(error) => {
            say(kernel, format_args!("booter: {name} cannot run: {error}\n"));
            error.status()
        }
    }
}
