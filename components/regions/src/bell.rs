//! Waiting for the other end of a channel.

use crate::{Broken, Buffer, Channel, Memory, Plain};
use core::fmt;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use core::sync::atomic::{AtomicU64, fence};
use runtime::{Error, Result};

/// How one end of a channel waits for the other, and lets it go on. What is waited for is one of the two components': an
/// `EventSet` of the crate `concurrency`, say, in which each end has an event. That component waits and triggers there, and the other calls it
/// for both. A ring that nobody waits for yet is there for the next wait.
///
/// The other end may ring when nothing was sent, or never: who waits looks again, or sleeps, and no more comes of it. Who does not want to
/// sleep for ever has the wait end with an error when its time is up.
pub trait Bell {
    /// Waits until the other end rings, or has rung since the last time.
    ///
    /// # Errors
    ///
    /// Whatever keeps this end from waiting.
    fn wait(&self) -> Result<()>;

    /// Rings at the other end.
    ///
    /// # Errors
    ///
    /// Whatever keeps this end from ringing.
    fn ring(&self) -> Result<()>;
}

/// Why nothing was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// The other end broke the protocol.
    Broken(Broken),
    /// The [`Bell`]'s error.
    Bell(Error),
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(broken) => broken.fmt(f),
            Self::Bell(error) => write!(f, "cannot wait for the other end: {error}"),
        }
    }
}

impl core::error::Error for Missed {}

impl<T: Plain, const BUFFERS: usize, const LENGTH: usize, M: Memory> Channel<T, BUFFERS, LENGTH, M> {
    /// Receives a buffer; if there is none, waits until the other end has sent one and [rung](Self::ring).
    ///
    /// # Errors
    ///
    /// [`Missed`].
    pub fn recv_waiting(&mut self, bell: &impl Bell) -> core::result::Result<Buffer, Missed> {
        loop {
            if let Some(buffer) = self.recv().map_err(Missed::Broken)? {
                return Ok(buffer);
            }
            let [_, ring] = self.rings;
            self.waits(ring).inspect(|waits| waits.store(1, SeqCst));
            // Either this end finds what is sent now, or the other finds that this one waits.
            fence(SeqCst);
            if let Some(buffer) = self.recv().map_err(Missed::Broken)? {
                return Ok(buffer);
            }
            bell.wait().map_err(Missed::Bell)?;
        }
    }

    /// Lets the other end go on if it waits; calls nobody if it does not. To be done when all is sent that there is for now.
    ///
    /// # Errors
    ///
    /// The bell's.
    pub fn ring(&self, bell: &impl Bell) -> Result<()> {
        let [ring, _] = self.rings;
        fence(SeqCst);
        let Some(waits) = self.waits(ring) else { return Ok(()) };
        if waits.load(Relaxed) != 0 && waits.swap(0, SeqCst) != 0 { bell.ring() } else { Ok(()) }
    }

    /// Whether somebody waits for what is sent by the ring at this word.
    fn waits(&self, ring: usize) -> Option<&AtomicU64> {
        self.region.mapped().atomic(ring + 1)
    }
}
