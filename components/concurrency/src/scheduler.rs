//! The scheduler, as all of this needs it: the image's import of the interface `sched`. Tests on the host have one that is played.

use core::num::NonZeroU32;
use runtime::Result;
use sched_interface::Sched;

#[cfg(any(test, feature = "host"))]
pub(crate) mod played;

#[cfg(not(any(test, feature = "host")))]
mod imported;

#[cfg(not(any(test, feature = "host")))]
pub(crate) static SCHED: imported::Imported = imported::Imported;

#[cfg(any(test, feature = "host"))]
pub(crate) static SCHED: played::Played = played::Played::new();

/// A number by which the thread that executes this can be told from all others of the component.
#[inline(always)]
pub(crate) fn number() -> NonZeroU32 {
    #[cfg(any(test, feature = "host"))]
    return played::number();
    #[cfg(not(any(test, feature = "host")))]
    runtime::thread::number()
}

/// The index of the thread with this number.
pub(crate) fn index(number: NonZeroU32) -> u64 {
    #[cfg(any(test, feature = "host"))]
    return number.get().into();
    #[cfg(not(any(test, feature = "host")))]
    runtime::thread::index(number)
}

/// Whether the thread that executes this is the component's own, and nobody has called the component.
pub(crate) fn is_own_thread() -> bool {
    #[cfg(any(test, feature = "host"))]
    return !played::IS_CALLED.get();
    #[cfg(not(any(test, feature = "host")))]
    runtime::thread::is_own()
}

/// What time it is, in ticks.
pub(crate) fn ticks() -> u64 {
    #[cfg(any(test, feature = "host"))]
    return played::ticks();
    #[cfg(not(any(test, feature = "host")))]
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
