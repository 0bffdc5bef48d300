//! Calls pong and says what a call costs.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use log::info;
use pong_interface::Pong;
use runtime::Result;

/// Calls that are made before any is measured, so that all that is loaded at
/// first use has been.
const WARM_UP: u64 = 16;

/// Calls `pong`, and logs what it answered and what a call costs.
///
/// # Errors
///
/// Those of the calls.
pub fn run(pong: &impl Pong, rounds: u64, clock: impl Fn() -> u64) -> Result<()> {
    let sum = pong.add(2, 3)?;
    info!("pong answered {sum} to 2 + 3");
    let ticks = cost(pong, rounds, clock)?;
    info!("a call and its return cost {ticks} ticks");
    Ok(())
}

/// The ticks that a call takes, the loop around it included, on average over `rounds`.
///
/// # Errors
///
/// Those of the calls.
pub fn cost(pong: &impl Pong, rounds: u64, clock: impl Fn() -> u64) -> Result<u64> {
    let call = |count| (0..count).try_for_each(|_| pong.call());
    call(WARM_UP)?;
    let start = clock();
    call(rounds)?;
    Ok(clock().wrapping_sub(start) / rounds.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pong_interface::PongError;
    use std::cell::Cell;

    /// A pong whose calls take 7 ticks, after which it has had enough.
    struct Mock {
        time: Cell<u64>,
        patience: u64,
    }

    impl Pong for Mock {
        fn call(&self) -> pong_interface::Result<()> {
            self.time.set(self.time.get() + 7);
            if self.time.get() > self.patience { Ok(self.fails()?) } else { Ok(()) }
        }

        fn add(&self, a: u64, b: u64) -> pong_interface::Result<u64> {
            Ok(a + b)
        }

        fn args(&self, a: u64, b: u64, c: u64, d: u64) -> pong_interface::Result<(u64, u64)> {
            Ok((a + b, c + d))
        }

        fn fails(&self) -> pong_interface::Result<()> {
            Err(PongError::Refused)
        }
    }

    fn mock(patience: u64) -> Mock {
        Mock { time: Cell::new(0), patience }
    }

    #[test]
    fn the_cost_is_that_of_one_call() {
        let pong = mock(u64::MAX);
        assert_eq!(cost(&pong, 100, || pong.time.get()), Ok(7));
        assert_eq!(pong.time.get(), (WARM_UP + 100) * 7);
    }

    #[test]
    fn no_rounds_cost_nothing() {
        let pong = mock(u64::MAX);
        assert_eq!(cost(&pong, 0, || pong.time.get()), Ok(0));
    }

    #[test]
    fn an_error_ends_the_run() {
        let pong = mock(WARM_UP * 7 + 21);
        assert_eq!(run(&pong, 100, || pong.time.get()), Err(PongError::Refused.into()));
        assert_eq!(pong.time.get(), WARM_UP * 7 + 28);
    }
}
