//! The interface `memory`: pages at run time, for oneself and between components that call each other.
//!
//! The graph makes the server of this interface the memory manager of its clients, and says with `memory = "SIZE"` how
//! much each may have at once. All addresses are page addresses. Memory that a component gets is zero, and nobody
//! else's: it was cleared since its last owner had it.
#![no_std]

#[cfg(test)]
extern crate std;

mod not_asked;

/// What a method of [`Memory`] answers.
pub type Result<T> = runtime::Result<T, MemoryError>;

runtime::errors! {
    /// Why a memory manager does not do what it is asked.
    pub enum MemoryError {
        NoMemory = 1: "the component would have more than its quota, or the manager has no memory",
        NotYours = 2: "the pages were not granted to the component, or nobody made it such an offer",
        InUse = 3: "the frame is still part of an object",
        TooManyOffers = 4: "there are more offers than the manager keeps account of, or too many that are over and not released",
        Busy = 5: "the manager serves another client, or a core may still see what is to be over: ask again",
        NotAClient = 6: "the component has no memory manager in the graph, or not this one",
        NotPermitted = 7: "the graph does not let the component do that to the other, or to memory that it may only read",
        Accepted = 8: "the offer was accepted already",
        WrongSize = 9: "the region is not as long as its name says, or has a length that there cannot be",
    }
}

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
    /// pages. The owner may write to it at any time, and take it back: then whoever touches it faults, and nothing else is put there
    /// until it is released.
    fn accept(&self, from: u64, address: u64, writable: bool) -> Result<(u64, u64)>;

    /// Unmaps what was accepted and lies at `address`. What is over lies nowhere, and is to be released all the same: only then is the
    /// address free.
    fn release(&self, address: u64) -> Result<()>;

    /// Gives `pages` pages that were granted, from `address` on, to the component with the token `to`: nobody has them until that
    /// one takes them. They count for whoever gave them until then.
    fn give(&self, address: u64, pages: u64, to: u64) -> Result<()>;

    /// Takes what the component with the token `from` gives, and had at `address`; answers where it is now, and how many pages: as
    /// if they had been granted. Whoever gave it takes it back in the same way, for as long as nobody has taken it.
    fn take(&self, from: u64, address: u64) -> Result<(u64, u64)>;

    /// Ends all offers of what lies from `address` on: what was accepted is unmapped.
    fn take_back(&self, address: u64) -> Result<()>;

    /// Takes everything from a component that lives no more, and what it had offered from those who have it. What others had lent to it
    /// is lent no more, and what they had given to it is theirs to take. For who made it alone.
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
    fn grant(&self, pages: u64) -> runtime::Result<u64> {
        Ok(Memory::grant(self, pages)?)
    }

    fn give_back(&self, address: u64) -> runtime::Result<()> {
        Ok(Memory::give_back(self, address, 1)?)
    }
}
