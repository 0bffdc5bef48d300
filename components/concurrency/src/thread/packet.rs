//! What a thread is given, and what it leaves: a function, and then its result, in the same [place](super::place).

use super::place::{self, Place, all, fits};
use crate::scheduler;
use crate::{HOLDER_ENDED, ThreadError};
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use runtime::thread::Function;
use runtime::{Error, Result};

/// The error of a handle that was not used for so long that its thread's result has given way to others: see [`spawn`](super::spawn()).
pub const NOT_KEPT: Error = ThreadError::NotKept.error();

/// The handle's part of a place, whose thread returns a `T`.
pub struct Packet<T> {
    place: &'static Place,
    number: u64,
    turn: u64,
    entry: Function,
    drop_function: unsafe fn(&Place),
    result: PhantomData<fn() -> T>,
}

impl<T> Packet<T> {
    /// A place with a function for a thread to run, and the thread's name; `scope` waits for it if that is not 0, and keeps what they borrow.
    ///
    /// # Safety
    ///
    /// The thread ends, or is lost, before anything goes that the function or its result refers to.
    pub unsafe fn claim<F>(function: F, name: Option<&'static str>, scope: usize) -> Option<Self>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        const { assert!(fits::<F>() && fits::<T>(), "what a thread is given, and what it returns, fits into ROOM bytes") };
        let (number, place, turn) = place::claim()?;
        // What a scope's thread has borrowed may be gone, with the thread of the scope.
        let drop_result = (scope == 0).then_some(drop_value::<T> as place::DropResult);
        // SAFETY: the place is this thread's until another starts, and what is there fits.
        unsafe {
            place.write(function);
            place.fill(turn, name, scope, drop_result);
        }
        let (entry, drop_function) = (enter::<F, T>, drop_value::<F>);
        Some(Self { place, number, turn, entry, drop_function, result: PhantomData })
    }

    /// What the thread runs, with the packet's number.
    pub const fn entry(&self) -> Function {
        self.entry
    }

    /// The packet's number.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// There is a thread for it.
    pub fn started(&self, thread: u64) {
        self.place.started(self.turn, thread);
    }

    /// There is no thread for it after all.
    pub fn take_back(self) {
        let this = ManuallyDrop::new(self);
        // SAFETY: nobody has started, so the function is still there.
        unsafe { (this.drop_function)(this.place) };
        this.place.free(this.turn);
    }

    /// Whether the thread has returned, or is lost, or its result was not kept.
    pub fn is_finished(&self) -> bool {
        let (place, turn) = (self.place, self.turn);
        place.has_returned(turn) || place.is_lost(turn) || !place.is_current(turn)
    }

    /// Waits for the thread's end, and takes its result.
    pub fn wait(self) -> Result<T> {
        let (place, turn) = (self.place, self.turn);
        place.holder.waits(turn);
        match place.wait_until(|| !place.is_current(turn) || place.has_returned(turn) && place.is_over()) {
            // Nobody waits for it any more.
            Err(error) if error != HOLDER_ENDED => return Err(error),
            _ => {}
        }
        let this = ManuallyDrop::new(self);
        match this.take_result() {
            Some(result) => Ok(result),
            None if place.give_up(turn) => Err(HOLDER_ENDED),
            None => Err(NOT_KEPT),
        }
    }

    /// The result, if there is one of this turn; then the place is free.
    fn take_result(&self) -> Option<T> {
        let is_there = self.place.take(self.turn);
        // SAFETY: its thread has returned and left its result there, which nobody else takes.
        let result = is_there.then(|| unsafe { self.place.read() })?;
        self.place.free(self.turn);
        Some(result)
    }
}

impl<T> Drop for Packet<T> {
    fn drop(&mut self) {
        if !self.place.detach(self.turn) {
            drop(self.take_result());
        }
    }
}

impl<T> fmt::Debug for Packet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_returned = self.place.has_returned(self.turn);
        f.debug_struct("Packet").field("number", &self.number).field("has_returned", &has_returned).finish()
    }
}

/// Waits for the ends of all threads of a scope. Answers whether all have returned, but for those that were waited for before.
///
/// # Errors
///
/// The scheduler's: there may be threads left.
pub fn wait_for_all(scope: usize) -> Result<bool> {
    let mut all_returned = true;
    // Threads of a scope may start others there.
    while let Some(place) = all().iter().find(|place| place.is_in(scope)) {
        match place.wait_until(|| place.is_done_in(scope)) {
            Err(error) if error != HOLDER_ENDED => return Err(error),
            _ => all_returned &= place.leave(scope),
        }
    }
    Ok(all_returned)
}

/// The name that the thread with this index was given, which asks for it.
pub fn name_of(thread: u64) -> Option<&'static str> {
    all().iter().find_map(|place| place.name_of(thread))
}

/// # Safety
///
/// A `V` was written there, which nobody else takes.
unsafe fn drop_value<V>(place: &Place) {
    // SAFETY: as the caller says.
    drop(unsafe { place.read::<V>() });
}

fn enter<F: FnOnce() -> T, T>(number: u64) -> Result<()> {
    let Some(place) = all().get(number as usize) else { return Ok(()) };
    let me = scheduler::index(scheduler::number());
    let turn = place.begin(me);
    // SAFETY: `claim` has put the function there, and a thread is started for it once.
    let result = (unsafe { place.read::<F>() })();
    // SAFETY: the function has been taken, and the handle is used only when the state says that there is a result.
    unsafe { place.write(result) };
    if !place.finish(turn) {
        // SAFETY: the result was put there just now, and nobody is left to take it.
        drop(unsafe { place.read::<T>() });
        place.give_back(turn);
    }
    // Handles that it had and that are still used have been moved.
    all().iter().for_each(|place| place.holder.returned(me));
    // Who waits does so for the thread's end, unless that cannot be waited for: then it looks again by itself.
    Ok(())
}
