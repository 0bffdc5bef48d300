//! What the guest's players should be answered, from their seed alone.

use crate::LogicKernel;
use abi::error::Error;
pub use model::simulation::Answered;
use model::simulation::Simulation;
use play::world::{Code, World};
use play::{Director, Played, Player, Stage};

/// Players on the host.
pub struct Replay {
    director: Director,
    stage: Simulation<LogicKernel>,
}

impl Replay {
    /// Players that start with `seed`, and code that lies at `code`.
    ///
    /// # Errors
    ///
    /// The logic's, for what the director constructs.
    pub fn new(seed: u64, code: Code) -> Result<Self, Error> {
        let nowhere = World { player: 0, frames: 0, code, timed: false };
        let player = Player::new(seed, nowhere);
        let mut stage = Simulation::new(LogicKernel::boot()?, player, code, LogicKernel::PAGE_TABLE);
        let director = Director::new(code, false, &mut stage)?;
        Ok(Self { director, stage })
    }

    /// Makes `calls` more calls.
    ///
    /// # Errors
    ///
    /// The logic's, for what the director constructs.
    pub fn play(&mut self, calls: u64) -> Result<Played, Error> {
        self.director.play(calls, &mut self.stage)
    }

    /// What came of the calls so far.
    pub fn sum(&mut self) -> u64 {
        self.stage.player().tally.sum
    }

    /// Makes `calls` more calls, and keeps what they are answered.
    ///
    /// # Errors
    ///
    /// As [`play`](Self::play).
    pub fn list(&mut self, calls: u64) -> Result<Vec<Answered>, Error> {
        self.stage.kept = Some(Vec::new());
        self.play(calls)?;
        Ok(self.stage.kept.take().unwrap_or_default())
    }
}
