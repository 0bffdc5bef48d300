//! A gate: a method that waits until it is opened, beside one that does not wait.
#![no_std]
#![forbid(unsafe_code)]

use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::{Acquire, Release};
use runtime::Result;
use sched_interface::{Sched, Threads};

/// Something that one can wait for.
#[runtime::interface]
pub trait Gate {
    /// Answers the number once the gate is open.
    #[may_block]
    fn pass(&self, number: u64) -> Result<u64>;

    /// Answers the number.
    fn echo(&self, number: u64) -> Result<u64>;

    /// Opens the gate, or closes it.
    fn open(&self, open: bool) -> Result<()>;

    /// Divides, and faults if that cannot be done.
    fn divide(&self, dividend: u64, divisor: u64) -> Result<u64>;

    /// Answers the number in a moment, whether the gate is open or not.
    #[may_block]
    fn nap(&self, number: u64) -> Result<u64>;

    /// Never stops.
    #[may_block]
    fn toil(&self) -> Result<()>;

    /// Divides in a moment, and faults if that cannot be done.
    #[may_block]
    fn stumble(&self, dividend: u64, divisor: u64) -> Result<u64>;

    /// Answers the core that executes this.
    fn core(&self) -> Result<u64>;
}

/// A gate in front of which threads sleep by `sched`.
pub struct Barrier<S: 'static> {
    sched: &'static S,
    is_open: AtomicBool,
}

/// Ticks between two looks at the gate.
const MOMENT: u64 = 5_000;

impl<S> Barrier<S> {
    /// A closed gate.
    pub const fn new(sched: &'static S) -> Self {
        Self { sched, is_open: AtomicBool::new(false) }
    }
}

impl<S: Sched> Gate for Barrier<S> {
    fn pass(&self, number: u64) -> Result<u64> {
        while !self.is_open.load(Acquire) {
            self.sched.sleep(MOMENT)?;
        }
        Ok(number)
    }

    fn echo(&self, number: u64) -> Result<u64> {
        Ok(number)
    }

    fn open(&self, open: bool) -> Result<()> {
        self.is_open.store(open, Release);
        Ok(())
    }

    fn divide(&self, dividend: u64, divisor: u64) -> Result<u64> {
        // A panic is a fault.
        Ok(dividend / divisor)
    }

    fn nap(&self, number: u64) -> Result<u64> {
        self.sched.sleep(MOMENT)?;
        Ok(number)
    }

    fn toil(&self) -> Result<()> {
        loop {
            core::hint::spin_loop();
        }
    }

    fn stumble(&self, dividend: u64, divisor: u64) -> Result<u64> {
        self.sched.sleep(MOMENT)?;
        self.divide(dividend, divisor)
    }

    fn core(&self) -> Result<u64> {
        Ok(runtime::thread::core().into())
    }
}
