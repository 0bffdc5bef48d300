//! The interface of a server to which pictures are given, lent, and sent.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use regions::{Gift, Loan, Peer, Share};
use runtime::{Error, Result};

/// Buffers of the channel by which pictures are sent.
pub const BUFFERS: usize = 4;

/// Words of a picture in a channel: 64 KiB.
pub const LENGTH: usize = 8192;

/// The error of a channel whose other end does not keep the protocol.
pub const BROKEN: Error = Error::Server(100);

/// The error of a gallery that has nothing hanging.
pub const EMPTY: Error = Error::Server(101);

/// Has pictures, which are words.
#[runtime::interface]
pub trait Gallery {
    /// Who it is.
    fn peer(&self) -> Result<Peer>;

    /// Takes a picture, adds one to each word, and gives it back.
    fn retouch(&self, picture: Gift<u64>) -> Result<Gift<u64>>;

    /// Hangs a picture that is lent.
    fn hang(&self, picture: Loan<u64>) -> Result<()>;

    /// Adds the words of the picture up that hangs.
    fn look(&self) -> Result<u64>;

    /// Takes the picture down that hangs.
    fn take_down(&self) -> Result<()>;

    /// Opens a channel.
    fn open(&self, channel: Share<u64>) -> Result<()>;

    /// Receives all that was sent, adds one to each word, and sends it back; answers how many pictures.
    fn retouch_sent(&self) -> Result<u64>;

    /// Closes the channel.
    fn close(&self) -> Result<()>;

    /// Writes a word over what lies there in a region that is no channel to it.
    fn scrawl(&self, region: Share<u64>, at: u64, word: u64) -> Result<()>;

    /// Answers how many pages it has.
    fn pages(&self) -> Result<u64>;
}
