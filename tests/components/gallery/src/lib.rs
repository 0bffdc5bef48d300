//! The interface of a server to which pictures are given, lent, and sent.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use memory_interface::MemoryError;
use regions::{Gift, Loan, Peer, Share};

/// Buffers of the channel by which pictures are sent.
pub const BUFFERS: usize = 4;

/// Words of a picture in a channel: 64 KiB.
pub const LENGTH: usize = 8192;

/// What a method of [`Gallery`] answers.
pub type Result<T> = runtime::Result<T, GalleryError>;

runtime::errors! {
    /// Why the gallery does not do what it is asked.
    pub enum GalleryError {
        NotThere = 1: "the memory manager knows of no such picture",
        Broken = 100: "the other end of the channel does not keep the protocol",
        Empty = 101: "nothing hangs",
        Full = 102: "there is no room in the heap",
    }
}

/// Of all that the memory manager says, clients are told this.
impl From<MemoryError> for GalleryError {
    fn from(error: MemoryError) -> Self {
        match error {
            MemoryError::Call(error) => Self::Call(error),
            _ => Self::NotThere,
        }
    }
}

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

    /// Has so many bytes of its own, from its heap, instead of those that it has; answers whether nobody has changed these.
    fn furnish(&self, bytes: u64) -> Result<bool>;

    /// Answers how many pages it has.
    fn pages(&self) -> Result<u64>;
}
