//! Where regions come from.

use crate::Memory;
use core::fmt;
use memory_interface::{MemoryClient, MemoryError, Result};

/// How often a memory manager that serves another is asked again.
const PATIENCE: usize = 1 << 20;

/// A memory manager that regions come from, and what to do while it serves another component: most often a `static`.
///
/// ```ignore
/// runtime::import!(MEMORY: MemoryClient);
/// static REGIONS: Source = Source::new(&MEMORY).pausing(concurrency::thread::pause);
/// ```
pub struct Source<M: 'static = MemoryClient> {
    memory: &'static M,
    pause: fn(),
}

impl Source {
    /// The component's memory manager. Where it serves another, it is asked again at once: that is for graphs in which no thread with regions
    /// is more urgent than another on its core. In all others, [`pausing`](Self::pausing) belongs here.
    pub const fn new(memory: &'static MemoryClient) -> Self {
        // SAFETY: behind an image's client is the memory manager that the graph names, whose promise that is.
        unsafe { Self::of(memory) }
    }
}

impl<M: Memory> Source<M> {
    /// Any memory manager, one that a test plays, say.
    ///
    /// # Safety
    ///
    /// What it grants, and lets be taken, is memory, zeroed or initialised, that nobody else has, until it is given back or given away. What
    /// it lets be accepted stays mapped until it is released, or faults; until then nothing else is granted, taken or accepted there.
    pub const unsafe fn of(memory: &'static M) -> Self {
        Self { memory, pause: core::hint::spin_loop }
    }

    /// The same; while the memory manager serves another, `pause` is called before it is asked again: `concurrency::thread::pause`, which
    /// sleeps for a moment. Who asks again at once keeps the other, if that is less urgent and on the same core, from ever being through,
    /// and in the end is told that the manager is busy; what was to go back then is lost.
    #[must_use]
    pub const fn pausing(self, pause: fn()) -> Self {
        Self { pause, ..self }
    }

    /// Asks, and again for as long as another is served.
    pub(crate) fn ask<T>(&self, ask: impl Fn(&M) -> Result<T>) -> Result<T> {
        for _ in 0..PATIENCE {
            match ask(self.memory) {
                Err(MemoryError::Busy) => (self.pause)(),
                answer => return answer,
            }
        }
        Err(MemoryError::Busy)
    }
}

impl<M> fmt::Debug for Source<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}
