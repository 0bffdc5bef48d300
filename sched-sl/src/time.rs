//! Points in time and lengths of time, in ticks of the kernel's clock.

/// A point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub u64);

/// A length of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub u64);

impl Instant {
    /// The end of time, which no clock reaches.
    pub const NEVER: Self = Self(u64::MAX);

    /// This much later, at most [`Instant::NEVER`].
    #[must_use]
    pub const fn after(self, length: Duration) -> Self {
        Self(self.0.saturating_add(length.0))
    }

    /// This point, unless it is the one that never comes.
    #[must_use]
    pub fn unless_never(self) -> Option<Self> {
        (self != Self::NEVER).then_some(self)
    }

    /// How long it is since `earlier`; nothing if that lies in the future.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    /// Both lengths together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of this length when `used` is gone.
    #[must_use]
    pub const fn minus(self, used: Self) -> Self {
        Self(self.0.saturating_sub(used.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_saturates_and_never_wraps() {
        assert_eq!(Instant(u64::MAX - 1).after(Duration(5)), Instant::NEVER);
        assert_eq!(Instant(3).since(Instant(5)), Duration(0));
        assert_eq!(Duration(3).minus(Duration(5)), Duration(0));
        assert_eq!(Duration(u64::MAX).plus(Duration(1)), Duration(u64::MAX));
    }
}
