//! Texts that the graph sets.

use core::cell::UnsafeCell;

/// A text that the graph can set, of at most `N` bytes; made by [`text!`](crate::text).
#[repr(C)]
pub struct Text<const N: usize> {
    room: u64,
    length: UnsafeCell<u64>,
    bytes: UnsafeCell<[u8; N]>,
}

// SAFETY: nothing writes it once the image runs; what it holds then is the composer's.
unsafe impl<const N: usize> Sync for Text<N> {}

impl<const N: usize> Text<N> {
    /// A text that is its default until the composer sets it. A default for which there is no room does not compile.
    pub const fn new(default: &str) -> Self {
        let from = default.as_bytes();
        assert!(from.len() <= N, "the default is longer than the text may be");
        let mut bytes = [0; N];
        let mut at = 0;
        while at < from.len() {
            bytes[at] = from[at];
            at += 1;
        }
        Self { room: N as u64, length: UnsafeCell::new(from.len() as u64), bytes: UnsafeCell::new(bytes) }
    }

    /// The text in the graph, or else the default.
    pub fn get(&self) -> &str {
        // SAFETY: nothing writes either, so they can be read through a shared reference for as long as there is one.
        let (length, bytes) = unsafe { (self.length.get().read_volatile(), &*self.bytes.get()) };
        debug_assert!(self.room == N as u64);
        bytes.get(..length as usize).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_its_default_until_it_is_set() {
        let text = Text::<8>::new("hello");
        assert_eq!(text.get(), "hello");
        assert_eq!(Text::<0>::new("").get(), "");
        assert_eq!(core::mem::offset_of!(Text<8>, bytes), 16, "where the composer puts it");
    }
}
