//! The processor's generator, as crates ask for one: those that stand on `rand_core`.

use core::fmt;
use rand_core::{TryCryptoRng, TryRng};

/// The processor's generator. Each word takes hundreds of instructions' time: whoever needs many seeds a generator with it.
///
/// ```ignore
/// let mut generator = ChaCha20Rng::try_from_rng(&mut Entropy)?;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Entropy;

/// The processor has no generator, or that has no numbers left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoEntropy;

impl fmt::Display for NoEntropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        super::random().ok_or(NoEntropy)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        for part in bytes.chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            part.iter_mut().zip(word).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

impl TryCryptoRng for Entropy {}
