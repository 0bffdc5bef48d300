//! What a thread is given, and what it leaves: a function, and then its result, in the same place. Both its thread and whoever has
//! the handle refer to the place; the one that is done with it last gives it back. The place of a thread that is lost, and that nobody
//! waits for, stays taken, as the thread does.

use crate::point::Condition;
use crate::scheduler;
use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize};
use runtime::Result;
use runtime::thread::Function;
use sched_interface::HOLDER_ENDED;

/// Bytes that a thread's function takes, with all that it has captured, and its result: at most so many.
pub const ROOM: usize = 128;

/// As many as a component can create threads, and as many again for results that nobody has taken yet.
const PACKETS: usize = 16;

#[repr(align(16))]
struct Room(UnsafeCell<MaybeUninit<[u8; ROOM]>>);

/// A place.
pub struct Place {
    state: AtomicU32,
    /// The index of its thread, or [`UNKNOWN`], or [`ENDED`].
    thread: AtomicU64,
    /// The address of the scope that waits for the thread, or 0.
    scope: AtomicUsize,
    name: UnsafeCell<Option<&'static str>>,
    finished: Condition,
    room: Room,
}

// SAFETY: the room is one thread's at a time, by the state; the name is written before its thread starts, and read by that alone.
unsafe impl Sync for Place {}

/// The thread may not have started yet.
const UNKNOWN: u64 = u64::MAX;
/// The thread has ended, and its index may be another's.
const ENDED: u64 = u64::MAX - 1;

const FREE: u32 = 0;
/// Its thread runs, or is about to, and there is a handle.
const RUNS: u32 = 1;
/// Its thread has returned, and there is a handle.
const FINISHED: u32 = 2;
/// Its thread runs, and there is no handle.
const DETACHED: u32 = 3;
/// Its thread has returned, there is no handle, and a scope gives the place back.
const RETURNED: u32 = 4;

static PLACES: [Place; PACKETS] = [const {
    Place {
        state: AtomicU32::new(FREE),
        thread: AtomicU64::new(ENDED),
        scope: AtomicUsize::new(0),
        name: UnsafeCell::new(None),
        finished: Condition::new(),
        room: Room(UnsafeCell::new(MaybeUninit::uninit())),
    }
}; PACKETS];

/// The handle's part of a place, whose thread returns a `T`.
pub struct Packet<T> {
    place: &'static Place,
    number: u64,
    entry: Function,
    drop_function: unsafe fn(&Place),
    result: PhantomData<fn() -> T>,
}

impl<T> Packet<T> {
    /// A place with a function for a thread to run, and the thread's name.
    ///
    /// # Safety
    ///
    /// The thread ends, or is lost, before anything goes that the function or its result refers to.
    pub unsafe fn claim<F>(function: F, name: Option<&'static str>) -> Option<Self>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        const { assert!(fits::<F>() && fits::<T>(), "what a thread is given, and what it returns, fits into ROOM bytes") };
        let claim = |place: &Place| place.state.compare_exchange(FREE, RUNS, Acquire, Acquire).is_ok();
        let (number, place) = (0..).zip(&PLACES).find(|(_, place)| claim(place))?;
        place.thread.store(UNKNOWN, Relaxed);
        place.scope.store(0, Relaxed);
        // SAFETY: the place is this thread's until another starts, and what is there fits.
        unsafe {
            place.name.get().write(name);
            place.write(function);
        }
        Some(Self { place, number, entry: enter::<F, T>, drop_function: drop_function::<F>, result: PhantomData })
    }

    /// What the thread runs, with the packet's number.
    pub const fn entry(&self) -> Function {
        self.entry
    }

    /// The packet's number.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// There is a thread for it, which `scope` waits for if that is not 0.
    pub fn started(&self, thread: u64, scope: usize) {
        // It may have started before, and even have ended.
        let _ = self.place.thread.compare_exchange(UNKNOWN, thread, SeqCst, Relaxed);
        self.place.scope.store(scope, Release);
    }

    /// There is no thread for it after all.
    pub fn take_back(self) {
        let this = ManuallyDrop::new(self);
        // SAFETY: nobody has started, so the function is still there.
        unsafe { (this.drop_function)(this.place) };
        this.place.free();
    }

    /// Whether the thread has returned, or is lost.
    pub fn is_finished(&self) -> bool {
        self.place.has_returned() || self.place.is_lost()
    }

    /// Waits for the thread's end, and takes its result.
    pub fn wait(self) -> Result<T> {
        match self.place.wait_until(|| self.place.has_returned() && self.place.is_over()) {
            Ok(()) | Err(HOLDER_ENDED) => {}
            // Nobody waits for it any more.
            Err(error) => return Err(error),
        }
        let this = ManuallyDrop::new(self);
        // SAFETY: its thread has returned and left its result there, which nobody else takes.
        let result = this.place.has_returned().then(|| unsafe { this.place.read() });
        this.place.free();
        result.ok_or(HOLDER_ENDED)
    }
}

