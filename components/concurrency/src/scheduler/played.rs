//! A scheduler for tests on the host: threads are the host's, and a blockpoint is an entry of a map.

use super::SCHED;
use core::cell::Cell;
use core::num::NonZeroU32;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use runtime::CallError;
use sched_interface::{NEVER, NOBODY, Result, Sched, SchedError};
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use std::vec::Vec;

static THREADS: AtomicU32 = AtomicU32::new(0);

std::thread_local! {
    /// Nothing is dropped, so that it is there as long as anything of the thread is.
    static NUMBER: Cell<Option<NonZeroU32>> = const { Cell::new(None) };
    /// Of a thread that somebody else has started.
    static END: End = const { End };
    /// Whether this thread executes what a client called.
    pub static IS_CALLED: Cell<bool> = const { Cell::new(false) };
    /// How often this thread has called the scheduler.
    pub static CALLS: Cell<u64> = const { Cell::new(0) };
    /// Whether this thread's blockpoints are refused.
    pub static REFUSES_POINTS: Cell<bool> = const { Cell::new(false) };
}

/// Says that its thread has ended.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        SCHED.end(number().get().into());
    }
}

/// The number of the thread that executes this.
pub fn number() -> NonZeroU32 {
    NUMBER.get().unwrap_or_else(|| {
        let number = next();
        NUMBER.set(Some(number));
        // One that is about to end need not say so: nobody knows it.
        let _ = END.try_with(|_| ());
        number
    })
}

/// A number that no thread has had.
fn next() -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(THREADS.fetch_add(1, Relaxed))
}

fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

/// A tick is a nanosecond.
pub fn ticks() -> u64 {
    start().elapsed().as_nanos() as u64
}

#[derive(Default)]
struct Point {
    epoch: u64,
    waiting: Vec<u32>,
    is_freed: bool,
}

#[derive(Default)]
struct State {
    points: HashMap<u64, Point>,
    made: u64,
    /// Who may consume one wake-up.
    woken: Vec<u64>,
    /// Who has ended.
    ended: Vec<u64>,
}

pub struct Played {
    state: OnceLock<Mutex<State>>,
    changed: Condvar,
}

