//! The logic does what the model does.

use model::simulation::{CODE, Simulation};
use play::world::World;
use play::{Director, Played, Player, Stage};
use subject::{LogicKernel, Pair};

/// Players of the model and the logic, call by call.
#[test]
fn players_are_answered_as_the_model_says() {
    for (seed, timed) in (0..2).flat_map(|seed| [(seed, false), (seed, true)]) {
        let world = World { player: 0, frames: 0, code: CODE, timed };
        let player = Player::new(seed, world);
        let mut stage = Simulation::new(Pair::boot().unwrap(), player, CODE, LogicKernel::PAGE_TABLE);
        let mut director = Director::new(CODE, timed, &mut stage).unwrap();
        let played = director.play(2_500, &mut stage);
        assert_eq!(stage.kernel.difference, None, "seed {seed}, after {:?} entries", stage.kernel.entries);
        assert_eq!(played, Ok(Played::All));
        assert_eq!(stage.player().tally.tried, 2_500);
    }
}
