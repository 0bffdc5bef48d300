//! Memory that is mapped, as values: the one file that says what an address points to.

use crate::Plain;
use core::marker::PhantomData;
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use core::slice;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU8, AtomicU64};
use zerocopy::IntoBytes;

/// Bytes of a page.
pub const PAGE: usize = abi::layout::PAGE as usize;

/// Bytes in a row, from a page's start on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Where they start.
    pub address: u64,
    /// How many.
    pub bytes: usize,
}

impl Extent {
    /// The pages that they lie in.
    pub const fn pages(self) -> u64 {
        self.bytes.div_ceil(PAGE) as u64
    }
}

/// Values in mapped pages.
#[derive(Debug)]
pub struct Mapped<T> {
    extent: Extent,
    of: PhantomData<T>,
}

impl<T: Plain> Mapped<T> {
    /// The values in these bytes.
    ///
    /// # Safety
    ///
    /// Pages are mapped there, at least to be read, and nothing of Rust's lies in them, until this is dropped. A page that is
    /// unmapped earlier is one where each access faults and does not come back.
    pub const unsafe fn new(extent: Extent) -> Self {
        const {
            assert!(size_of::<T>() > 0, "there is nothing to share of values without bytes");
            assert!(align_of::<T>() <= PAGE, "a region starts with a page");
        }
        Self { extent, of: PhantomData }
    }

    /// Where it lies.
    pub const fn extent(&self) -> Extent {
        self.extent
    }

    /// How many values.
    pub const fn len(&self) -> usize {
        self.extent.bytes / size_of::<T>()
    }

    /// The values.
    ///
    /// # Safety
    ///
    /// Nobody writes to them meanwhile, in no component.
    pub const unsafe fn slice(&self) -> &[T] {
        let first = with_exposed_provenance(self.extent.address as usize);
        // SAFETY: they are mapped (`new`), all bits are values (`Plain`), from a page's start on; the caller has the rest.
        unsafe { slice::from_raw_parts(first, self.len()) }
    }

    /// The values, to be changed.
    ///
    /// # Safety
    ///
    /// They can be written, and nobody else writes to them meanwhile, in no component; nor does another thread of this one read them.
    pub const unsafe fn slice_mut(&mut self) -> &mut [T] {
        let first = with_exposed_provenance_mut(self.extent.address as usize);
        // SAFETY: as in `slice`.
        unsafe { slice::from_raw_parts_mut(first, self.len()) }
    }

    /// Copies values out, from number `at` on; `None` if there are not as many.
    pub fn read(&self, at: usize, to: &mut [T]) -> Option<()> {
        let mut address = self.place(at, to.len())?;
        let (first, words, last) = split(address, to.as_mut_bytes());
        for byte in first {
            *byte = self.byte(address).load(Relaxed);
            address += 1;
        }
        for word in words {
            *word = self.word(address).load(Relaxed).to_ne_bytes();
            address += 8;
        }
        for byte in last {
            *byte = self.byte(address).load(Relaxed);
            address += 1;
        }
        Some(())
    }

    /// Copies values in, from number `at` on; `None` if there is not as much room.
    ///
    /// # Safety
    ///
    /// They can be written, and no thread of this component reads or writes them meanwhile but by `self`'s owner's leave.
    pub unsafe fn write(&self, at: usize, from: &[T]) -> Option<()> {
        let mut address = self.place(at, from.len())?;
        let from = from.as_bytes();
        let first = before_a_word(address).min(from.len());
        let (first, rest) = from.split_at_checked(first)?;
        let (words, last) = rest.as_chunks();
        for byte in first {
            self.byte(address).store(*byte, Relaxed);
            address += 1;
        }
        for word in words {
            self.word(address).store(u64::from_ne_bytes(*word), Relaxed);
            address += 8;
        }
        for byte in last {
            self.byte(address).store(*byte, Relaxed);
            address += 1;
        }
        Some(())
    }

    /// Where so many values start, from number `at` on, if they are all there.
    fn place(&self, at: usize, count: usize) -> Option<usize> {
        let is_inside = at.checked_add(count).is_some_and(|end| end <= self.len());
        is_inside.then(|| self.extent.address as usize + at * size_of::<T>())
    }

    const fn byte(&self, address: usize) -> &AtomicU8 {
        // SAFETY: `place` has found it inside, where there is memory (`new`).
        unsafe { AtomicU8::from_ptr(with_exposed_provenance_mut(address)) }
    }

    const fn word(&self, address: usize) -> &AtomicU64 {
        // SAFETY: likewise; it is a multiple of eight.
        unsafe { AtomicU64::from_ptr(with_exposed_provenance_mut(address)) }
    }
}

impl Mapped<u64> {
    /// A word, for both ends to agree by.
    pub fn atomic(&self, at: usize) -> Option<&AtomicU64> {
        self.place(at, 1).map(|address| self.word(address))
    }

    /// So many bytes from a word on, as other values; `None` if they are not there.
    pub fn part<T: Plain>(&self, at: usize, bytes: usize) -> Option<Mapped<T>> {
        const { assert!(align_of::<T>() <= 8, "they start at a word") };
        let address = self.place(at, bytes.div_ceil(8))? as u64;
        // SAFETY: they lie in these, which are mapped.
        Some(unsafe { Mapped::new(Extent { address, bytes }) })
    }
}

/// Bytes from an address to the next word.
const fn before_a_word(address: usize) -> usize {
    address.wrapping_neg() % 8
}

/// Bytes as those before the first word, words, and those behind the last.
fn split(address: usize, bytes: &mut [u8]) -> (&mut [u8], &mut [[u8; 8]], &mut [u8]) {
    let first = before_a_word(address).min(bytes.len());
    let (first, rest) = bytes.split_at_mut(first);
    let (words, last) = rest.as_chunks_mut();
    (first, words, last)
}
