//! Wide data between components, without copies: typed memory that is given away, lent, or shared.
//!
//! A call carries four words. What is wider lies in a *region*: whole pages from the memory manager, of values of one type. The graph says
//! along which edges a component may let another have its memory (`regions = "client"`, `"server"` or `"both"`); what travels in the call is
//! the region's name, one word.
//!
//! | type | who reaches the memory | how |
//! |---|---|---|
//! | [`Owned`] | its owner alone | as a slice, `&[T]` and `&mut [T]` |
//! | [`Gift`] | nobody, until it is taken; then it is another's [`Owned`] | not at all |
//! | [`View`] of what is [lent](Owned::lend) | the owner as before, and another to read | values that are copied out |
//! | [`Shared`] | both, to read and to write | values that are copied out and in |
//! | [`Channel`] | both, but of each buffer by the protocol only one | values that are copied out and in |
//!
//! **Ownership** is what the types say, and the kernel makes it so: who gives a region has it no more, in the source as [`Owned::give`] takes
//! it by value, and in the machine as it is unmapped before the name is there to be told. So the taker has a `&mut [T]` that no other component
//! can touch, however hostile. Whatever the memory manager hands out is trusted to be nobody else's; nothing else is.
//!
//! **What another can write is never borrowed.** Memory that another component may write to changes at any time, so there is no `&T` to it,
//! neither here nor in what this hands out: [`View`], [`Shared`] and [`Channel`] copy values out and in by relaxed atomic accesses, eight bytes
//! at a time. A value can be torn, one part old and one part new, and is still a value: `T` is [`Plain`], of which all bits are one. So what
//! was read is to be checked after it was copied out, not before. An owner that lends to be read keeps its slices, since nobody else writes.
//!
//! **Waiting.** Whoever has nothing to receive can [sleep](Channel::recv_waiting) until the other end has sent something and [rings](Channel::ring).
//! How, is a [`Bell`], as only one of the two can have what is waited for. Without waiting nobody is called.
//!
//! **Ends.** When the owner takes a region back, drops it, or ends, it is unmapped wherever it was. Who touches it then faults, which ends the
//! call that touched it; its caller is told so by an error, and the owner never hears of it. Who opens it then is refused. Where it lay nothing
//! else lies, no block of a heap and no other region, until its [`View`], [`Shared`] or [`Channel`] is dropped: who still has that reaches
//! nothing. A call that faults has lost what it had in its hands, and the address stays taken for as long as the component lives. So that
//! nobody loses all by that, of one owner's regions no more is mapped in a component, or has been and was not dropped, than twice what the
//! owner may have; then those that are dropped make room.
//!
//! **Urgency.** The memory manager serves one at a time. Whoever finds it with another asks again, and a thread that is more urgent than that
//! other, on its core, has to sleep meanwhile: [`Source::pausing`].
//!
//! These types are the only ones in the component that speak to the memory manager of a region's addresses: code that gives back what it was
//! never granted, by [`Memory::give_back`] and an address of its own making, takes memory from under them, as from under a heap.
#![no_std]

#[cfg(test)]
extern crate std;

/// Regions are shown as where they lie.
macro_rules! shown {
    ($($region:ident)*) => {$(
        impl<T: Plain, M: Memory> fmt::Debug for $region<T, M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($region)).field(&self.values.extent()).finish()
            }
        }
    )*};
}

mod bell;
mod channel;
mod lent;
mod mapped;
mod name;
mod owned;
mod source;
#[cfg(test)]
mod tests;

pub use bell::{Bell, Missed};
pub use channel::{Broken, Buffer, Channel};
pub use lent::{Shared, View};
pub use name::{Gift, Loan, Peer, Share};
pub use owned::Owned;
pub use source::Source;

use memory_interface::Memory;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// A type of which all bits are a value, and a value is nothing but its bits: what memory that others write to can be read as.
///
/// It is whatever `zerocopy` says so of; for a type of one's own: `#[derive(FromBytes, IntoBytes, Immutable)]`.
pub trait Plain: FromBytes + IntoBytes + Immutable + Copy + 'static {}

impl<T: FromBytes + IntoBytes + Immutable + Copy + 'static> Plain for T {}
