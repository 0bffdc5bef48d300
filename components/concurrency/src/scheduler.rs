//! The scheduler, as all of this needs it: the image's import of the interface `sched`. Tests have one that is played.

use core::num::NonZeroU32;
use runtime::Result;
use sched_interface::Sched;
#[cfg(not(test))]
use sched_interface::SchedClient;

#[cfg(test)]
pub(crate) mod played;

#[cfg(not(test))]
runtime::import!(pub(crate) SCHED: SchedClient);

#[cfg(test)]
pub(crate) static SCHED: played::Played = played::Played::new();

/// A number by which the thread that executes this can be told from all others of the component.
#[inline(always)]
pub(crate) fn number() -> NonZeroU32 {
    #[cfg(test)]
    return played::number();
    #[cfg(not(test))]
    runtime::thread::number()
}

/// The index of the thread with this number.
pub(crate) fn index(number: NonZeroU32) -> u64 {
    #[cfg(test)]
    return number.get().into();
    #[cfg(not(test))]
    runtime::thread::index(number)
}

/// Whether the thread that executes this is the component's own, and nobody has called the component.
pub(crate) fn is_own_thread() -> bool {
    #[cfg(test)]
    return !played::IS_CALLED.get();
    #[cfg(not(test))]
    runtime::thread::is_own()
}

/// What time it is, in ticks.
pub(crate) fn ticks() -> u64 {
    #[cfg(test)]
    return played::ticks();
    #[cfg(not(test))]
    runtime::time::ticks()
}

/// Says that the thread is there for others: the system ends without waiting for its end.
///
/// # Errors
///
/// The scheduler's.
pub fn background() -> Result<()> {
    Ok(SCHED.background()?)
}
