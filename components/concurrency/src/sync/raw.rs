//! A lock as `embassy-sync` asks for one.

use super::Mutex;
use embassy_sync::blocking_mutex::raw;

/// What the channels, signals and mutexes of `embassy-sync` are locked by, between all threads of a component.
///
/// ```ignore
/// static CHANNEL: embassy_sync::channel::Channel<RawMutex, u64, 4> = Channel::new();
/// ```
///
/// Where the lock cannot be had, since a thread was lost that held it or holds it already, this panics: nothing is done without it.
#[derive(Debug)]
pub struct RawMutex(Mutex<()>);

// SAFETY: one thread at a time has the lock; if none can have it any more, nothing is done.
unsafe impl raw::RawMutex for RawMutex {
    const INIT: Self = Self(Mutex::new(()));

    fn lock<R>(&self, does: impl FnOnce() -> R) -> R {
        match self.0.lock() {
            Ok(_guard) => does(),
            Err(error) => unreachable!("the lock is lost: {error}"),
        }
    }
}
