//! Where choices come from.

/// A source of choices.
pub trait Choices {
    /// A word of any value.
    fn word(&mut self) -> u64;

    /// A number below `end`, which is not 0.
    fn below(&mut self, end: u64) -> u64 {
        (self.word() >> 16) % end
    }

    /// Whether one of `many` cases has come.
    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// One of these.
    fn one_of<T: Copy, const N: usize>(&mut self, things: [T; N]) -> T {
        things[self.below(N as u64) as usize]
    }
}

/// Choices that depend on a seed alone: SplitMix64, by Steele, Lea and Flood.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The choices that `seed` leads to.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }
}

impl Choices for Random {
    fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}
