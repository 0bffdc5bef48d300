//! Calls of the kernel at random, and who makes them: the same on the host and in the guest.
//!
//! A *director* (the base constructor) constructs *players*, one after another: components that hold a capability of
//! each kind, their own table and page table among them. A player makes calls that [`Calls`] chooses, most of them
//! plausible, some of them anything at all, and keeps a [`Tally`] of the answers. It may well end itself; then there is the next one.
//!
//! All that depends on the seed is in here, so that a host that has only the seed comes to the same calls in the same order.
#![no_std]
#![forbid(unsafe_code)]

pub mod calls;
pub mod choices;
pub mod director;
pub mod holdings;
pub mod player;
pub mod tally;
mod words;
pub mod world;

pub use calls::{Call, Calls};
pub use choices::{Choices, Random};
pub use director::{Director, Operations, Played, Stage};
pub use holdings::Holdings;
pub use player::Player;
pub use tally::Tally;
