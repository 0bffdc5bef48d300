//! The client's side of an invocation: what generated clients are made of.

use crate::capability::{invoke_cleared, invoke_trusted};
use crate::{Answer, Failure};
use abi::record::CLEAR_REGISTERS;
use core::cell::UnsafeCell;

/// Where the composer puts the capability of an interface that an image calls.
#[repr(C)]
pub struct ImportSlot {
    /// Capability number << 16, with [`CLEAR_REGISTERS`] or without.
    word: UnsafeCell<u64>,
}

// SAFETY: the composer sets the word, through the record that names the slot, before anything runs; from then on it is
// only read.
unsafe impl Sync for ImportSlot {}

impl ImportSlot {
    /// Names no capability that there could be, so that a call through a slot
    /// that was not bound is refused.
    pub(crate) const UNBOUND: u64 = !0xffff;

    /// A slot that the composer has not bound yet.
    ///
    /// # Safety
    ///
    /// In an image, and as a static whose record names it. Calls through a slot
    /// on the host would be Linux's; that is why this is not safe.
    #[doc(hidden)]
    pub const unsafe fn unbound() -> Self {
        Self { word: UnsafeCell::new(Self::UNBOUND) }
    }

    /// Calls `method` of the server behind this slot.
    ///
    /// # Errors
    ///
    /// The kernel's, or the server's own.
    #[doc(hidden)]
    #[inline(always)]
    pub fn call<A: Answer, E: Failure, const WORDS: usize>(&self, method: u16, words: [u64; WORDS]) -> Result<A, E> {
        // SAFETY: the slot exists, so this is an image (`unbound`), and the composer has filled it.
        unsafe { call(*self.word.get(), method, words) }
    }
}

/// Calls `method` by the word of a slot.
///
/// # Safety
///
/// In an image, on a thread's stack. The word is one that the composer puts into a slot: it names an invocation or nothing, so a server runs
/// on memory of its own, and comes back into this component by its entries alone.
#[inline(always)]
pub(crate) unsafe fn call<A: Answer, E: Failure, const WORDS: usize>(
    word: u64,
    method: u16,
    words: [u64; WORDS],
) -> Result<A, E> {
    // Added, so that the sign of the sum is all that has to be looked at.
    let word = word.wrapping_add(u64::from(method));
    // SAFETY: as the caller says.
    let (status, words) = unsafe {
        if word & CLEAR_REGISTERS != 0 {
            distrust();
            invoke_cleared(word & !CLEAR_REGISTERS, words)
        } else {
            invoke_trusted(word, words)
        }
    };
    E::check(status)?;
    Ok(A::from_words(words))
}

/// Says to the compiler that what calls it is the longer way anyway.
#[cold]
const fn distrust() {}
