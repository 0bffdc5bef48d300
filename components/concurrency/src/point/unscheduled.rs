//! Waiting where the scheduler lets nobody wait: before the system has started.

use crate::scheduler;
use core::hint::spin_loop;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use runtime::Result;
use sched_interface::SchedError;

/// How long one spins before it looks again.
const SPINS: u32 = 64;
/// How often that is done in a component's life: some seconds. Who has not come by then does not.
const LOOKS: u32 = 1 << 20;

static LOOKED: AtomicU32 = AtomicU32::new(0);

/// The scheduler has refused a wait by this error. If that is so because nobody is scheduled yet, whoever is waited for is on another core,
/// in the same phase, and goes on: then spins for a while, and answers whether there is still time.
///
/// # Errors
///
/// That one: nobody else is on its way.
#[cold]
#[inline(never)]
pub fn wait(refused: SchedError, until: u64) -> Result<bool> {
    let is_early = matches!(refused, SchedError::NotStarted | SchedError::NotScheduled);
    if !is_early || LOOKED.fetch_add(1, Relaxed) >= LOOKS {
        return Err(refused.into());
    }
    (0..SPINS).for_each(|_| spin_loop());
    Ok(until > scheduler::ticks())
}
