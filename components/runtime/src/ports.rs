//! Ranges of I/O ports.

use crate::client::ImportSlot;
use crate::{Answer, Error, Result};
use abi::operation::PortsOperation;

/// A range of I/O ports that the graph grants; made by [`ports!`](crate::ports).
#[repr(transparent)]
pub struct Ports {
    word: u64,
}

impl Ports {
    /// A range that the composer has not bound yet.
    ///
    /// # Safety
    ///
    /// In an image, and as a static whose record names it; see [`ImportSlot::unbound`].
    #[doc(hidden)]
    pub const unsafe fn unbound() -> Self {
        Self { word: ImportSlot::UNBOUND }
    }

    /// Reads the port at `offset` from the range's first.
    ///
    /// # Errors
    ///
    /// The kernel's, if the graph does not grant the port.
    pub fn read(&self, offset: u16) -> Result<u8> {
        self.operate(PortsOperation::Read, [offset.into(), 0, 0, 0])
    }

    /// Writes to the port at `offset` from the range's first.
    ///
    /// # Errors
    ///
    /// The kernel's, if the graph does not grant the port.
    pub fn write(&self, offset: u16, byte: u8) -> Result<()> {
        self.operate(PortsOperation::Write, [offset.into(), byte.into(), 0, 0])
    }

    fn operate<A: Answer>(&self, operation: PortsOperation, words: [u64; 4]) -> Result<A> {
        // SAFETY: a reference can be read through. Volatile: the composer sets the word.
        let word = unsafe { (&raw const self.word).read_volatile() };
        // SAFETY: the word names the ports capability or nothing (`unbound`),
        // and a port access changes nothing in this component's memory.
        let (status, words) = unsafe { crate::capability::invoke_trusted(word | operation as u64, words) };
        Error::check(status)?;
        Ok(A::from_words(words))
    }
}
