//! A case, carried out: entries into logic and model, whoever executes, whatever code it should be.

use crate::script::Script;
use abi::error::Error;
use model::kernel::{Kernel, Outcome, Registers, Seen};
use model::simulation::{CODE, Simulation};
use play::world::World;
use play::{Call, Calls, Choices, Director, Player};
use subject::{LogicKernel, Pair};

/// What came of a case's entries.
#[derive(Clone, Debug, Default)]
pub struct Result {
    /// Calls that succeeded.
    pub succeeded: u64,
    /// Calls that were refused.
    pub errors: u64,
    /// Where logic and model differ, or what does not hold.
    pub difference: Option<String>,
}

/// Carries out a case.
///
/// # Errors
///
/// The director's.
pub fn run(script: &mut Script) -> std::result::Result<Result, Error> {
    let world = World { player: 0, frames: 0, code: CODE, timed: false };
    let mut stage = Simulation::new(Pair::boot()?, Player::new(1, world), CODE, LogicKernel::PAGE_TABLE);
    let mut director = Director::new(CODE, false, &mut stage)?;
    director.play(1, &mut stage)?;
    let (calls, mut kernel) = (Calls { world: director.world() }, stage.kernel);
    let mut seen = kernel.call(0, director.dispatch().word, [0; 4]);
    let (mut result, mut now) = (Result::default(), 1);
    while !script.is_over() && !matches!(seen.outcome, Outcome::End(_)) {
        now += script.below(8);
        seen = enter(&mut kernel, seen, &calls, script, now, &mut result);
    }
    result.difference = kernel.difference;
    Ok(result)
}

fn enter(kernel: &mut Pair, seen: Seen, calls: &Calls, script: &mut Script, now: u64, result: &mut Result) -> Seen {
    if seen.outcome == Outcome::Idle {
        // If nobody ever sends, the time that it waits for comes; if it waits for none, that is the end.
        let woken = kernel.interrupt(seen.at, 1 << 62);
        return if woken.outcome == Outcome::Idle { Seen { outcome: Outcome::End(None), ..woken } } else { woken };
    }
    match script.below(24) {
        0 => kernel.fault(seen.at),
        1 => kernel.interrupt(seen.at, now),
        2 | 3 => kernel.call(
            seen.at,
            if script.one_in(2) { 0 } else { script.below(1 << 16) },
            [script.below(5), 0x41_0000, 0, 0],
        ),
        _ => {
            let Call { word, words, .. } = calls.choose(script);
            let after = kernel.call(seen.at, word, words);
            match after.outcome {
                Outcome::Resume(Registers { rax: 1..0x100, .. }) => result.errors += 1,
                _ => result.succeeded += 1,
            }
            after
        }
    }
}
