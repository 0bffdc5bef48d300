//! Where a thread finds its function, and leaves its result. Both its thread and whoever has the handle refer to the place; the one that
//! is done with it last gives it back.
//!
//! Who has the handle can be lost, and the handle with it. So each use of a place is a *turn*, a number that never comes again: a place
//! whose handle is lost can be [swept](Place::sweep), and a handle finds that it is not its turn any more.

use super::holder::Holder;
use crate::point::{Condition, has_ended};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicU64, AtomicUsize};
use runtime::Result;

/// Bytes that a thread's function takes, with all that it has captured, and its result: at most so many.
pub const ROOM: usize = 128;

/// As many as a component can create threads, and as many again for results that nobody has taken yet.
const PLACES: usize = 16;

#[repr(align(16))]
struct Room(UnsafeCell<MaybeUninit<[u8; ROOM]>>);

/// Drops the result that lies in a place.
pub type DropResult = unsafe fn(&Place);

/// A place.
pub struct Place {
    /// The turn, and in the lowest bits how far it is.
    state: AtomicU64,
    /// The index of its thread, or [`unknown`], or [`ENDED`].
    thread: AtomicU64,
    /// The address of the scope that waits for the thread, or 0.
    scope: AtomicUsize,
    /// Who has the handle.
    pub holder: Holder,
    name: UnsafeCell<Option<&'static str>>,
    drop_result: UnsafeCell<Option<DropResult>>,
    finished: Condition,
    room: Room,
}

// SAFETY: the room is one thread's at a time, by the state; what else is in cells is written before the place's thread starts, and read by
// that, or by whom the state gives the room.
unsafe impl Sync for Place {}

/// In the place of an index: there is none.
const NO_INDEX: u64 = 1 << 63;
/// The thread has ended, and its index may be another's.
const ENDED: u64 = u64::MAX;

/// The thread of this turn may not have started yet.
const fn unknown(turn: u64) -> u64 {
    NO_INDEX | turn
}

/// How far a turn is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
enum Phase {
    Free = 0,
    /// Its thread runs, or is about to, and there is a handle.
    Runs = 1,
    /// Its thread has returned, and there is a handle.
    Finished = 2,
    /// Its thread runs, and there is no handle.
    Detached = 3,
    /// Its thread has returned, there is no handle, and a scope gives the place back.
    Returned = 4,
    /// Somebody fills it, or empties it.
    Taken = 5,
}

/// Bits of a phase.
const BITS: u32 = 3;

static ALL: [Place; PLACES] = [const { Place::new() }; PLACES];

/// The last turn that has begun.
static TURNS: AtomicU64 = AtomicU64::new(0);

/// All places.
pub fn all() -> &'static [Place] {
    &ALL
}

/// A place for a new turn, and the turn: the caller fills it. `None` if all are in use by somebody who is there.
pub fn claim() -> Option<(u64, &'static Place, u64)> {
    free().or_else(|| sweep().then(free).flatten())
}

fn free() -> Option<(u64, &'static Place, u64)> {
    let turn = TURNS.fetch_add(1, Relaxed) + 1;
    let claim = |place: &Place| {
        let state = place.state.load(Relaxed);
        phase(state) == Phase::Free as u64
            && place.state.compare_exchange(state, at(turn, Phase::Taken), Acquire, Relaxed).is_ok()
    };
    (0..).zip(&ALL).find(|(_, place)| claim(place)).map(|(number, place)| (number, place, turn))
}

/// Frees what nobody will come for, and if that is nothing, the oldest of the results of which nobody knows whether somebody will.
/// Answers whether that was any.
#[cold]
fn sweep() -> bool {
    let swept = ALL.iter().filter(|place| place.sweep(Holder::is_lost)).count();
    swept > 0 || oldest_of_a_call().is_some_and(|place| place.sweep(Holder::is_in_a_call))
}

fn oldest_of_a_call() -> Option<&'static Place> {
    let of_a_call = ALL.iter().filter(|place| {
        let state = place.state.load(Acquire);
        phase(state) == Phase::Finished as u64 && place.holder.is_in_a_call(state >> BITS)
    });
    of_a_call.min_by_key(|place| place.state.load(Relaxed))
}

const fn at(turn: u64, phase: Phase) -> u64 {
    turn << BITS | phase as u64
}

const fn phase(state: u64) -> u64 {
    state & ((1 << BITS) - 1)
}

