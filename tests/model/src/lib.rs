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
//! What needs another core is not modelled, since the order of what two cores do has no one right outcome. Each rule has tests of its
//! own, of the logic (`kernel/logic/src`) and in the guest:
//!
//! | rule | logic | guest |
//! |---|---|---|
//! | who belongs to another core is refused: threads, end-points, temporal capabilities | `a_thread_of_another_core_is_refused`, `cycles_stay_on_their_core_but_those_without_end`, `another_cores_time_is_refused` | scene `other_core` of the fuzzer, status by status |
//! | sends across cores are counted, none is lost, and the first one interrupts | `cross_core/tests.rs`, `many_senders_lose_nothing` among them | `tests/systems/several-cores.toml`, `tests/campaign sched` |
//! | an epoch is past when every core has acknowledged | `quiescence.rs`: `an_epoch_is_past_when_the_last_core_has_acknowledged`, `a_core_that_cannot_forget_does_not_acknowledge` | `tests/campaign recycle`; neighbours of the fuzzer |
//! | a thread is launched on its core, ends there, and is reclaimed only when that core runs nothing | `launch/tests.rs`; `a_thread_of_another_core_is_reclaimed_when_that_runs_nothing_and_no_scheduler_knows_it` | scene `after` of the fuzzer; `tests/campaign recycle` |
//! | a thread moves to another core with what was sent to it | `migrate/tests.rs` | `tests/systems/migration.toml`, `tests/campaign sched` |
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
