//! The phases of a component's life, and what its threads are told of them when they start.

/// A component prepares to serve others, servers first.
pub const INITIALISE: u64 = 0;

/// A component does what it is there for.
pub const MAIN: u64 = 1;

/// A component prepares what each of its cores has of its own, on all of them at once: what its thread number `index` of `count` is
/// told. These words alone are 2^32 or more.
pub const fn parallel_initialise(index: u32, count: u32) -> u64 {
    (count as u64) << 32 | index as u64
}

/// The least word of [`parallel_initialise`]: of how many threads it is takes the upper half, and that is never 0.
pub const PARALLEL_INITIALISE: u64 = parallel_initialise(0, 1);

/// The phases for which a thread starts that a component has from the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// [`INITIALISE`].
    pub initialise: bool,
    /// [`parallel_initialise`].
    pub parallel_initialise: bool,
    /// [`MAIN`].
    pub main: bool,
}

impl Phases {
    /// A bit each.
    pub const fn to_word(self) -> u64 {
        self.initialise as u64 | (self.parallel_initialise as u64) << 1 | (self.main as u64) << 2
    }

    /// What those bits say.
    pub const fn from_word(word: u64) -> Self {
        Self { initialise: word & 1 != 0, parallel_initialise: word & 2 != 0, main: word & 4 != 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_come_back_from_their_word() {
        for word in 0..8 {
            assert_eq!(Phases::from_word(word).to_word(), word);
        }
    }
}
