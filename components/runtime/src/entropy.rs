//! Random numbers by the processor's own generator.

#[cfg(feature = "rand_core")]
mod generator;

use core::arch::asm;
use core::arch::x86_64::__cpuid;
#[cfg(feature = "rand_core")]
pub use generator::{Entropy, NoEntropy};

/// In what the processor says of itself: it has `rdrand`.
const RDRAND: u32 = 1 << 30;

/// Times that the generator is asked: it may be used up, and says so.
const TIMES: usize = 10;

/// A random word; `None` if the processor has no generator, or that has none left. Whoever needs many seeds a generator of their own with it:
/// by the feature `rand_core`, this is one to seed it from.
pub fn random() -> Option<u64> {
    let is_there = __cpuid(1).ecx & RDRAND != 0;
    is_there.then(|| (0..TIMES).find_map(|_| ask()))?
}

fn ask() -> Option<u64> {
    let (word, is_good): (u64, u8);
    // SAFETY: the processor has the instruction, which changes a register and flags.
    unsafe { asm!("rdrand {}", "setc {}", out(reg) word, out(reg_byte) is_good, options(nomem, nostack)) };
    (is_good != 0).then_some(word)
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_differ() {
        let words = [(); 4].map(|()| super::random());
        assert!(words.iter().all(|word| word.is_none() || words.iter().filter(|other| *other == word).count() == 1));
    }
}
