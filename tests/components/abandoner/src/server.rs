//! Locks that a method loses.

use crate::{BRIEFLY, tell};
use concurrency::sync::{Mutex, Once, RwLock};
use concurrency::time::Instant;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire};
use pong_interface::{Pong, Result};

/// What has the locks.
pub struct Locked;

static LOCK: Mutex<()> = Mutex::new(());
static VALUE: RwLock<()> = RwLock::new(());
static DONE: Once = Once::new();
/// How often somebody has given up waiting for them.
static GIVEN_UP: AtomicU64 = AtomicU64::new(0);

impl Pong for Locked {
    /// Takes all, and panics.
    #[expect(clippy::panic, reason = "what it leaves behind is what is tested")]
    fn call(&self) -> Result<()> {
        let _held = (LOCK.lock()?, VALUE.write()?);
        Ok(DONE.call_once(|| panic!("as asked"))?)
    }

    /// How often somebody has given up.
    fn add(&self, _: u64, _: u64) -> Result<u64> {
        Ok(GIVEN_UP.load(Acquire))
    }

    /// Wants them for a while.
    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> Result<(u64, u64)> {
        let soon = || Instant::now() + BRIEFLY;
        let lock = LOCK.lock_until(soon()).map(drop);
        let (reader, writer) = (VALUE.read_until(soon()).map(drop), VALUE.write_until(soon()).map(drop));
        tell(format_args!("for a while: lock {lock:?}, to read {reader:?}, to write {writer:?}"));
        Ok((GIVEN_UP.fetch_add(1, AcqRel), 0))
    }

    /// Wants them for as long as it takes.
    fn fails(&self) -> Result<()> {
        let lock = LOCK.lock().map(drop);
        let (reader, writer) = (VALUE.read().map(drop), VALUE.write().map(drop));
        tell(format_args!("for good: lock {lock:?}, to read {reader:?}, to write {writer:?}"));
        let done = DONE.call_once(|| ());
        tell(format_args!("for good: to be done {done:?}"));
        Ok(())
    }
}
