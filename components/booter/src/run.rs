//! The life of the system: each component initialises, then each runs.

use crate::construct::held;
use crate::{Kernel, say};
use abi::bundle::{Bundle, Component};
use abi::error::Error;
use abi::operation::{ThreadEnd, ThreadOperation};

/// What a component's thread is told when it is dispatched. The numbers are those of the runtime.
const PHASES: [u64; 2] = [0, MAIN];

/// Threads that have a scheduler are run by it in this phase, while the booter runs the scheduler.
const MAIN: u64 = 1;

/// Runs all components through both phases; returns the first status that is not 0, or 0.
///
/// A component that failed to initialise does not run; the others do.
pub fn all(bundle: &Bundle, kernel: &mut impl Kernel) -> u16 {
    let mut status = 0;
    for phase in PHASES {
        for (at, component) in bundle.components().enumerate().skip(1) {
            if phase == MAIN && component.scheduler != 0 {
                continue;
            }
            let ended = dispatch(at, &component, phase, kernel);
            status = if status == 0 { ended } else { status };
        }
    }
    status
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
        // It faulted in an earlier phase: that has been said.
        Err(Error::NotDispatchable) => 0,
        Err(error) => {
            say(kernel, format_args!("booter: {name} cannot run: {error}\n"));
            error.status()
        }
    }
}
