//! A heap on a memory manager that is played.

use crate::pages::PAGE;
use crate::{BLOCK, Heap};
use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use memory_interface::{Memory, MemoryError, Result};
use std::alloc;
use std::vec::Vec;

/// A manager of the host's memory, for each test its own.
pub struct Played;

pub static MEMORY: Played = Played;

std::thread_local! {
    static QUOTA: Cell<u64> = const { Cell::new(0) };
    static GRANTED: Cell<u64> = const { Cell::new(0) };
    static BUSY_FOR: Cell<u32> = const { Cell::new(0) };
}

fn layout(pages: u64) -> Layout {
    Layout::from_size_align(pages as usize * PAGE, PAGE).unwrap()
}

impl Memory for Played {
    fn grant(&self, pages: u64) -> Result<u64> {
        if BUSY_FOR.get() > 0 {
            BUSY_FOR.set(BUSY_FOR.get() - 1);
            return Err(MemoryError::Busy);
        }
        if pages > QUOTA.get() - GRANTED.get() {
            return Err(MemoryError::NoMemory);
        }
        GRANTED.set(GRANTED.get() + pages);
        // SAFETY: no layout here is empty.
        Ok(unsafe { alloc::alloc(layout(pages)) }.expose_provenance() as u64)
    }

    fn give_back(&self, address: u64, pages: u64) -> Result<()> {
        GRANTED.set(GRANTED.get().checked_sub(pages).ok_or(MemoryError::NotYours)?);
        // SAFETY: it was granted, with as many pages.
        unsafe { alloc::dealloc(core::ptr::with_exposed_provenance_mut(address as usize), layout(pages)) };
        Ok(())
    }

    memory_interface::not_asked!(regions, makers);
}

const BLOCK_PAGES: u64 = (BLOCK / PAGE) as u64;

fn get(heap: &Heap, bytes: usize) -> *mut u8 {
    // SAFETY: nothing here is empty.
    unsafe { heap.alloc(Layout::from_size_align(bytes, 16).unwrap()) }
}

fn give(heap: &Heap, place: *mut u8, bytes: usize) {
    // SAFETY: it came from `get`, with as many bytes.
    unsafe { heap.dealloc(place, Layout::from_size_align(bytes, 16).unwrap()) };
}

#[test]
fn memory_comes_when_it_is_needed_and_goes_when_it_is_not() {
    QUOTA.set(1_000);
    let heap = Heap::new();
    assert_eq!(GRANTED.get(), 0);
    let first = get(&heap, 64);
    assert_eq!(GRANTED.get(), BLOCK_PAGES);
    for _ in 0..3 {
        let all: Vec<_> = (0..1_000).map(|_| get(&heap, 500)).collect();
        assert!(all.iter().all(|place| !place.is_null()) && GRANTED.get() > 500_000 / PAGE as u64);
        all.into_iter().for_each(|place| give(&heap, place, 500));
        assert_eq!(GRANTED.get(), BLOCK_PAGES, "but for the first block");
    }
    give(&heap, first, 64);
}

#[test]
fn what_is_too_much_is_refused_and_what_is_left_is_not() {
    QUOTA.set(2 * BLOCK_PAGES);
    let heap = Heap::new();
    assert!(get(&heap, 3 * BLOCK).is_null() && get(&heap, isize::MAX as usize - 4_096).is_null());
    let place = get(&heap, BLOCK / 2);
    assert!(!place.is_null());
    // SAFETY: so much was given out.
    unsafe { place.write_bytes(7, BLOCK / 2) };
    give(&heap, place, BLOCK / 2);
}

#[test]
fn a_manager_that_serves_another_is_asked_again() {
    QUOTA.set(BLOCK_PAGES);
    BUSY_FOR.set(3);
    assert!(!get(&Heap::new(), 1).is_null());
    assert_eq!(BUSY_FOR.get(), 0);
}
