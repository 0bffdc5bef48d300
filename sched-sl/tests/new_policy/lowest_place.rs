//! Whoever has the lowest place runs, for as long as it likes: a policy that is in no list yet.

use crate::policy::{BadParameters, Choice, Parameters, Policy};
use crate::time::{Duration, Instant};

/// By which a graph chooses it.
pub const NAME: &str = "lowest-place";

/// It looks at none.
pub const KEYS: &[&str] = &[];

/// Who is ready.
#[derive(Debug)]
pub struct LowestPlace<const N: usize>([bool; N]);

impl<const N: usize> LowestPlace<N> {
    /// Nobody is.
    pub const fn new(_: Duration) -> Self {
        Self([false; N])
    }

    /// There are no turns.
    pub const fn set_quantum(&mut self, _: Duration) {}
}

impl<const N: usize> Policy<N> for LowestPlace<N> {
    type Parameters = Parameters;

    fn admit(&mut self, _: usize, _: Parameters) -> Result<(), BadParameters> {
        Ok(())
    }

    fn dismiss(&mut self, _: usize) {}

    fn ready(&mut self, place: usize) {
        self.0[place] = true;
    }

    fn unready(&mut self, place: usize) {
        self.0[place] = false;
    }

    fn yielded(&mut self, _: usize) {}

    fn ran(&mut self, _: usize, _: Duration) {}

    fn choose(&mut self, _: Instant) -> Option<Choice> {
        let place = self.0.iter().position(|is_ready| *is_ready)?;
        Some(Choice { place, until: Instant::NEVER })
    }
}