impl Played {
    pub const fn new() -> Self {
        Self { state: OnceLock::new(), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blockpoints that there are.
    #[cfg(test)]
    pub fn points(&self) -> usize {
        self.state().points.values().filter(|point| !point.is_freed).count()
    }

    /// Threads that wait at blockpoints.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.state().points.values().map(|point| point.waiting.len()).sum()
    }

    /// Does something as soon as one waits, or two.
    #[cfg(test)]
    pub fn when_one_waits(&self, does: impl FnOnce()) {
        while self.waiting() == 0 {
            thread::yield_now();
        }
        does();
    }

    fn end(&self, thread: u64) {
        self.state().ended.push(thread);
        self.changed.notify_all();
    }

    /// The thread that calls this faults: nothing of it goes on, or is dropped.
    #[cfg(test)]
    pub fn fault(&self) -> ! {
        self.end(number().get().into());
        loop {
            thread::park();
        }
    }

    /// Waits until `is_over` says so, or until `time`. Answers whether it was.
    fn wait_until(&self, time: u64, mut is_over: impl FnMut(&mut State) -> bool) -> bool {
        let mut state = self.state();
        while !is_over(&mut state) {
            let left = time.saturating_sub(ticks());
            if left == 0 {
                return false;
            }
            let left = Duration::from_nanos(left.min(1_000_000_000));
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn begin(&self, name: u64, epoch: u64, wakes: usize) -> Result<()> {
        let mut state = self.state();
        let point = state.points.get_mut(&name).filter(|point| !point.is_freed).ok_or(SchedError::NoSuchPoint)?;
        point.epoch = point.epoch.max(epoch);
        let wakes = wakes.min(point.waiting.len());
        point.waiting.drain(..wakes);
        self.changed.notify_all();
        Ok(())
    }
}

impl Sched for Played {
    fn yield_now(&self) -> Result<()> {
        CALLS.set(CALLS.get() + 1);
        thread::yield_now();
        Ok(())
    }

    fn block(&self) -> Result<()> {
        CALLS.set(CALLS.get() + 1);
        self.block_until(NEVER).map(|_| ())
    }

    fn block_until(&self, time: u64) -> Result<bool> {
        CALLS.set(CALLS.get() + 1);
        let me = u64::from(number().get());
        Ok(self.wait_until(time, |state| {
            let at = state.woken.iter().position(|woken| *woken == me);
            at.map(|at| state.woken.remove(at)).is_some()
        }))
    }

    fn sleep_until(&self, time: u64) -> Result<()> {
        CALLS.set(CALLS.get() + 1);
        thread::sleep(Duration::from_nanos(time.saturating_sub(ticks())));
        Ok(())
    }

    fn wake(&self, thread: u64) -> Result<()> {
        CALLS.set(CALLS.get() + 1);
        let mut state = self.state();
        if !state.woken.contains(&thread) {
            state.woken.push(thread);
        }
        self.changed.notify_all();
        Ok(())
    }

    fn create(&self, word: u64) -> Result<u64> {
        CALLS.set(CALLS.get() + 1);
        let number = next();
        let index = number.get();
        let started = thread::spawn(move || {
            NUMBER.set(Some(number));
            runtime::thread::run(word)
        });
        // It has ended when its own values are dropped.
        thread::spawn(move || {
            let _ = started.join();
            SCHED.end(index.into());
        });
        Ok(index.into())
    }

    fn background(&self) -> Result<()> {
        CALLS.set(CALLS.get() + 1);
        Ok(())
    }

    fn frequency(&self) -> Result<u64> {
        CALLS.set(CALLS.get() + 1);
        Ok(1_000_000_000)
    }

    fn create_point(&self) -> Result<u64> {
        CALLS.set(CALLS.get() + 1);
        if REFUSES_POINTS.get() {
            return Err(SchedError::TooManyPoints);
        }
        let mut state = self.state();
        state.made += 1;
        let name = state.made;
        state.points.insert(name, Point::default());
        Ok(name)
    }

    fn free_point(&self, name: u64) -> Result<()> {
        CALLS.set(CALLS.get() + 1);
        let mut state = self.state();
        state.points.get_mut(&name).filter(|point| !point.is_freed).ok_or(SchedError::NoSuchPoint)?.is_freed = true;
        self.changed.notify_all();
        Ok(())
    }

    fn wait_on(&self, name: u64, epoch: u64, holder: u64, time: u64) -> Result<bool> {
        CALLS.set(CALLS.get() + 1);
        let me = number().get();
        if holder == u64::from(me) {
            return Err(SchedError::WouldDeadlock);
        }
        let mut waits = false;
        let is_over = |state: &mut State| {
            let Some(point) = state.points.get_mut(&name).filter(|point| !point.is_freed) else { return true };
            if !waits && epoch >= point.epoch {
                point.waiting.push(me);
            }
            waits = true;
            !point.waiting.contains(&me) || state.ended.contains(&holder)
        };
        let is_triggered = self.wait_until(time, is_over);
        let mut state = self.state();
        let has_ended = state.ended.contains(&holder);
        let point = state.points.get_mut(&name).filter(|point| !point.is_freed).ok_or(SchedError::NoSuchPoint)?;
        let still = point.waiting.contains(&me);
        point.waiting.retain(|other| *other != me);
        if has_ended && (still || !is_triggered) { Err(SchedError::HolderEnded) } else { Ok(is_triggered || !still) }
    }

    fn trigger(&self, point: u64, epoch: u64) -> Result<()> {
        CALLS.set(CALLS.get() + 1);
        self.begin(point, epoch, usize::MAX)
    }

    fn trigger_and_wait(&self, there: u64, begins: u64, here: u64, seen: u64) -> Result<()> {
        CALLS.set(CALLS.get() + 1);
        self.trigger(there, begins)?;
        self.wait_on(here, seen, NOBODY, NEVER).map(|_| ())
    }

    fn trigger_one(&self, point: u64, epoch: u64) -> Result<()> {
        CALLS.set(CALLS.get() + 1);
        self.begin(point, epoch, 1)
    }

    fn end_wait_at(&self, _: u64) -> Result<()> {
        CALLS.set(CALLS.get() + 1);
        Err(SchedError::NotScheduled)
    }

    sched_interface::not_asked!(exchange);

    fn migrate(&self, _: u64) -> Result<()> {
        Err(SchedError::Call(CallError::Unknown))
    }
}
