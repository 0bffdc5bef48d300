//! Blocks of pages from the memory manager.

#[cfg(not(test))]
use concurrency::thread::pause;
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::{null_mut, with_exposed_provenance_mut};
use memory_interface::{Memory, MemoryError, Result};

/// Bytes of a page.
pub const PAGE: usize = 0x1000;

#[cfg(not(test))]
runtime::import!(MEMORY: memory_interface::MemoryClient);

#[cfg(test)]
use crate::tests::MEMORY;

/// The memory manager, for what else the component wants of it: an image imports an interface once.
#[cfg(not(test))]
pub const fn manager() -> &'static memory_interface::MemoryClient {
    &MEMORY
}

/// The same, where it is played.
#[cfg(test)]
pub const fn manager() -> &'static crate::tests::Played {
    &MEMORY
}

/// The memory manager, as something that blocks are allocated from.
#[derive(Debug)]
pub struct Pages;

// SAFETY: what the manager grants is this component's alone, until it is given back.
unsafe impl GlobalAlloc for Pages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let pages = pages(layout);
        patiently(|| MEMORY.grant(pages)).map_or(null_mut(), |address| with_exposed_provenance_mut(address as usize))
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        let (address, pages) = (place.expose_provenance() as u64, pages(layout));
        // What the manager does not take back stays as it is, and nobody uses it.
        let _ = patiently(|| MEMORY.give_back(address, pages));
    }
}

const fn pages(layout: Layout) -> u64 {
    layout.size().div_ceil(PAGE) as u64
}

/// Asks again for as long as the manager serves somebody else, and lets that one go on meanwhile, however urgent it is.
fn patiently<T>(ask: impl Fn() -> Result<T>) -> Result<T> {
    loop {
        match ask() {
            Err(MemoryError::Busy) => pause(),
            answer => return answer,
        }
    }
}

#[cfg(test)]
const fn pause() {}
