//! What has been typed and not been read.

use core::sync::atomic::AtomicU8;
use core::sync::atomic::AtomicUsize;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Bytes that are kept; what is typed when there is no room is lost.
pub const BYTES: usize = 256;

/// A ring that one thread fills and any number of threads empty, none of which waits for another.
pub struct Buffer {
    bytes: [AtomicU8; BYTES],
    /// Bytes that were ever put in.
    pushed: AtomicUsize,
    /// Bytes that were ever taken out.
    popped: AtomicUsize,
}

impl Buffer {
    /// Nothing has been typed.
    pub const fn new() -> Self {
        Self { bytes: [const { AtomicU8::new(0) }; BYTES], pushed: AtomicUsize::new(0), popped: AtomicUsize::new(0) }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.pushed.load(Acquire) == self.popped.load(Acquire)
    }

    /// Adds a byte, if there is room. By one thread alone.
    pub fn push(&self, byte: u8) {
        let pushed = self.pushed.load(Relaxed);
        if pushed.wrapping_sub(self.popped.load(Acquire)) >= BYTES {
            return;
        }
        if let Some(place) = self.bytes.get(pushed % BYTES) {
            place.store(byte, Relaxed);
        }
        self.pushed.store(pushed.wrapping_add(1), Release);
    }

    /// Takes the oldest byte.
    pub fn pop(&self) -> Option<u8> {
        loop {
            let popped = self.popped.load(Acquire);
            if popped == self.pushed.load(Acquire) {
                return None;
            }
            // If somebody else takes it first, the place may hold another byte by now: then the exchange fails.
            let byte = self.bytes.get(popped % BYTES)?.load(Relaxed);
            if self.popped.compare_exchange(popped, popped.wrapping_add(1), AcqRel, Relaxed).is_ok() {
                return Some(byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let buffer = Buffer::new();
        assert!(buffer.is_empty());
        for round in 0..3 * BYTES {
            buffer.push(round as u8);
            buffer.push(!(round as u8));
            assert_eq!((buffer.pop(), buffer.pop()), (Some(round as u8), Some(!(round as u8))));
        }
        assert_eq!(buffer.pop(), None);
    }

    #[test]
    fn what_has_no_room_is_lost_and_nothing_else() {
        let buffer = Buffer::new();
        (0..BYTES + 3).for_each(|byte| buffer.push(byte as u8));
        let read: Vec<u8> = core::iter::from_fn(|| buffer.pop()).collect();
        assert_eq!(read, (0..BYTES).map(|byte| byte as u8).collect::<Vec<_>>());
    }

    #[test]
    fn each_byte_is_read_once() {
        const TYPED: usize = 20_000;
        let buffer = Buffer::new();
        let read = std::thread::scope(|scope| {
            let readers: Vec<_> = (0..2).map(|_| scope.spawn(|| read(&buffer))).collect();
            for at in 0..TYPED {
                while buffer.pushed.load(Relaxed).wrapping_sub(buffer.popped.load(Relaxed)) >= BYTES {}
                buffer.push((at % 255) as u8);
            }
            // One for each reader: the end.
            (0..2).for_each(|_| {
                while buffer.pushed.load(Relaxed).wrapping_sub(buffer.popped.load(Relaxed)) >= BYTES {}
                buffer.push(255);
            });
            readers.into_iter().map(|reader| reader.join().unwrap()).sum::<usize>()
        });
        assert_eq!(read, TYPED);
    }

    /// Reads until the end; answers how many bytes.
    fn read(buffer: &Buffer) -> usize {
        core::iter::repeat_with(|| buffer.pop()).flatten().take_while(|byte| *byte != 255).count()
    }
}
