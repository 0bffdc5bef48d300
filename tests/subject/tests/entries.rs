//! Whatever enters the kernel, logic and model agree, and what must hold does.

#![allow(clippy::unwrap_used, reason = "a test that finds nothing there should fail")]

use play::Random;
use subject::entries::{Cast, Stage};

fn enter(cast: Cast, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let (mut random, mut stage) = (Random::new(seed), Stage::new(cast).unwrap());
        for number in 0..300 {
            if stage.is_over() {
                break;
            }
            stage.enter(&mut random);
            assert_eq!(stage.entered.difference, None, "seed {seed}, entry {number}");
        }
    }
}

/// Calls, faults, timers and devices, while threads that hold everything schedule each other.
#[test]
fn threads_that_schedule_each_other_do_what_the_model_says() {
    enter(Cast::Company, 0..200);
}

#[test]
fn whoever_executes_does_what_the_model_says() {
    enter(Cast::Alone, 0..60);
}
