//! When something comes, and what it meets.

use core::fmt::{self, Display, Formatter};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::time;

/// How far a round has come.
pub static STAGE: AtomicU64 = AtomicU64::new(0);

/// It has not looked yet.
pub const BEFORE: u64 = 0;
/// It has looked, and goes on to wait.
pub const LOOKED: u64 = 1;
/// It waits, or another runs in its place.
pub const WAITS: u64 = 2;
/// It is back from a wait in the kernel, and goes on to wait.
pub const RECEIVED: u64 = 3;
/// It waits once more.
pub const WAITS_AGAIN: u64 = 4;
/// It is back.
pub const BACK: u64 = 5;
const STAGES: usize = 6;

/// In what stage of a round something came, how often.
static MET: [AtomicU64; STAGES] = [const { AtomicU64::new(0) }; STAGES];

/// When it is to come, whether it has come in this round, and how often it was not felt.
pub static AT: AtomicU64 = AtomicU64::new(0);
pub static HAS_COME: AtomicU64 = AtomicU64::new(0);
pub static LOST: AtomicU64 = AtomicU64::new(0);

/// Ticks behind `AT` after which who waits was forgotten.
const TOO_LONG: u64 = 500_000;

/// Something comes.
pub fn come() {
    let met = MET.get(STAGE.load(Relaxed) as usize);
    let _ = met.map(|met| met.fetch_add(1, Relaxed));
    HAS_COME.store(1, Relaxed);
}

/// A round is over.
pub fn rest() {
    STAGE.store(BEFORE, Relaxed);
    HAS_COME.store(0, Relaxed);
}

/// Nobody else runs: whoever was on its way to wait waits. Whether it has waited for too long.
pub fn all_wait() -> bool {
    let _ = STAGE.compare_exchange(LOOKED, WAITS, Relaxed, Relaxed);
    let _ = STAGE.compare_exchange(RECEIVED, WAITS_AGAIN, Relaxed, Relaxed);
    let waits = [WAITS, WAITS_AGAIN].contains(&STAGE.load(Relaxed));
    waits && HAS_COME.load(Relaxed) != 0 && time::ticks() > AT.load(Relaxed) + TOO_LONG
}

/// Where it came, over all rounds.
pub struct Met([u64; STAGES]);

impl Met {
    /// Counted since the last time.
    pub fn take() -> Self {
        Self(MET.each_ref().map(|met| met.swap(0, Relaxed)))
    }

    /// Whether it came in each of these stages.
    pub fn has_all(&self, stages: &[u64]) -> bool {
        stages.iter().all(|stage| self.0.get(*stage as usize).is_some_and(|count| *count > 0))
    }
}

impl Display for Met {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|count| write!(f, " {count}"))
    }
}
