//! Names of blockpoints.

/// Names a blockpoint: its place and, above that, a generation. The name of one that has been freed never means a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PointId(u64);

/// Bits of a name below its generation.
pub(super) const PLACE_BITS: u32 = 16;

/// Bits of a generation: of one that begins each microsecond, they last for twelve days, and then another place is taken.
const GENERATION_BITS: u32 = 40;

impl PointId {
    /// Bits of a name. Those above are 0.
    pub const BITS: u32 = PLACE_BITS + GENERATION_BITS;

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
        self.0 >> PLACE_BITS < (1 << GENERATION_BITS) - 1
    }

    /// The name of the next blockpoint in a place, after one of this name.
    pub(super) const fn next(self, place: usize) -> Self {
        Self(((self.0 >> PLACE_BITS) + 1) << PLACE_BITS | place as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_name_of_a_place_is_within_its_bits_and_has_none_behind_it() {
        let last_but_one = PointId(((1 << GENERATION_BITS) - 2) << PLACE_BITS | 7);
        let last = last_but_one.next(7);
        assert!(last_but_one.has_next() && !last.has_next());
        assert_eq!((last.to_word() >> PointId::BITS, last.place()), (0, 7));
    }
}
