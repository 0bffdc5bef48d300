//! Which threads are scheduled here: what an invocation has to know of its thread before it may look at anything else.

use crate::state::PLACES;
use core::num::NonZeroU32;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use runtime::scheduling::Thread;
use sched_interface::{Result, SchedError};
use sched_sl::ThreadId;

/// By thread index, the entry of each thread that is scheduled here. An index comes from the kernel, or from a client that may name
/// any number.
pub struct Directory([AtomicU32; abi::layout::THREADS as usize]);

/// A thread's slot and place in one word, which is also its number in the critical section: so whoever finds that taken can
/// dispatch the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry(NonZeroU32);

/// Bits below the place. The kernel has no more slots than fit.
const SLOT_BITS: u32 = abi::inspection::PLACE_SHIFT;
const SLOT: u32 = (1 << SLOT_BITS) - 1;

const _: () = assert!(abi::crossing::CAPABILITIES <= 1 << SLOT_BITS);
// So a place that an entry names is one that there is, and nobody who looks there has to ask.
const _: () = assert!(PLACES.is_power_of_two() && PLACES <= 1 << (30 - SLOT_BITS));

impl Entry {
    /// In the number: the thread may run only so long in each period.
    pub(crate) const LIMITED: u32 = 1 << 31;

    /// In the number: the thread has no place.
    const PLACELESS: u32 = abi::inspection::PLACELESS;

    /// A thread that has no place, like the scheduler's own.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooLarge`] if there is no such slot.
    pub fn new(thread: Thread) -> Result<Self> {
        if thread.number().get() > SLOT {
            return Err(SchedError::TooLarge);
        }
        Ok(Self(thread.number() | Self::PLACELESS))
    }

    /// The same thread in a place of the scheduler's. `is_limited` if it may run only so long in each period.
    pub fn at(self, id: ThreadId, is_limited: bool) -> Self {
        let place = ((id.place() % PLACES) as u32) << SLOT_BITS;
        let limited = if is_limited { Self::LIMITED } else { 0 };
        NonZeroU32::new(self.0.get() & SLOT | place | limited).map_or(self, Self)
    }

    /// The entry with a number that came from [`Entry::number`].
    pub const fn with_number(number: NonZeroU32) -> Self {
        Self(number)
    }

    /// The number by which the thread stands in the critical section.
    pub const fn number(self) -> NonZeroU32 {
        self.0
    }

    /// The thread.
    pub fn thread(self) -> Option<Thread> {
        NonZeroU32::new(self.0.get() & SLOT).map(Thread::with_number)
    }

    /// Its place, of one that has one.
    #[inline(always)]
    pub const fn place(self) -> usize {
        (self.0.get() >> SLOT_BITS) as usize % PLACES
    }

    /// Whether it has a place of the scheduler's.
    pub const fn has_place(self) -> bool {
        self.0.get() & Self::PLACELESS == 0
    }

    /// Whether it may run only so long in each period: then it has a budget of its own.
    pub const fn is_limited(self) -> bool {
        self.0.get() & Self::LIMITED != 0
    }
}

impl Directory {
    /// Nobody is scheduled here.
    pub const fn new() -> Self {
        Self([const { AtomicU32::new(0) }; abi::layout::THREADS as usize])
    }

    /// The thread with this index, if it is scheduled here.
    #[inline]
    pub fn find(&self, index: u64) -> Option<Entry> {
        let entry = self.0.get(usize::try_from(index).ok()?)?;
        NonZeroU32::new(entry.load(Relaxed)).map(Entry)
    }

    /// Puts a thread there.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooLarge`] if there is no such index.
    pub fn put(&self, index: u64, entry: Entry) -> Result<()> {
        self.set(index, entry.0.get()).ok_or(SchedError::TooLarge)
    }

    /// Takes a thread away, which has ended.
    pub fn take(&self, index: u64) -> Option<Entry> {
        let entry = self.find(index)?;
        self.set(index, 0)?;
        Some(entry)
    }

    fn set(&self, index: u64, word: u32) -> Option<()> {
        self.0.get(usize::try_from(index).ok()?)?.store(word, Relaxed);
        Some(())
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(slot: u32) -> Entry {
        Entry::new(Thread::with_number(NonZeroU32::new(slot).unwrap())).unwrap()
    }

    /// The name of a thread in a place.
    fn id(place: usize) -> ThreadId {
        let mut threads = crate::state::State::new().threads;
        let target = crate::state::Target::new(entry(1), 0);
        let mut all = (0..=place).map(|_| threads.create(target, sched_sl::Parameters::with_priority(0)).unwrap());
        all.find(|id| id.place() == place).unwrap()
    }

    #[test]
    fn an_entry_says_what_was_said() {
        for (slot, place, is_limited) in [(1, 0, false), (SLOT, 127, true), (7, 99, false)] {
            let entry = entry(slot).at(id(place), is_limited);
            let said = (entry.thread().map(|thread| thread.number().get()), entry.place(), entry.is_limited());
            assert_eq!(said, (Some(slot), place, is_limited));
            assert_eq!(Entry::with_number(entry.number()), entry);
        }
        assert!(!entry(9).has_place() && entry(9).at(id(0), true).has_place());
        assert_eq!(Entry::new(Thread::with_number(NonZeroU32::new(SLOT + 1).unwrap())), Err(SchedError::TooLarge));
    }

    #[test]
    fn an_index_of_nobody_finds_nobody() {
        let (directory, entry) = (Directory::new(), entry(3));
        assert_eq!((directory.put(1_023, entry), directory.put(1_024, entry)), (Ok(()), Err(SchedError::TooLarge)));
        assert_eq!([0, 1_024, u64::MAX].map(|index| directory.find(index)), [None; 3]);
        assert_eq!(
            (directory.find(1_023), directory.take(1_023), directory.take(1_023)),
            (Some(entry), Some(entry), None)
        );
    }
}
