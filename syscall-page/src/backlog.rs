//! An edge's calls that wait for a worker, in the server's own memory.
//!
//! There is a place for each entry of the edge's page, so a client that posts calls which never end is in nobody's way but its own;
//! and of the workers it has no more at once than the graph says: some of its own, or a few of those that edges have together.

use crate::books::each;
use crate::layout::{ARGUMENTS, ENTRIES};
use crate::request::Request;
use crate::server::Blocked;
use crate::word::Word;
use abi::page::PARKED_WORDS;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A call that waits for a worker, or that one runs.
#[derive(Debug)]
#[must_use = "a call that is dropped is never answered"]
pub struct Work {
    /// What is to be run.
    pub request: Request,
    /// The right, and the duty, to answer it.
    pub blocked: Blocked,
}

/// The workers that the edges have together that have none of their own.
#[derive(Debug)]
#[repr(C)]
pub struct Common<W> {
    /// Those that may be busy at once.
    limit: u64,
    /// Those that are.
    busy: W,
}

/// The calls of an edge.
#[derive(Debug)]
#[repr(C)]
pub struct Backlog<W, const N: usize = ENTRIES> {
    /// Capability number << 16 of the server's own entry, as direct calls of the edge come in.
    entry: u64,
    /// Workers that may be busy with them at once.
    limit: u64,
    /// Whether these are of those that edges have together.
    is_common: u64,
    /// A bit for each slot whose call waits.
    waiting: W,
    /// Workers that are busy with them.
    busy: W,
    spare: [u64; 3],
    places: [Place<W>; N],
}

/// What the call of a slot asks for. Written by who has blocked that call, before it sets the slot's bit in `waiting`, and read by who
/// clears that; no other call of the slot is blocked before this one is answered.
#[derive(Debug)]
#[repr(C)]
struct Place<W> {
    method: W,
    args: [W; ARGUMENTS],
    edge: W,
}

const _: () = assert!(size_of::<Backlog<AtomicU64>>() == 8 * PARKED_WORDS);

impl<W: Word> Common<W> {
    /// So many, of whom nobody is busy: in this side's own memory, as tests on the host use it.
    pub fn new(limit: u64) -> Self {
        Self { limit, busy: W::new(0) }
    }
}

impl<W: Word, const N: usize> Backlog<W, N> {
    /// No calls, in this side's own memory, as tests on the host use it.
    pub fn new(limit: u64, is_common: bool) -> Self {
        let places = core::array::from_fn(|_| Place::new());
        let is_common = is_common.into();
        Self { entry: 0, limit, is_common, waiting: W::new(0), busy: W::new(0), spare: [0; 3], places }
    }

    /// The word by which the server's own entry is invoked.
    pub const fn entry(&self) -> u64 {
        self.entry
    }

    /// Whether there are workers for the edge at all.
    pub const fn has_workers(&self) -> bool {
        self.limit > 0
    }

    /// Leaves a call to a worker.
    pub fn add(&self, work: &Work) {
        let slot = work.blocked.slot();
        if let Some(place) = self.places.get(slot as usize) {
            place.write(work);
            self.waiting.fetch_or(1 << slot, Release);
        }
    }

    /// Whether a call waits that a worker may run.
    pub(crate) fn is_ready(&self, common: &Common<W>) -> bool {
        let is_busy = is_full(&self.busy, self.limit) || self.is_common != 0 && is_full(&common.busy, common.limit);
        self.waiting.load(Relaxed) != 0 && !is_busy
    }

    /// Takes a call, with which the caller is busy until it says [`Backlog::leave`].
    ///
    /// Nobody who finds the limit reached looks again. So whoever was counted does, when it is not any more.
    pub(crate) fn take(&self, common: &Common<W>) -> Option<Work> {
        loop {
            let waiting = self.waiting.load(Relaxed);
            if waiting == 0 || !self.enter(common) {
                return None;
            }
            if let Some(work) = each(waiting).find_map(|slot| self.take_from(slot)) {
                return Some(work);
            }
            self.leave(common);
        }
    }

    /// A worker is through with a call, and looks for the next one.
    pub(crate) fn leave(&self, common: &Common<W>) {
        if self.is_common != 0 {
            common.busy.fetch_sub(1, Relaxed);
        }
        self.busy.fetch_sub(1, Relaxed);
    }

    fn enter(&self, common: &Common<W>) -> bool {
        if !count(&self.busy, self.limit) {
            return false;
        }
        let is_entered = self.is_common == 0 || count(&common.busy, common.limit);
        if !is_entered {
            self.busy.fetch_sub(1, Relaxed);
        }
        is_entered
    }

    /// The call of a slot, unless somebody else takes it.
    fn take_from(&self, slot: u32) -> Option<Work> {
        let place = self.places.get(slot as usize)?;
        let waited = self.waiting.fetch_and(!(1 << slot), Acquire) & 1 << slot != 0;
        waited.then(|| place.read(slot))
    }
}

impl<W: Word> Place<W> {
    fn new() -> Self {
        Self { method: W::new(0), args: core::array::from_fn(|_| W::new(0)), edge: W::new(0) }
    }

    fn write(&self, Work { request, blocked }: &Work) {
        self.method.store(request.method.into(), Relaxed);
        for (word, value) in self.args.iter().zip(request.args) {
            word.store(value, Relaxed);
        }
        self.edge.store(blocked.edge(), Relaxed);
    }

    fn read(&self, slot: u32) -> Work {
        let args = core::array::from_fn(|at| self.args[at].load(Relaxed));
        let request = Request::new(self.method.load(Relaxed) as u16, args);
        Work { request, blocked: Blocked::of(self.edge.load(Relaxed), slot) }
    }
}

fn is_full<W: Word>(busy: &W, limit: u64) -> bool {
    busy.load(Relaxed) >= limit
}

/// One more is busy, if that may be.
fn count<W: Word>(busy: &W, limit: u64) -> bool {
    let mut seen = busy.load(Relaxed);
    while seen < limit {
        match busy.exchange_acquire(seen, seen + 1) {
            Ok(_) => return true,
            Err(other) => seen = other,
        }
    }
    false
}
