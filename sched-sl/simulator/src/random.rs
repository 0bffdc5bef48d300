//! Sets of tasks by chance, the same for the same seed.

use crate::task::Task;

/// Numbers by chance: SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Those of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub const fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number from `least` to `most`, both included.
    pub const fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.word() % (most - least + 1)
    }

    /// A number from 0 up to 1.
    pub fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Periods whose least common multiple is small, so that all that can happen happens soon.
const PERIODS: [u64; 10] = [40, 50, 60, 80, 100, 120, 150, 200, 240, 300];

/// The least common multiple of all periods.
pub const HYPERPERIOD: u64 = 1_200;

/// So many tasks that together take about this share of the processor, distributed evenly over all ways to do
/// so: UUniFast (Bini and Buttazzo, 2005). Priorities are by deadlines, none twice.
pub fn tasks(random: &mut Random, count: usize, utilisation: f64) -> Vec<Task> {
    let mut left = utilisation;
    let mut tasks = Vec::new();
    for after in (0..count).rev() {
        let rest = if after == 0 { 0.0 } else { left * random.unit().powf(1.0 / after as f64) };
        tasks.push(task(random, left - rest));
        left = rest;
    }
    tasks.sort_by_key(|task| task.deadline);
    (0..).zip(tasks).map(|(priority, task)| task.with_priority(priority)).collect()
}

fn task(random: &mut Random, utilisation: f64) -> Task {
    let period = PERIODS[random.between(0, PERIODS.len() as u64 - 1) as usize];
    let cost = ((period as f64 * utilisation).round() as u64).clamp(1, period);
    Task::periodic(cost, period).with_deadline(random.between(cost.max(period / 2), period))
}
