//! The bundle: one file with every component of a system, placed, relocated and
//! bound, and the plan by which the booter constructs them.
//!
//! All numbers are little-endian words of eight bytes. The file is a whole
//! number of pages. Segment contents start on page boundaries, so that they can
//! be mapped as they lie, without a copy.
//!
//! | word | header field |
//! |---|---|
//! | 0 | [`MAGIC`] |
//! | 1 | [`VERSION`] |
//! | 2 | bytes of the whole bundle |
//! | 3 | [`checksum`] of every word after this one |
//! | 4, 5 | number of [`Component`]s, and the byte offset of the first |
//! | 6, 7 | the same for [`Segment`]s |
//! | 8, 9 | the same for [`Capability`]s |
//! | 10, 11 | the same for [`Stack`]s |
//!
//! Component 0 is the booter. The others follow in the order in which they are
//! to be initialised. Behind them, an entry with [`of`](Component::of) is no component, but one more thread of one.

mod capability;
mod component;
mod error;
mod segment;
mod stack;
mod view;

use crate::layout::{PAGE, is_user};

pub use capability::{Capability, Grant};
pub use component::{Component, Time};
pub use error::BundleError;
pub use segment::Segment;
pub use stack::Stack;
pub use view::Bundle;

/// First word of a bundle: "TESSERA" and a zero byte, in memory order.
pub const MAGIC: u64 = u64::from_le_bytes(*b"TESSERA\0");

/// Version of everything on this page.
pub const VERSION: u64 = 6;

/// Bytes of the header.
pub const HEADER_BYTES: usize = 12 * 8;

/// Bytes of a component's name, padded with zeros.
pub const NAME_BYTES: usize = 32;

/// Every core's number is below this.
pub const MOST_CORES: u32 = 1 << 16;

/// Interrupt lines that a kernel has room for.
pub const INTERRUPT_LINES: u64 = 128;

/// A fixed-size entry of one of the bundle's tables.
trait Entry: Sized {
    const WORDS: usize;
    fn from_words(words: &[u64]) -> Option<Self>;
}

/// The sum that guards a bundle against corruption; not against malice, which
/// no sum without a secret can. Fowler–Noll–Vo 1a, by words instead of bytes.
pub fn checksum(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(0xcbf2_9ce4_8422_2325, |sum, word| (sum ^ word).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Bytes of header and tables of the bundle that starts with `start`, a whole number of pages; nothing where none starts.
pub fn table_bytes(start: &[u8]) -> Option<u64> {
    let sizes = [Component::WORDS, Segment::WORDS, Capability::WORDS, Stack::WORDS];
    let mut bytes = HEADER_BYTES as u64;
    for (at, words) in (4..).step_by(2).zip(sizes) {
        let (count, offset) = (word_at(start, 8 * at)?, word_at(start, 8 * (at + 1))?);
        bytes = bytes.max(count.checked_mul(8 * words as u64)?.checked_add(offset)?);
    }
    (word_at(start, 0) == Some(MAGIC)).then_some(bytes)?.checked_next_multiple_of(PAGE)
}

fn is_user_range(start: u64, bytes: u64) -> bool {
    is_user(start) && start.checked_add(bytes - 1).is_some_and(is_user)
}

fn word_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..offset.checked_add(8)?).map(|b| u64::from_le_bytes(array(b)))
}

/// `bytes` as an array; every caller passes eight.
fn array(bytes: &[u8]) -> [u8; 8] {
    let mut array = [0; 8];
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}

#[cfg(test)]
mod tests;
