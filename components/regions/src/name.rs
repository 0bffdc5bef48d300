//! What is told of a region, in a call: one word. Whoever is told has nothing by that: the memory manager knows whom it is for.

use crate::Plain;
use crate::mapped::{Extent, PAGE};
use crate::{Memory, Source};
use core::fmt;
use core::marker::PhantomData;
use memory_interface::{MemoryError, Result};
use runtime::{Caller, Word};

/// A component, as the one to whom something is given or from whom it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(u64);

impl Peer {
    /// Who calls.
    pub const fn caller(caller: Caller) -> Self {
        Self(caller.token)
    }

    /// This component, to be told to those it calls, or who call it. One that says it is another has what it asked for given to that other.
    ///
    /// # Errors
    ///
    /// The memory manager's.
    pub fn own<M: Memory>(source: &Source<M>) -> Result<Self> {
        source.ask(Memory::token).map(Self)
    }

    /// The word by which the memory manager knows it.
    pub const fn token(self) -> u64 {
        self.0
    }
}

impl Word for Peer {
    fn into_word(self) -> u64 {
        self.0
    }

    fn from_word(word: u64) -> Self {
        Self(word)
    }
}

/// Bits of a name that say how many bytes there are; above them is the number of the first page.
const LENGTH_BITS: u32 = 28;

/// The most bytes that a region can have.
pub const MOST: usize = (1 << LENGTH_BITS) - 1;

/// Where a region lies in its owner's memory, and how long it is, as one word.
pub const fn pack(extent: Extent) -> u64 {
    (extent.address / PAGE as u64) << LENGTH_BITS | extent.bytes as u64
}

/// The reverse, of any word.
pub const fn unpack(word: u64) -> Extent {
    Extent { address: (word >> LENGTH_BITS) * PAGE as u64, bytes: word as usize & MOST }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        ///
        /// It is what a method of an interface takes, or answers. Any word is one: only the memory manager knows which are good.
        pub struct $name<T> {
            word: u64,
            of: PhantomData<fn() -> T>,
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), unpack(self.word))
            }
        }

        impl<T> Word for $name<T> {
            fn into_word(self) -> u64 {
                self.word
            }

            fn from_word(word: u64) -> Self {
                Self { word, of: PhantomData }
            }
        }

        impl<T: Plain> $name<T> {
            pub(crate) fn new(extent: Extent) -> Self {
                Self::from_word(pack(extent))
            }

            /// Where it lies, and how long it is.
            ///
            /// # Errors
            ///
            /// [`MemoryError::WrongSize`] if that is no whole number of values.
            pub(crate) fn extent(self) -> Result<Extent> {
                let extent = unpack(self.word);
                let is_whole = extent.bytes > 0 && extent.bytes.is_multiple_of(size_of::<T>());
                if is_whole { Ok(extent) } else { Err(MemoryError::WrongSize) }
            }
        }
    )*};
}

names! {
    /// The name of a region that was [given away](crate::Owned::give).
    Gift
    /// The name of a region that is [lent](crate::Owned::lend) to be read.
    Loan
    /// The name of a region that is [shared](crate::Owned::share), or of a [channel](crate::Channel).
    Share
}
