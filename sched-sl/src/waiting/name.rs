//! Names of blockpoints.

/// Names a blockpoint: its place and, above that, a generation. The name of one that has been freed never means a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PointId(u64);

/// Bits of a name below its generation.
pub(super) const PLACE_BITS: u32 = 16;

/// Generations of a place.
const GENERATIONS: u64 = 1 << 32;

impl PointId {
    /// Its place: no two that there are at once have the same.
    pub const fn place(self) -> usize {
        self.0 as u16 as usize
    }

    /// The name as a word; never 0.
    pub const fn to_word(self) -> u64 {
        self.0
    }

    /// The name that a word stands for, of a blockpoint or of none.
    pub const fn from_word(word: u64) -> Self {
        Self(word)
    }

    /// No blockpoint has this name.
    pub(super) const NONE: Self = Self(0);

    /// Whether another can be in its place when it is gone.
    pub(super) const fn has_next(self) -> bool {
        self.0 >> PLACE_BITS < GENERATIONS
    }

    /// The name of the next blockpoint in a place, after one of this name.
    pub(super) const fn next(self, place: usize) -> Self {
        Self(((self.0 >> PLACE_BITS) + 1) << PLACE_BITS | place as u64)
    }
}
