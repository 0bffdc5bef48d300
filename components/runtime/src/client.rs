//! The client's side of an invocation: what generated clients are made of.

use crate::capability::{invoke, invoke_cleared};
use crate::{Answer, Error, Result};
use abi::record::CLEAR_REGISTERS;

/// Where the composer puts the capability of an interface that an image calls.
#[repr(C)]
pub struct ImportSlot {
    /// Capability number << 16.
    word: u64,
    /// [`CLEAR_REGISTERS`] or 0.
    flags: u64,
}

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
        Self { word: Self::UNBOUND, flags: CLEAR_REGISTERS }
    }

    /// Calls `method` of the server behind this slot.
    ///
    /// # Errors
    ///
    /// The kernel's, or the server's own.
    #[doc(hidden)]
    #[inline]
    pub fn call<A: Answer>(&self, method: u16, words: [u64; 4]) -> Result<A> {
        // SAFETY: references can be read through. Volatile: the composer sets both words.
        let (word, flags) =
            unsafe { ((&raw const self.word).read_volatile(), (&raw const self.flags).read_volatile()) };
        let word = word | u64::from(method);
        // SAFETY: the slot exists, so this is an image (`unbound`). It names an
        // invocation or nothing: a server runs on memory of its own, and comes
        // back into this component by its entries alone.
        let (status, words) =
            unsafe { if flags & CLEAR_REGISTERS == 0 { invoke(word, words) } else { invoke_cleared(word, words) } };
        Error::check(status)?;
        Ok(A::from_words(words))
    }
}
