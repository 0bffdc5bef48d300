//! The frames that a component is made of: the same ones each time, in the same order.

use crate::kernel::Kernel;
use abi::error::Error;
use abi::layout::PAGE;
use capabilities_interface::Result;

/// Names of untyped frames, one page address after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arena {
    first: u64,
    frames: u64,
    next: u64,
}

impl Arena {
    /// No frames.
    pub const NONE: Self = Self { first: 0, frames: 0, next: 0 };

    /// So many frames, from the memory manager.
    ///
    /// # Errors
    ///
    /// The memory manager's.
    pub fn borrow(frames: u64, kernel: &impl Kernel) -> Result<Self> {
        Ok(Self { first: kernel.lend(frames)?, frames, next: 0 })
    }

    /// Starts again with the first.
    pub const fn reset(&mut self) {
        self.next = 0;
    }

    /// The name of the next frame.
    ///
    /// # Errors
    ///
    /// [`Error::NoFrame`] if all have been taken.
    pub fn take(&mut self) -> core::result::Result<u64, Error> {
        if self.next == self.frames {
            return Err(Error::NoFrame);
        }
        self.next += 1;
        Ok(self.first + (self.next - 1) * PAGE)
    }
}