impl Place {
    const fn new() -> Self {
        Self {
            state: AtomicU64::new(0),
            thread: AtomicU64::new(ENDED),
            scope: AtomicUsize::new(0),
            holder: Holder::new(),
            name: UnsafeCell::new(None),
            drop_result: UnsafeCell::new(None),
            finished: Condition::new(),
            room: Room(UnsafeCell::new(MaybeUninit::uninit())),
        }
    }

    /// What a thread of this turn is to do lies there now: it can start. `scope` waits for it if that is not 0.
    ///
    /// # Safety
    ///
    /// The caller has claimed the place and filled the room. A result of its thread is what `drop_result` drops; `None` if
    /// nobody but who waits may.
    pub unsafe fn fill(&self, turn: u64, name: Option<&'static str>, scope: usize, drop_result: Option<DropResult>) {
        self.thread.store(unknown(turn), Relaxed);
        self.scope.store(scope, Relaxed);
        self.holder.begin(turn);
        // SAFETY: the place is the caller's until its state says otherwise.
        unsafe {
            self.name.get().write(name);
            self.drop_result.get().write(drop_result);
        }
        self.state.store(at(turn, Phase::Runs), Release);
    }

    /// There is a thread for this turn.
    pub fn started(&self, turn: u64, thread: u64) {
        // It may have started before, and even have ended; and the place be another's by now.
        let _ = self.thread.compare_exchange(unknown(turn), thread, SeqCst, Relaxed);
    }

    /// Its thread begins: it is the one with this index. Answers the turn.
    pub fn begin(&self, me: u64) -> u64 {
        ALL.iter().filter(|other| !core::ptr::eq(*other, self)).for_each(|other| other.note_end(me));
        self.thread.store(me, SeqCst);
        self.state.load(Acquire) >> BITS
    }

    /// Its thread has left a result there, and is about to end. Answers whether there is a handle; if not, nobody takes the result but the
    /// caller.
    pub fn finish(&self, turn: u64) -> bool {
        self.change(turn, Phase::Runs, Phase::Finished)
    }

    /// Nobody has a handle, and the thread is about to end: the place is free, or its scope's.
    pub fn give_back(&self, turn: u64) {
        if self.scope.load(Acquire) == 0 {
            self.free(turn)
        } else {
            self.state.store(at(turn, Phase::Returned), Release)
        }
    }

    /// Whoever has the handle lets it go. Answers whether the thread has not returned by then.
    pub fn detach(&self, turn: u64) -> bool {
        self.change(turn, Phase::Runs, Phase::Detached)
    }

    /// Takes the result's room, to empty it, and to free the place then. Answers whether there is a result of this turn.
    pub fn take(&self, turn: u64) -> bool {
        self.change(turn, Phase::Finished, Phase::Taken)
    }

    /// Its thread will leave no result. Answers whether that was known to nobody else.
    pub fn give_up(&self, turn: u64) -> bool {
        let is_last = self.change(turn, Phase::Runs, Phase::Taken);
        if is_last {
            self.free(turn);
        }
        is_last
    }

    /// The turn is over.
    pub fn free(&self, turn: u64) {
        self.thread.store(ENDED, Relaxed);
        self.state.store(at(turn, Phase::Free), Release);
    }

    fn change(&self, turn: u64, from: Phase, to: Phase) -> bool {
        self.state.compare_exchange(at(turn, from), at(turn, to), AcqRel, Acquire).is_ok()
    }

    /// Whether its thread has returned, in this turn.
    pub fn has_returned(&self, turn: u64) -> bool {
        self.state.load(Acquire) == at(turn, Phase::Finished)
    }

    /// Whether the place is still that of this turn.
    pub fn is_current(&self, turn: u64) -> bool {
        self.state.load(Acquire) >> BITS == turn
    }

    fn is_in_phase(&self, expected: Phase) -> bool {
        phase(self.state.load(SeqCst)) == expected as u64
    }

    /// Frees the place if nobody can come for it any more: neither its thread, nor, as `is_gone` says, whoever has the handle. Answers
    /// whether that was so.
    fn sweep(&self, is_gone: fn(&Holder, u64) -> bool) -> bool {
        let state = self.state.load(Acquire);
        let turn = state >> BITS;
        let is = |phase: Phase| state == at(turn, phase);
        let nobody_comes = match () {
            () if is(Phase::Detached) => self.thread_is_lost(),
            () if is(Phase::Runs) => is_gone(&self.holder, turn) && self.thread_is_lost(),
            () if is(Phase::Finished) || is(Phase::Returned) => is_gone(&self.holder, turn),
            () => false,
        };
        let takes = || self.state.compare_exchange(state, at(turn, Phase::Taken), AcqRel, Acquire).is_ok();
        if !nobody_comes || !takes() {
            return false;
        }
        // SAFETY: the place is this thread's, by its state; the result that it holds is dropped once.
        if let (true, Some(drop_result)) = (is(Phase::Finished), unsafe { *self.drop_result.get() }) {
            // SAFETY: as above.
            unsafe { drop_result(self) };
        }
        self.free(turn);
        self.finished.changed();
        true
    }

