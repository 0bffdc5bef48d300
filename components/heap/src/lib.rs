//! A heap for a component: `alloc`, and what stands on it.
//!
//! ```ignore
//! extern crate alloc;
//!
//! heap::global!();
//! ```
//!
//! A component that says so names a memory manager and a scheduler in its line of the graph, and has a quota there. One that does not stays as
//! small as it was. The allocator is `talc`; what it allocates from are blocks of pages, which the memory manager grants when they are first
//! needed, and gets back as soon as nothing in them is used. The first block stays, as it holds the allocator's own books.
//!
//! Where the quota is used up, or the manager has no more, an allocation fails: those who ask whether there is memory (`try_reserve`) are told
//! so, and whoever does not ask panics, which is the end of its thread, or of the call in which it was. Nobody else has any less for it.
//!
//! A thread that faults while it allocates takes the heap's lock along: from then on nobody in that component gets memory, or gives it back.
#![no_std]

#[cfg(test)]
extern crate std;

mod pages;

pub use pages::manager;

use concurrency::sync::Mutex;
use core::alloc::{GlobalAlloc, Layout};
use core::fmt;
use core::ptr::null_mut;
use pages::Pages;
use talc::DefaultBinning;
use talc::base::Talc;
use talc::source::GlobalAllocSource;

/// Bytes that are taken from the memory manager at once, or a multiple of that.
pub const BLOCK: usize = 0x4000;

/// More than this, no component has: the allocator adds to what it is asked for, and does not look whether that is still a size.
const MOST: usize = 1 << 46;

/// A heap: for one component, as its global allocator.
pub struct Heap {
    talc: Mutex<Talc<GlobalAllocSource<Pages>, DefaultBinning>>,
}

impl Heap {
    /// A heap that has no memory yet.
    pub const fn new() -> Self {
        Self { talc: Mutex::new(Talc::new(GlobalAllocSource::with_block_size(Pages, BLOCK))) }
    }
}

impl Default for Heap {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heap").finish_non_exhaustive()
    }
}

// SAFETY: `talc` keeps the contract, and is one thread's at a time. Without the lock nothing is given out, and what is given back stays taken.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > MOST {
            return null_mut();
        }
        let Ok(mut talc) = self.talc.lock() else { return null_mut() };
        // SAFETY: the caller's layout is not of size 0.
        unsafe { talc.allocate(layout) }.map_or(null_mut(), |place| place.as_ptr())
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        if let Ok(mut talc) = self.talc.lock() {
            // SAFETY: the caller has it from `alloc`, with this layout.
            unsafe { talc.deallocate(place, layout) };
        }
    }
}

/// Makes a heap the image's global allocator.
#[macro_export]
macro_rules! global {
    () => {
        #[global_allocator]
        static __HEAP: $crate::Heap = $crate::Heap::new();
    };
}

#[cfg(test)]
mod tests;
