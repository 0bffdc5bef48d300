//! Locks, conditions, semaphores, values that are made once, and channels.

mod channel;
mod condvar;
mod mutex;
mod once;
mod pipe;
mod semaphore;

pub use channel::{Channel, TryRecvError, TrySendError};
pub use condvar::{Condvar, WaitTimeoutResult};
pub use mutex::{Mutex, MutexGuard, TryLockError};
pub use once::{LazyLock, Once, OnceLock};
pub use pipe::{Pipe, Receiver, Sender};
pub use semaphore::Semaphore;
