//! The interface by which a component opens another's channel, and both wait at it.
#![no_std]
#![forbid(unsafe_code)]

use regions::{Peer, Share};
use runtime::Result;

/// Has a channel and the bells of both its ends.
#[runtime::interface]
pub trait Courier {
    /// Who it is.
    fn peer(&self) -> Result<Peer>;

    /// Opens a channel.
    fn open(&self, channel: Share<u64>) -> Result<()>;

    /// Waits until something has come from here.
    fn wait(&self) -> Result<()>;

    /// Says that something has been sent here.
    fn ring(&self) -> Result<()>;
}