    /// Whether its thread has ended, whatever it has left.
    fn thread_is_lost(&self) -> bool {
        self.thread().is_some_and(has_ended)
    }

    /// Whether its thread has ended in this turn without having returned.
    pub fn is_lost(&self, turn: u64) -> bool {
        self.thread_is_lost() && !self.has_returned(turn)
    }

    /// Whether there is a thread that this scope waits for.
    pub fn is_in(&self, scope: usize) -> bool {
        let phases = [Phase::Runs, Phase::Detached, Phase::Returned];
        self.scope.load(Acquire) == scope && phases.into_iter().any(|phase| self.is_in_phase(phase))
    }

    /// Whether there is nothing left for the scope to wait for.
    pub fn is_done_in(&self, scope: usize) -> bool {
        !self.is_in(scope) || self.is_in_phase(Phase::Returned) && self.is_over()
    }

    /// The scope need not wait for it any more. Answers whether the thread has returned.
    pub fn leave(&self, scope: usize) -> bool {
        if !self.is_in(scope) {
            return true;
        }
        self.scope.store(0, Release);
        let state = self.state.load(Acquire);
        let has_returned = phase(state) == Phase::Returned as u64;
        if has_returned {
            self.free(state >> BITS);
        }
        has_returned
    }

    /// Waits until it is over, or the place's thread has ended.
    pub fn wait_until(&self, is_over: impl Fn() -> bool) -> Result<()> {
        self.finished.wait_for(|| self.thread(), None, || is_over().then_some(())).map(|_| ())
    }

    /// Whether its thread is known to have ended, or its end cannot be waited for.
    pub fn is_over(&self) -> bool {
        self.thread().is_none() || !self.finished.is_known()
    }

    /// Another thread has this index: the one that had it before has ended, and if it was this place's, nobody need wait for that.
    fn note_end(&self, thread: u64) {
        if self.thread.load(SeqCst) == thread && self.thread.compare_exchange(thread, ENDED, SeqCst, Relaxed).is_ok() {
            self.finished.changed();
        }
    }

    /// The index of its thread, unless that is known to have ended.
    fn thread(&self) -> Option<u64> {
        Some(self.thread.load(SeqCst)).filter(|thread| thread & NO_INDEX == 0)
    }

    /// The name of its thread, if that has this index and asks.
    pub fn name_of(&self, thread: u64) -> Option<&'static str> {
        let is_its = self.thread.load(Relaxed) == thread && !self.is_in_phase(Phase::Free);
        // SAFETY: it is the thread itself that asks, whose name was written before it started.
        is_its.then(|| unsafe { *self.name.get() }).flatten()
    }

    /// Puts a value there.
    ///
    /// # Safety
    ///
    /// Nobody else uses the place, and the value fits.
    pub unsafe fn write<V>(&self, value: V) {
        // SAFETY: as the caller says; the room is aligned for all that fits.
        unsafe { self.room.0.get().cast::<V>().write(value) };
    }

    /// Takes a value from there.
    ///
    /// # Safety
    ///
    /// A `V` was written there, which nobody else takes.
    pub unsafe fn read<V>(&self) -> V {
        // SAFETY: as the caller says.
        unsafe { self.room.0.get().cast::<V>().read() }
    }
}

/// Whether there is room for a `V`.
pub const fn fits<V>() -> bool {
    size_of::<V>() <= ROOM && align_of::<V>() <= align_of::<Room>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place is empty: the caller fills it for this turn.
    fn fill(place: &Place, turn: u64, scope: usize) {
        // SAFETY: the place is this test's, and what is in it is never run.
        unsafe { place.fill(turn, None, scope, None) };
    }

    #[test]
    fn who_started_a_thread_says_nothing_of_a_later_one_in_its_place() {
        const SCOPE: usize = 64;
        let place = Place::new();
        fill(&place, 1, 0);
        assert_eq!(place.begin(7), 1);
        assert!(place.finish(1) && place.take(1));
        place.free(1);
        fill(&place, 2, SCOPE);
        place.started(1, 7);
        assert_eq!((place.thread(), place.is_in(SCOPE)), (None, true), "the second has not begun, and its scope waits");
        place.started(2, 8);
        assert_eq!(place.thread(), Some(8));
    }
}
