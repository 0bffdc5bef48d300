//! The threads by place: places are given out and come back.

use crate::error::{CreateError, ThreadError};
use crate::thread::{Thread, ThreadId};
use core::num::NonZeroU64;

/// A table of at most `N` threads.
#[derive(Debug)]
pub(crate) struct Table<T, const N: usize> {
    entries: [Entry<T>; N],
    /// The first `free` of these are the free places.
    places: [u16; N],
    free: usize,
}

/// A place, and who is there.
#[derive(Debug)]
struct Entry<T> {
    /// Of who is there, or will be next.
    generation: NonZeroU64,
    thread: Option<Thread<T>>,
}

impl<T> Entry<T> {
    const FREE: Self = Self { generation: NonZeroU64::MIN, thread: None };
}

impl<T, const N: usize> Table<T, N> {
    pub(crate) const fn new() -> Self {
        const { assert!(N <= u16::MAX as usize, "a place is a 16-bit number") };
        let mut places = [0; N];
        let mut at = 0;
        while at < N {
            places[at] = (N - 1 - at) as u16;
            at += 1;
        }
        Self { entries: [const { Entry::FREE }; N], places, free: N }
    }

    /// The place and name that the next thread gets.
    pub(crate) fn next(&self) -> Result<ThreadId, CreateError> {
        let place = *self.places[..self.free].last().ok_or(CreateError::Exhausted)?;
        Ok(ThreadId { place, generation: self.entries[usize::from(place)].generation })
    }

    /// Puts a thread into the place that [`Table::next`] named.
    pub(crate) fn put(&mut self, id: ThreadId, thread: Thread<T>) {
        self.entries[id.place()].thread = Some(thread);
        self.free -= 1;
    }

    /// Ends a thread: its place comes back under a new name.
    pub(crate) fn remove(&mut self, id: ThreadId) -> Result<(), ThreadError> {
        self.get(id)?;
        let entry = &mut self.entries[id.place()];
        entry.thread = None;
        entry.generation = entry.generation.saturating_add(1);
        self.places[self.free] = id.place;
        self.free += 1;
        Ok(())
    }

    pub(crate) fn get(&self, id: ThreadId) -> Result<&Thread<T>, ThreadError> {
        let entry = self.entries.get(id.place()).filter(|entry| entry.generation == id.generation);
        entry.and_then(|entry| entry.thread.as_ref()).ok_or(ThreadError::NoSuchThread)
    }

    pub(crate) fn get_mut(&mut self, id: ThreadId) -> Result<&mut Thread<T>, ThreadError> {
        let entry = self.entries.get_mut(id.place()).filter(|entry| entry.generation == id.generation);
        entry.and_then(|entry| entry.thread.as_mut()).ok_or(ThreadError::NoSuchThread)
    }

    /// All threads, by their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Thread<T>> {
        self.entries.iter().filter_map(|entry| entry.thread.as_ref())
    }

    /// The name of the thread in a place.
    pub(crate) fn at(&self, place: usize) -> Option<ThreadId> {
        let entry = self.entries.get(place).filter(|entry| entry.thread.is_some())?;
        Some(ThreadId { place: place as u16, generation: entry.generation })
    }

    /// The thread in a place and the kernel's name for it, if it can be dispatched on its own time.
    #[inline(always)]
    pub(crate) fn ready(&self, place: usize) -> Option<(ThreadId, T)>
    where
        T: Copy,
    {
        let entry = self.entries.get(place)?;
        let thread = entry.thread.as_ref().filter(|thread| thread.is_ready())?;
        Some((ThreadId { place: place as u16, generation: entry.generation }, thread.name))
    }

    /// The thread in a place and the kernel's names for it and for the one that pays; if it can be dispatched on that
    /// one's time.
    pub(crate) fn ready_on(&self, place: usize, payer: usize) -> Option<(ThreadId, T, T)>
    where
        T: Copy,
    {
        let pays = self.in_place(payer).filter(|thread| !thread.is_exhausted())?.name;
        let thread = self.in_place(place).filter(|thread| thread.can_go_on())?;
        Some((self.at(place)?, thread.name, pays))
    }

    /// The thread in a place.
    pub(crate) fn in_place(&self, place: usize) -> Option<&Thread<T>> {
        self.entries.get(place)?.thread.as_ref()
    }

    /// The same, to change it.
    #[inline(always)]
    pub(crate) fn in_place_mut(&mut self, place: usize) -> Option<&mut Thread<T>> {
        self.entries.get_mut(place)?.thread.as_mut()
    }

    /// The same, and its name.
    #[inline(always)]
    pub(crate) fn named_mut(&mut self, place: usize) -> Option<(ThreadId, &mut Thread<T>)> {
        let entry = self.entries.get_mut(place)?;
        Some((ThreadId { place: place as u16, generation: entry.generation }, entry.thread.as_mut()?))
    }

    pub(crate) fn free(&self) -> usize {
        self.free
    }
}