impl<T> Drop for Packet<T> {
    fn drop(&mut self) {
        if self.place.state.compare_exchange(RUNS, DETACHED, AcqRel, Acquire).is_err() {
            // SAFETY: its thread has returned and left its result there, which nobody else takes.
            drop(unsafe { self.place.read::<T>() });
            self.place.free();
        }
    }
}

impl<T> fmt::Debug for Packet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_returned = self.place.has_returned();
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
    while let Some(place) = PLACES.iter().find(|place| place.is_in(scope)) {
        match place.wait_until(|| !place.is_in(scope) || place.state.load(Acquire) == RETURNED && place.is_over()) {
            Ok(()) | Err(HOLDER_ENDED) => all_returned &= place.leave(scope),
            Err(error) => return Err(error),
        }
    }
    Ok(all_returned)
}

/// The name that the thread with this index was given, which asks for it.
pub fn name_of(thread: u64) -> Option<&'static str> {
    let is_its = |place: &&Place| place.thread.load(Relaxed) == thread && place.state.load(Acquire) != FREE;
    // SAFETY: it is the thread itself that asks, whose name was written before it started.
    PLACES.iter().find(is_its).and_then(|place| unsafe { *place.name.get() })
}

impl Place {
    fn has_returned(&self) -> bool {
        self.state.load(Acquire) == FINISHED
    }

    /// Whether there is a thread that this scope waits for.
    fn is_in(&self, scope: usize) -> bool {
        self.scope.load(Acquire) == scope && matches!(self.state.load(SeqCst), RUNS | DETACHED | RETURNED)
    }

    /// The scope need not wait for it any more. Answers whether the thread has returned.
    fn leave(&self, scope: usize) -> bool {
        if !self.is_in(scope) {
            return true;
        }
        self.scope.store(0, Release);
        let has_returned = self.state.load(Acquire) == RETURNED;
        if has_returned {
            self.free();
        }
        has_returned
    }

    /// Waits until it is over, or the place's thread has ended.
    fn wait_until(&self, is_over: impl Fn() -> bool) -> Result<()> {
        self.finished.wait_for(|| self.thread(), None, || is_over().then_some(())).map(|_| ())
    }

    /// Whether its thread is known to have ended, or its end cannot be waited for.
    fn is_over(&self) -> bool {
        self.thread().is_none() || !self.finished.is_known()
    }

    /// Whether its thread has ended without having returned.
    fn is_lost(&self) -> bool {
        self.thread().is_some_and(|thread| self.finished.has_ended(thread)) && !self.has_returned()
    }

    /// Another thread has this index: the one that had it before has ended, and if it was this place's, nobody need wait for that.
    fn note_end(&self, thread: u64) {
        if self.thread.load(SeqCst) == thread && self.thread.compare_exchange(thread, ENDED, SeqCst, Relaxed).is_ok() {
            self.finished.changed();
        }
    }

    /// The index of its thread, unless that is known to have ended.
    fn thread(&self) -> Option<u64> {
        Some(self.thread.load(SeqCst)).filter(|thread| *thread < ENDED)
    }

    /// Nobody has a handle, and the thread is about to end: the place is free, or its scope's.
    fn give_back(&self) {
        if self.scope.load(Acquire) == 0 { self.free() } else { self.state.store(RETURNED, Release) }
    }

    fn free(&self) {
        self.thread.store(ENDED, Relaxed);
        self.state.store(FREE, Release);
    }

    /// # Safety
    ///
    /// Nobody else uses the place, and the value fits.
    unsafe fn write<V>(&self, value: V) {
        // SAFETY: as the caller says; the room is aligned for all that fits.
        unsafe { self.room.0.get().cast::<V>().write(value) };
    }

    /// # Safety
    ///
    /// A `V` was written there, which nobody else takes.
    unsafe fn read<V>(&self) -> V {
        // SAFETY: as the caller says.
        unsafe { self.room.0.get().cast::<V>().read() }
    }
}

const fn fits<V>() -> bool {
    size_of::<V>() <= ROOM && align_of::<V>() <= align_of::<Room>()
}

/// # Safety
///
/// An `F` was written there, which nobody else takes.
unsafe fn drop_function<F>(place: &Place) {
    // SAFETY: as the caller says.
    drop(unsafe { place.read::<F>() });
}

fn enter<F: FnOnce() -> T, T>(number: u64) -> Result<()> {
    let Some(place) = PLACES.get(number as usize) else { return Ok(()) };
    let me = scheduler::index(scheduler::number());
    PLACES.iter().filter(|other| !core::ptr::eq(*other, place)).for_each(|other| other.note_end(me));
    place.thread.store(me, SeqCst);
    // SAFETY: `claim` has put the function there, and a thread is started for it once.
    let result = (unsafe { place.read::<F>() })();
    // SAFETY: the function has been taken, and the handle is used only when the state says that there is a result.
    unsafe { place.write(result) };
    if place.state.compare_exchange(RUNS, FINISHED, AcqRel, Acquire).is_err() {
        // SAFETY: the result was put there just now, and nobody is left to take it.
        drop(unsafe { place.read::<T>() });
        place.give_back();
    }
    // Who waits does so for the thread's end, unless that cannot be waited for: then it looks again by itself.
    Ok(())
}
