//! What a system does, or did: its components, threads, capability tables and memory, out of a memory dump.
//!
//! A running machine is looked into the same way: the emulator stops it for as long as a dump takes. The kernel knows nothing of
//! this, and pays nothing for it. Its objects are read by its own logic ([`memory`]); what is where beside them says the section
//! [`abi::inspection`] of its ELF file.

pub mod capabilities;
pub mod core;
pub mod dump;
pub mod left;
pub mod memory;
pub mod rings;
pub mod scheduler;
pub mod spaces;
pub mod state;
pub mod subject;
pub mod text;
pub mod threads;
pub mod types;
pub mod value;

#[cfg(test)]
mod tests;

pub use dump::{Dump, DumpError};
pub use state::{State, look};
pub use subject::Subject;
