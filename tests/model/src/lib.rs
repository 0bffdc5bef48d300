//! What the kernel should do, plainly written: a reference to hold the logic against.
//!
//! It shares nothing with the kernel but the contract in `abi`. Objects are values in maps, named by numbers that are
//! never used again; a capability is such a number and some rights. There is one core, so nothing ever happens between two lines.
//!
//! | question | file |
//! |---|---|
//! | what is there? | `state.rs` |
//! | what does a call do? | `call.rs`, by kind `tables.rs`, `paging.rs`, `time.rs`, `registers.rs`, `devices.rs` |
//! | who goes on? | `running.rs` |
//! | what must hold in between? | `invariants.rs` |
//! | what does user level do, on the host? | `simulation.rs` |
//!
//! What entry paths do beside the logic it does not know: no registers are kept at an interrupt.

mod call;
mod devices;
pub mod invariants;
pub mod kernel;
mod paging;
mod registers;
mod running;
pub mod simulation;
pub mod state;
mod tables;
mod time;
