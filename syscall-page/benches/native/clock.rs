//! Time that this process had on a processor: what others had is not counted.

use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};

/// What an operation takes, in nanoseconds.
pub struct Figure {
    pub name: &'static str,
    pub median: f64,
    pub least: f64,
}

/// How often an operation is timed.
const SAMPLES: usize = 101;

/// Nanoseconds that a sample takes at least: the clock's own cost is lost in that.
const SAMPLE: f64 = 200_000.0;

/// Times `work`, which is so many operations.
pub fn measure(name: &'static str, operations: u32, mut work: impl FnMut()) -> Figure {
    let mut time = |rounds: u32| {
        let start = now();
        (0..rounds).for_each(|_| work());
        (now() - start) / f64::from(rounds)
    };
    let first = time(100).max(1.0);
    let rounds = (SAMPLE / first).clamp(1.0, 1e6) as u32;
    let mut samples: Vec<_> = (0..SAMPLES).map(|_| time(rounds) / f64::from(operations)).collect();
    samples.sort_by(f64::total_cmp);
    Figure { name, median: samples[SAMPLES / 2], least: samples[0] }
}

fn now() -> f64 {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(0.0, |time| time.num_nanoseconds() as f64)
}
