//! The kernel's console, for a constructor that has no other.

use abi::boot::slot;
use abi::operation::DebugConsoleOperation;
use core::fmt::{self, Write};
use runtime::Constructor;

/// Writes to the kernel's console.
pub struct Console<'c>(pub &'c Constructor);

impl Write for Console<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.as_bytes().chunks(32) {
            let mut words = [0; 4];
            for (word, bytes) in words.iter_mut().zip(part.chunks(8)) {
                *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            }
            let written = self.0.operate(slot::DEBUG_CONSOLE, DebugConsoleOperation::Write as u16, words);
            written.map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}
