//! Locks, conditions, semaphores, barriers, events, values that are made once, and channels.

mod barrier;
mod channel;
mod condvar;
mod errors;
mod events;
pub mod mpsc;
mod mutex;
mod once;
mod pipe;
#[cfg(feature = "embassy-sync")]
mod raw;
mod rwlock;
mod semaphore;

pub use barrier::{Barrier, BarrierWaitResult};
pub use channel::{Channel, TryRecvError, TrySendError};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use events::EventSet;
pub use mutex::{Mutex, MutexGuard, TryLockError};
pub use once::{LazyLock, Once, OnceLock};
pub use pipe::{Pipe, Receiver, Sender};
#[cfg(feature = "embassy-sync")]
pub use raw::RawMutex;
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::Semaphore;
