//! The interface `memory`: pages at run time, for oneself and between components that call each other.
//!
//! The graph makes the server of this interface the memory manager of its clients, and says with `memory = "SIZE"` how
//! much each may have at once. All addresses are page addresses. Memory that a component gets is zero, and nobody
//! else's: it was cleared since its last owner had it.
#![no_std]

#[cfg(test)]
extern crate std;

mod not_asked;

use runtime::{Error, Result};

/// Gives memory. Each method is about the component that calls it.
#[runtime::interface]
pub trait Memory {
    /// Maps `pages` fresh pages, readable and writable, one after another; answers the address of the first.
    fn grant(&self, pages: u64) -> Result<u64>;

    /// Unmaps `pages` pages that were granted, from `address` on, here and wherever they were accepted.
    fn give_back(&self, address: u64, pages: u64) -> Result<()>;

    /// Answers the token of the component that asks: by it others name the component to whom they give something, or who gives
    /// them something. A server knows its callers' tokens; it may tell them its own.
    fn token(&self) -> Result<u64>;

    /// Lets the component with the token `to` map `pages` pages that were granted, from `address` on: all of them, read-only
    /// unless `writable`. It has to be told the address. The graph says to whom memory may be given (`regions`).
    fn offer(&self, address: u64, pages: u64, to: u64, writable: bool) -> Result<()>;

    /// Maps what the component with the token `from` offers at `address`, to be written if so said; answers where, and how many
    /// pages. The owner may write to it at any time, and take it back: then whoever touches it faults.
    fn accept(&self, from: u64, address: u64, writable: bool) -> Result<(u64, u64)>;

    /// Unmaps what was accepted and lies at `address`.
    fn release(&self, address: u64) -> Result<()>;

    /// Gives `pages` pages that were granted, from `address` on, to the component with the token `to`: nobody has them until that
    /// one takes them. They count for whoever gave them until then.
    fn give(&self, address: u64, pages: u64, to: u64) -> Result<()>;

    /// Takes what the component with the token `from` gives, and had at `address`; answers where it is now, and how many pages: as
    /// if they had been granted. Whoever gave it takes it back in the same way, for as long as nobody has taken it.
    fn take(&self, from: u64, address: u64) -> Result<(u64, u64)>;

    /// Ends all offers of what lies from `address` on: what was accepted is unmapped.
    fn take_back(&self, address: u64) -> Result<()>;

    /// Takes everything from a component that lives no more, and what it had offered from those who have it. For who made it alone.
    fn end(&self, component: u64) -> Result<()>;

    /// Names `frames` untyped frames, one page address after another, for a component that makes kernel objects;
    /// answers the first name.
    fn lend(&self, frames: u64) -> Result<u64>;

    /// Gives back `frames` frames that were lent, from the name `address` on. None may be in use any more.
    fn settle(&self, address: u64, frames: u64) -> Result<()>;

    /// Answers how many pages the component may still get, and how many it has.
    fn left(&self) -> Result<(u64, u64)>;
}

impl runtime::user::StackMemory for MemoryClient {
    fn grant(&self, pages: u64) -> Result<u64> {
        Memory::grant(self, pages)
    }

    fn give_back(&self, address: u64) -> Result<()> {
        Memory::give_back(self, address, 1)
    }
}

/// The error of a component that would have more than its quota, or of a manager without memory.
pub const NO_MEMORY: Error = Error::Server(1);

/// The error about pages that the component was not granted, or an offer that nobody made to it.
pub const NOT_YOURS: Error = Error::Server(2);

/// The error about a frame that is still part of an object.
pub const IN_USE: Error = Error::Server(3);

/// The error of more offers than the manager keeps account of.
pub const TOO_MANY_OFFERS: Error = Error::Server(4);

/// The error of a client that calls while another is being served: ask again.
pub const BUSY: Error = Error::Server(5);

/// The error of a component that has no memory manager in the graph, or not this one.
pub const NOT_A_CLIENT: Error = Error::Server(6);

/// The error about a component to which the graph does not let this one give memory; about memory that is offered to be read, and
/// is to be written; about the end of a component that another makes.
pub const NOT_PERMITTED: Error = Error::Server(7);

/// The error about an offer that was accepted already.
pub const ACCEPTED: Error = Error::Server(8);

/// The error about a region that is not as long as its name says, or about one without a length that there can be.
pub const WRONG_SIZE: Error = Error::Server(9);
