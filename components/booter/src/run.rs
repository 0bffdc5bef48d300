//! The life of the system: each component initialises, then each runs.

use crate::construct::held;
use crate::{Kernel, say};
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
    let mut failed = Failed([0; _]);
    let mut status = Status(0);
    for (at, component) in bundle.components().enumerate().skip(1) {
        let ended = dispatch(at, &component, INITIALISE, kernel);
        failed.note(at, ended);
        status.note(ended);
    }
    announce(bundle, &failed, ticks(), kernel);
    for (at, component) in bundle.components().enumerate().skip(1) {
        if component.scheduler == 0 && !failed.contains(at) {
            status.note(dispatch(at, &component, MAIN, kernel));
        }
    }
    status.0
}

/// The first status that is not 0.
struct Status(u16);

impl Status {
    fn note(&mut self, status: u16) {
        if self.0 == 0 {
            self.0 = status;
        }
    }
}

/// The components that failed to initialise, a bit each.
struct Failed([u64; THREADS as usize / 64]);

impl Failed {
    fn note(&mut self, at: usize, status: u16) {
        if let Some(word) = self.0.get_mut(at / 64).filter(|_| status != 0) {
            *word |= 1 << (at % 64);
        }
    }

    fn contains(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }
}

/// Says who is up, in the order in which they came up.
fn announce(bundle: &Bundle, failed: &Failed, ticks: u64, kernel: &mut impl Kernel) {
    say(kernel, format_args!("booter: up:"));
    for (at, component) in bundle.components().enumerate().skip(1) {
        if !failed.contains(at) {
            say(kernel, format_args!(" {}", component.name()));
        }
    }
    say(kernel, format_args!(", {ticks} ticks after the start\n"));
}

fn dispatch(at: usize, component: &Component, phase: u64, kernel: &mut impl Kernel) -> u16 {
    let name = component.name();
    match kernel.operate(held(at).thread, ThreadOperation::Dispatch as u16, [phase, 0, 0, 0]) {
        Ok([end, status]) if end == ThreadEnd::Returned as u64 => {
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
