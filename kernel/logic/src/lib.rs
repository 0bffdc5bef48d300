//! What the kernel decides: safe functions over kernel objects.
//!
//! 1. Every kernel object is a frame of 512 words, or a fixed-size entry of a
//!    table sized at boot. Objects are reached through [`store::Store`]; this crate
//!    holds no memory and no `unsafe`, and runs under `cargo test` as it runs in the kernel.
//! 2. An operation checks everything before it changes anything. What it answers is an
//!    [`outcome::Outcome`]; what goes wrong is an [`abi::error::Error`].
//! 3. A slot, a page-table entry or a frame changes its state in one atomic step.
//! 4. Words are atomic because other cores read them, not because anything waits.
//!
//! The assembly in the kernel's `entry` does the common case of [`invocation`]
//! again, in as few instructions as it can; this crate is its specification.
//!
//! Reading order: [`operation`] (the one match), then the file of the object in question.
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

#[cfg(test)]
extern crate std;

pub mod address_space;
pub mod budget;
pub mod capability;
pub mod capability_table;
pub mod component;
pub mod core_state;
pub mod cross_core;
pub mod dispatch;
pub mod endpoint;
pub mod fault;
pub mod footprint;
pub mod frame;
pub mod interrupt;
pub mod invocation;
pub mod launch;
pub mod migrate;
pub mod operation;
pub mod outcome;
pub mod page_table;
pub mod physical_range;
pub mod ports;
pub mod processor;
pub mod quick;
pub mod quiescence;
pub mod reclaim;
pub mod registers;
pub mod slot;
pub mod store;
pub mod temporal_capability;
pub mod thread;
pub mod unheard;
mod users;

#[cfg(test)]
mod sequences;
#[cfg(test)]
mod testing;
