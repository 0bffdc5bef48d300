//! The threads by place: places are given out and come back.

use crate::error::{CreateError, ThreadError};
use crate::thread::{Thread, ThreadId};

/// A table of at most `N` threads.
#[derive(Debug)]
pub(crate) struct Table<T, const N: usize> {
    threads: [Option<Thread<T>>; N],
    generations: [u64; N],
    /// The first `free` of these are the free places.
    places: [u16; N],
    free: usize,
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
        Self { threads: [const { None }; N], generations: [0; N], places, free: N }
    }

    /// The place and name that the next thread gets.
    pub(crate) fn next(&self) -> Result<ThreadId, CreateError> {
        let place = *self.places[..self.free].last().ok_or(CreateError::Exhausted)?;
        Ok(ThreadId { place, generation: self.generations[usize::from(place)] })
    }

    /// Puts a thread into the place that [`Table::next`] named.
    pub(crate) fn put(&mut self, id: ThreadId, thread: Thread<T>) {
        self.threads[id.place()] = Some(thread);
        self.free -= 1;
    }

    /// Ends a thread: its place comes back under a new name.
    pub(crate) fn remove(&mut self, id: ThreadId) -> Result<(), ThreadError> {
        self.get(id)?;
        self.threads[id.place()] = None;
        self.generations[id.place()] += 1;
        self.places[self.free] = id.place;
        self.free += 1;
        Ok(())
    }

    pub(crate) fn get(&self, id: ThreadId) -> Result<&Thread<T>, ThreadError> {
        let thread = self.threads.get(id.place()).and_then(Option::as_ref);
        thread.filter(|_| self.generations[id.place()] == id.generation).ok_or(ThreadError::NoSuchThread)
    }

    pub(crate) fn get_mut(&mut self, id: ThreadId) -> Result<&mut Thread<T>, ThreadError> {
        let thread = self.threads.get_mut(id.place()).and_then(Option::as_mut);
        thread.filter(|_| self.generations[id.place()] == id.generation).ok_or(ThreadError::NoSuchThread)
    }

    /// All threads, by their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Thread<T>> {
        self.threads.iter().flatten()
    }

    /// The name of the thread in a place.
    pub(crate) fn at(&self, place: usize) -> Option<ThreadId> {
        self.threads.get(place)?.as_ref()?;
        Some(ThreadId { place: place as u16, generation: self.generations[place] })
    }

    pub(crate) fn free(&self) -> usize {
        self.free
    }
}
