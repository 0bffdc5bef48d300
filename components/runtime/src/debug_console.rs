//! The kernel's console, for who has no other: a base constructor, before there are components.

use crate::Constructor;
use abi::boot::slot;
use abi::operation::DebugConsoleOperation;
use core::fmt;

/// Bytes that one operation writes.
const PIECE: usize = 32;

/// Writes to the kernel's console.
#[derive(Clone, Copy)]
pub struct DebugConsole<'c> {
    constructor: &'c Constructor,
    capability: u32,
}

impl<'c> DebugConsole<'c> {
    /// Through the capability that the kernel gives to a base constructor.
    pub const fn new(constructor: &'c Constructor) -> Self {
        Self::at(constructor, slot::DEBUG_CONSOLE)
    }

    /// Through another one.
    pub const fn at(constructor: &'c Constructor, capability: u32) -> Self {
        Self { constructor, capability }
    }
}

impl fmt::Write for DebugConsole<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.as_bytes().chunks(PIECE) {
            let written = self.constructor.operate(self.capability, DebugConsoleOperation::Write as u16, words(piece));
            written.map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}

/// The bytes, the first one lowest in the first word; the console ignores zeros.
fn words(piece: &[u8]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(piece.chunks(8)) {
        *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_four_words_with_zeros_behind_what_there_is() {
        assert_eq!(words(b"ab"), [0x6261, 0, 0, 0]);
        assert_eq!(words(b"12345678A"), [0x3837_3635_3433_3231, 0x41, 0, 0]);
        assert_eq!(words(&[b'x'; PIECE]), [0x7878_7878_7878_7878; 4]);
    }
}
