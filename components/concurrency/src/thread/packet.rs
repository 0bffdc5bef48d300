//! What a thread is given, and what it leaves: a function, and then its result, in the same place. Both its thread and whoever has
//! the handle refer to the place; the one that is done with it last gives it back.

use crate::point::Condition;
use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use runtime::Result;
use runtime::thread::Function;

/// Bytes that a thread's function takes, with all that it has captured, and its result: at most so many.
pub const ROOM: usize = 128;

/// As many as a component can create threads, and as many again for results that nobody has taken yet.
const PACKETS: usize = 16;

#[repr(align(16))]
struct Room(UnsafeCell<MaybeUninit<[u8; ROOM]>>);

/// A place.
struct Place {
    state: AtomicU32,
    finished: Condition,
    room: Room,
}

// SAFETY: the room is one thread's at a time, by the state.
unsafe impl Sync for Place {}

const FREE: u32 = 0;
/// Its thread runs, or is about to, and there is a handle.
const RUNS: u32 = 1;
/// Its thread has returned, and there is a handle.
const FINISHED: u32 = 2;
/// Its thread runs, and there is no handle.
const DETACHED: u32 = 3;

static PLACES: [Place; PACKETS] = [const {
    Place {
        state: AtomicU32::new(FREE),
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
    /// A place with a function for a thread to run.
    pub fn claim<F>(function: F) -> Option<Self>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        const { assert!(fits::<F>() && fits::<T>(), "what a thread is given, and what it returns, fits into ROOM bytes") };
        let claim = |place: &Place| place.state.compare_exchange(FREE, RUNS, Acquire, Acquire).is_ok();
        let (number, place) = (0..).zip(&PLACES).find(|(_, place)| claim(place))?;
        // SAFETY: the place is this thread's until another starts, and what is there fits.
        unsafe { place.write(function) };
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

    /// There is no thread for it after all.
    pub fn take_back(self) {
        let this = ManuallyDrop::new(self);
        // SAFETY: nobody has started, so the function is still there.
        unsafe { (this.drop_function)(this.place) };
        this.place.state.store(FREE, Release);
    }

    pub fn is_finished(&self) -> bool {
        self.place.state.load(Acquire) == FINISHED
    }

    /// Waits for the thread's result.
    pub fn wait(self) -> Result<T> {
        self.place.finished.wait(None, || self.is_finished().then_some(()))?;
        let this = ManuallyDrop::new(self);
        // SAFETY: its thread has returned and left its result there, which nobody else takes.
        let result = unsafe { this.place.read() };
        this.place.state.store(FREE, Release);
        Ok(result)
    }
}

impl<T> Drop for Packet<T> {
    fn drop(&mut self) {
        if self.place.state.compare_exchange(RUNS, DETACHED, AcqRel, Acquire).is_err() {
            // SAFETY: its thread has returned and left its result there, which nobody else takes.
            drop(unsafe { self.place.read::<T>() });
            self.place.state.store(FREE, Release);
        }
    }
}

impl<T> fmt::Debug for Packet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet").field("number", &self.number).field("finished", &self.is_finished()).finish()
    }
}

impl Place {
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
    // SAFETY: `claim` has put the function there, and a thread is started for it once.
    let result = (unsafe { place.read::<F>() })();
    // SAFETY: the function has been taken, and the handle is used only when the state says that there is a result.
    unsafe { place.write(result) };
    if place.state.compare_exchange(RUNS, FINISHED, AcqRel, Acquire).is_ok() {
        place.finished.changed();
    } else {
        // SAFETY: the result was put there just now, and nobody is left to take it.
        drop(unsafe { place.read::<T>() });
        place.state.store(FREE, Release);
    }
    Ok(())
}
