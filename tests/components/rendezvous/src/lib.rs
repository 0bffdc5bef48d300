//! The interface by which a thread of one component waits for a thread of another.
#![no_std]

use runtime::Result;

/// A place where one thread waits, and others wake it.
#[runtime::interface]
pub trait Rendezvous {
    /// Says that the calling thread is the one that will wait.
    fn announce(&self) -> Result<()>;

    /// Waits for a signal, in the server.
    fn wait(&self) -> Result<()>;

    /// Wakes the thread that waits, or that has announced it.
    fn signal(&self) -> Result<()>;
}
