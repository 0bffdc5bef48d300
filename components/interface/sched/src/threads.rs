//! Threads in friendlier words.

use crate::{Result, Sched, SchedError};
use runtime::thread::{Function, prepare};
use runtime::time;

/// A thread, by its index in the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The index.
    pub index: u64,
}

/// What can be done with threads, by whatever implements [`Sched`].
///
/// ```ignore
/// runtime::import!(SCHED: sched_interface::SchedClient);
///
/// fn greet(number: u64) -> runtime::Result<()> {
///     Ok(())
/// }
///
/// let thread = SCHED.spawn(greet, 7)?;
/// SCHED.unblock(thread)?;
/// ```
pub trait Threads: Sched {
    /// Starts a thread that runs `function` with `argument`. What the function returns is the thread's status.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooManyThreads`]: as many as the graph permits exist already.
    fn spawn(&self, function: Function, argument: u64) -> Result<Thread> {
        let prepared = prepare(function, argument).ok_or(SchedError::TooManyThreads)?;
        let index = self.create(prepared.word())?;
        prepared.started();
        Ok(Thread { index })
    }

    /// Wakes `thread`, or makes its next wait return at once.
    ///
    /// # Errors
    ///
    /// [`NoSuchThread`](crate::SchedError::NoSuchThread): it has ended.
    fn unblock(&self, thread: Thread) -> Result<()> {
        self.wake(thread.index)
    }

    /// Sleeps for so many ticks.
    ///
    /// # Errors
    ///
    /// Those of [`Sched::sleep_until`].
    fn sleep(&self, ticks: u64) -> Result<()> {
        self.sleep_until(time::ticks().saturating_add(ticks))
    }
}

impl<S: Sched + ?Sized> Threads for S {}

/// How long a thread that is ending is waited for, in ticks.
const MOMENT: u64 = 10_000;

/// A server whose methods may wait has its workers from here.
impl runtime::page::WorkerThreads for crate::SchedClient {
    fn spawn(&self, function: Function) -> runtime::Result<()> {
        Threads::spawn(self, function, 0)?;
        Ok(())
    }

    fn wake(&self, thread: u64) -> runtime::Result<()> {
        Ok(Sched::wake(self, thread)?)
    }

    fn pause(&self) -> runtime::Result<()> {
        Ok(self.sleep(MOMENT)?)
    }

    fn background(&self) -> runtime::Result<()> {
        Ok(Sched::background(self)?)
    }
}

/// A client whose page is served on another core has its thread there from here.
impl runtime::page::RunnerThreads for crate::SchedClient {
    fn current(&self) -> u64 {
        runtime::thread::current()
    }

    fn block(&self) -> runtime::Result<()> {
        Ok(Sched::block(self)?)
    }

    fn migrate(&self, core: u64) -> runtime::Result<()> {
        Ok(Sched::migrate(self, core)?)
    }
}

/// A thread whose user threads or tasks all wait sleeps by this.
impl runtime::waiting::Sleeper for crate::SchedClient {
    fn sleep_until(&self, time: u64) -> runtime::Result<()> {
        self.block_until(time)?;
        Ok(())
    }

    fn wake(&self, thread: u64) -> runtime::Result<()> {
        Ok(Sched::wake(self, thread)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// A scheduler that refuses to create threads, and remembers how long it was to let one sleep.
    #[derive(Default)]
    struct Refusing {
        until: Cell<u64>,
    }

    impl Sched for Refusing {
        fn yield_now(&self) -> Result<()> {
            Ok(())
        }

        fn block(&self) -> Result<()> {
            Ok(())
        }

        fn block_until(&self, _: u64) -> Result<bool> {
            Ok(true)
        }

        fn sleep_until(&self, time: u64) -> Result<()> {
            self.until.set(time);
            Ok(())
        }

        fn wake(&self, _: u64) -> Result<()> {
            Ok(())
        }

        fn create(&self, _: u64) -> Result<u64> {
            Err(SchedError::TooManyThreads)
        }

        fn background(&self) -> Result<()> {
            Ok(())
        }

        fn frequency(&self) -> Result<u64> {
            Ok(1)
        }
        crate::not_asked!(points, exchange, ends, cores);
    }

    #[test]
    fn a_thread_that_is_refused_leaves_nothing_behind() {
        for _ in 0..100 {
            assert_eq!(Refusing::default().spawn(|_| Ok(()), 0), Err(SchedError::TooManyThreads));
        }
        assert!(prepare(|_| Ok(()), 0).is_some());
    }

    #[test]
    fn a_sleep_ends_in_the_future_and_time_does_not_wrap() {
        let sched = Refusing::default();
        let before = time::ticks();
        sched.sleep(1_000).unwrap();
        assert!(sched.until.get() >= before + 1_000);
        sched.sleep(u64::MAX).unwrap();
        assert_eq!(sched.until.get(), u64::MAX);
    }
}
