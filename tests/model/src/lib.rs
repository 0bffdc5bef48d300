//! What the kernel should do, plainly written: a reference to hold the logic against.
//!
//! It shares nothing with the kernel but the contract in `abi`. Objects are values in maps, named by numbers that are
//! never used again; a capability is such a number and some rights. There is one core, so nothing ever happens between two lines.
//!
//! | question | file |
//! |---|---|
//! | what is there? | `state.rs` |
//! | what does a call do? | `call.rs`, by kind `tables.rs`, `paging.rs` |
//! | who goes on? | `running.rs` |
//! | what must hold in between? | `invariants.rs` |
//! | what does user level do, on the host? | `simulation.rs` |
//!
//! It says of itself what it does not know: temporal capabilities, devices, registers, foreign components. See [`Model::knows`].
//!
//! [`Model::knows`]: state::Model::knows

mod call;
pub mod invariants;
pub mod kernel;
mod paging;
mod running;
pub mod simulation;
pub mod state;
mod tables;
