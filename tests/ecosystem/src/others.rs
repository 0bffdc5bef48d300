//! Collections, random numbers, readers and writers.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::convert::Infallible;
use embedded_io::{Read, Write};
use hashbrown::HashMap;
use rand_core::{TryCryptoRng, TryRng};
use smallvec::SmallVec;

pub fn hashbrown() -> String {
    let mut squares: HashMap<u64, u64> = (0..1_000).map(|number| (number, number * number)).collect();
    squares.retain(|number, _| number % 2 == 0);
    alloc::format!("{} even squares, the sum is {}", squares.len(), squares.values().sum::<u64>())
}

pub fn smallvec() -> String {
    let mut few: SmallVec<[u32; 4]> = (0..4).collect();
    let was_inline = !few.spilled();
    few.push(4);
    alloc::format!("{few:?}, inline: {was_inline}, then on the heap: {}", few.spilled())
}

/// What seeds come from: the processor.
struct Entropy;

/// The processor has no random numbers.
#[derive(Debug)]
struct NoEntropy;

impl core::fmt::Display for NoEntropy {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the processor has no random numbers")
    }
}

impl core::error::Error for NoEntropy {}

impl TryRng for Entropy {
    type Error = NoEntropy;

    fn try_next_u32(&mut self) -> Result<u32, NoEntropy> {
        self.try_next_u64().map(|word| word as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, NoEntropy> {
        runtime::entropy::random().ok_or(NoEntropy)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        for part in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            part.copy_from_slice(&word[..part.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Entropy {}

pub fn rand_core() -> String {
    let (mut first, mut second) = ([0; 21], [0; 21]);
    match Entropy.try_fill_bytes(&mut first).and_then(|()| Entropy.try_fill_bytes(&mut second)) {
        Ok(()) => alloc::format!("two fillings differ: {}", first != second),
        Err(error) => error.to_string(),
    }
}

/// Bytes that are written behind each other, and read in that order.
#[derive(Default)]
struct Bytes {
    bytes: Vec<u8>,
    read: usize,
}

impl embedded_io::ErrorType for Bytes {
    type Error = Infallible;
}

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Read for Bytes {
    fn read(&mut self, to: &mut [u8]) -> Result<usize, Infallible> {
        let left = &self.bytes[self.read..];
        let bytes = left.len().min(to.len()).min(3);
        to[..bytes].copy_from_slice(&left[..bytes]);
        self.read += bytes;
        Ok(bytes)
    }
}

pub fn embedded_io() -> String {
    let (mut bytes, mut read) = (Bytes::default(), [0; 11]);
    let written = write!(bytes, "{} and {}", 12, 3456).is_ok();
    let is_read = bytes.read_exact(&mut read).is_ok();
    alloc::format!("{written}, {is_read}: {}", String::from_utf8_lossy(&read))
}
