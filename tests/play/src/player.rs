//! A player: the calls of one component, and what came of them.

use crate::calls::{Call, Calls};
use crate::choices::Random;
use crate::holdings::Holdings;
use crate::tally::Tally;
use crate::world::World;

/// A player's state. It outlives the component: what that one's end leaves is the next one's start.
#[derive(Clone, Debug)]
pub struct Player {
    random: Random,
    calls: Calls,
    left: u64,
    last: Option<Call>,
    /// What came of the calls.
    pub tally: Tally,
}

impl Player {
    /// A player without calls to make.
    pub const fn new(seed: u64, world: World) -> Self {
        Self {
            random: Random::new(seed),
            calls: Calls { world, holdings: Holdings::new(true) },
            left: 0,
            last: None,
            tally: Tally::new(),
        }
    }

    /// Makes the calls that `seed` leads to, from now on.
    pub const fn starts_with(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    /// Goes on as another component, elsewhere, with or without another thread.
    pub const fn moves_to(&mut self, world: World, has_other: bool) {
        self.calls.world = world;
        self.last = None;
        self.calls.holdings = Holdings::new(has_other);
    }

    /// Grants so many calls.
    pub const fn grant(&mut self, calls: u64) {
        self.left = calls;
    }

    /// How many calls of those granted are left.
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// The next call to be made, if any are left.
    pub fn next_call(&mut self) -> Option<Call> {
        self.left = self.left.checked_sub(1)?;
        self.tally.tried += 1;
        let call = self.calls.choose(&mut self.random);
        self.last = Some(call);
        Some(call)
    }

    /// Takes the answer of the call before.
    pub fn answered(&mut self, status: u16, words: [u64; 2]) {
        if let Some(call) = self.last.take() {
            self.tally.add(self.calls.holdings.kind(call.capability()), &call, status, words);
            if status == 0 {
                self.calls.holdings.succeeded(&call);
            }
        }
    }
}
