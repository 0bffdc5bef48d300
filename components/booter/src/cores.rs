//! Components on other cores than the booter's: launched there, and awaited.
//!
//! Each initialises in its turn, like all others. Then those of one core run one after another, in the bundle's order; and the
//! cores beside each other.

use crate::construct::held;
use crate::phases::judge;
use crate::run::{Set, Status};
use crate::{Failure, Kernel};
use abi::boot::slot;
use abi::bundle::{Bundle, Component};
use abi::error::Error;
use abi::operation::{ReceiveOperation, TableOperation, ThreadOperation};

/// Whether the machine has every core that a component is to run on.
///
/// # Errors
///
/// [`Failure::NoSuchCore`].
pub fn check(bundle: &Bundle, cores: u64) -> Result<(), Failure> {
    match bundle.components().enumerate().find(|(_, component)| component.core >= cores) {
        Some((component, Component { core, .. })) => Err(Failure::NoSuchCore { component, core, cores }),
        None => Ok(()),
    }
}

/// Makes what is needed to hear of other cores.
///
/// # Errors
///
/// The kernel's.
pub fn listen(bundle: &Bundle, kernel: &mut impl Kernel) -> Result<(), Failure> {
    if bundle.components().any(|component| component.core != 0) {
        let words = [slot::SEND.into(), slot::RECEIVE.into(), 0, 0];
        kernel.operate(slot::TABLE, TableOperation::CreateSend as u16, words)?;
    }
    Ok(())
}

/// Runs a phase of the component number `at` on its core, and waits for its end. Returns its status.
pub fn run(at: usize, component: &Component, phase: u64, kernel: &mut impl Kernel) -> u16 {
    let mut ended = await_free(at, phase, kernel);
    if ended.is_ok() {
        ended = await_end(at, kernel);
    }
    judge(component, ended, kernel)
}

/// Components that run on other cores.
pub struct Others {
    waiting: Set,
    running: Set,
}

impl Others {
    /// Those of `components` that do not run on the booter's core. None of them has begun.
    pub fn new(components: impl Iterator<Item = (usize, Component)>) -> Self {
        let mut waiting = Set::new();
        components.filter(|(_, component)| component.core != 0).for_each(|(at, _)| waiting.insert(at));
        Self { waiting, running: Set::new() }
    }

    /// Notes who has ended, and launches who can be.
    pub fn go_on(&mut self, bundle: &Bundle, phase: u64, status: &mut Status, kernel: &mut impl Kernel) {
        for (at, component) in bundle.components().enumerate() {
            if self.running.contains(at) {
                match kernel.operate(held(at).thread, ThreadOperation::Ended as u16, [0; 4]) {
                    Err(Error::Pending) => {}
                    ended => {
                        self.running.remove(at);
                        status.note(judge(&component, ended, kernel));
                    }
                }
            }
            if self.waiting.contains(at) {
                match launch(at, phase, kernel) {
                    Err(Error::InUse) => {}
                    Ok(_) => {
                        self.waiting.remove(at);
                        self.running.insert(at);
                    }
                    refused => {
                        self.waiting.remove(at);
                        status.note(judge(&component, refused, kernel));
                    }
                }
            }
        }
    }

    /// Waits until all have run.
    pub fn finish(&mut self, bundle: &Bundle, phase: u64, status: &mut Status, kernel: &mut impl Kernel) {
        self.go_on(bundle, phase, status, kernel);
        while !(self.waiting.is_empty() && self.running.is_empty()) && hear(kernel).is_ok() {
            self.go_on(bundle, phase, status, kernel);
        }
    }
}

/// Launches the component number `at` as soon as its core runs nothing.
pub fn await_free(at: usize, phase: u64, kernel: &mut impl Kernel) -> Result<[u64; 2], Error> {
    loop {
        match launch(at, phase, kernel) {
            Err(Error::InUse) => hear(kernel)?,
            done => return done,
        };
    }
}

/// Waits until the component number `at` has ended; tells how.
pub fn await_end(at: usize, kernel: &mut impl Kernel) -> Result<[u64; 2], Error> {
    loop {
        match kernel.operate(held(at).thread, ThreadOperation::Ended as u16, [0; 4]) {
            Err(Error::Pending) => hear(kernel)?,
            ended => return ended,
        };
    }
}

fn launch(at: usize, phase: u64, kernel: &mut impl Kernel) -> Result<[u64; 2], Error> {
    kernel.operate(held(at).thread, ThreadOperation::Launch as u16, [phase, slot::SEND.into(), 0, 0])
}

/// Waits until a component has ended since the last time.
fn hear(kernel: &mut impl Kernel) -> Result<[u64; 2], Error> {
    kernel.operate(slot::RECEIVE, ReceiveOperation::Receive as u16, [0; 4])
}
