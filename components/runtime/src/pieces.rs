//! Text that leaves the component in calls of four words each.

use crate::Result;
use core::fmt;

/// Bytes of text in a call.
pub const PIECE: usize = 32;

/// Where pieces of text go.
pub trait Sink {
    /// Takes a piece: bytes as [`words`] packs them. One that is full and does not end in a line feed is kept for what follows.
    ///
    /// # Errors
    ///
    /// Its own; the piece is lost.
    fn write(&self, words: [u64; 4]) -> Result<()>;
}

/// Collects text, and sends it at the end of a line, when there is enough for a call, and when it is dropped.
pub struct Pieces<S: Sink> {
    sink: S,
    bytes: [u8; PIECE],
    used: usize,
    /// Whether what was sent is kept, for what follows.
    is_kept: bool,
}

impl<S: Sink> Pieces<S> {
    /// Nothing so far.
    pub const fn new(sink: S) -> Self {
        Self { sink, bytes: [0; PIECE], used: 0, is_kept: false }
    }

    /// Sends what has been written so far.
    ///
    /// # Errors
    ///
    /// The sink's; what could not be sent is dropped.
    pub fn flush(&mut self) -> Result<()> {
        if self.used == 0 && !self.is_kept {
            return Ok(());
        }
        self.send()?;
        // Nothing at all ends it.
        if self.is_kept { self.send() } else { Ok(()) }
    }

    /// Adds bytes, but for those that are zero.
    ///
    /// # Errors
    ///
    /// The sink's.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        bytes.iter().try_for_each(|byte| self.push(*byte))
    }

    // Once, where it is written: a crossing is long.
    #[inline(never)]
    fn send(&mut self) -> Result<()> {
        let bytes = self.bytes.get(..core::mem::take(&mut self.used)).unwrap_or(&[]);
        self.is_kept = bytes.len() == PIECE && !bytes.ends_with(b"\n");
        self.sink.write(words(bytes))
    }

    /// Adds a byte. A zero byte ends text and cannot be part of it.
    fn push(&mut self, byte: u8) -> Result<()> {
        if byte == 0 {
            return Ok(());
        }
        if let Some(place) = self.bytes.get_mut(self.used) {
            *place = byte;
            self.used += 1;
        }
        if byte == b'\n' || self.used == PIECE { self.send() } else { Ok(()) }
    }
}

impl<S: Sink> fmt::Write for Pieces<S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

impl<S: Sink> Drop for Pieces<S> {
    fn drop(&mut self) {
        // There is nobody left to tell; who wants to know flushes.
        let _ = self.flush();
    }
}

/// As much of a text as fits, the first byte lowest in the first word, with zeros behind it.
pub fn words(piece: &[u8]) -> [u64; 4] {
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
