//! What every component links: start-up, stubs, and the words that the composer binds.
//!
//! A component is a library with its logic, and a binary that says what the
//! library is wired to:
//!
//! | in the binary | says |
//! |---|---|
//! | [`component!`] | what runs when the component starts |
//! | [`import!`] | an interface that it calls |
//! | [`import_page!`] | an interface that it calls by a syscall page |
//! | [`export!`] | an interface that it serves |
//! | [`ports!`], [`interrupt!`], [`registers!`] | what of a device it drives |
//! | [`parameter!`], [`constant!`] | a word that the graph can set |
//! | [`errors!`] | what the methods of an interface can fail with |
//! | [`thread_local!`] | a value of which each thread has its own |
//! | [`files!`] | that it reads the files that it starts with |
//! | [`plan!`] | that it schedules others |
//! | [`management!`] | that it constructs others at run time, or gives them memory |
//!
//! Each leaves a record for the composer, which fills in the words behind it.
//! The macros belong in binaries: a library's tests run on the host, where there
//! is nothing behind a capability. They implement the interface's trait instead. What a library can have is [`errors!`] and [`thread_local!`]; its
//! tests name the feature `host` for the latter, under `dev-dependencies`: then threads of the host have values of their own, too.
#![no_std]

#[cfg(any(test, feature = "host"))]
extern crate std;

// The interface attribute names this crate from outside; so do its tests from inside.
#[cfg(test)]
extern crate self as runtime;

mod capability;
mod clean;
mod client;
mod constructor;
mod debug_console;
pub mod entropy;
mod error;
mod files;
pub mod future;
pub mod handled;
mod interrupt;
mod macros;
pub mod management;
pub mod nodes;
pub mod page;
mod panic;
mod parameter;
pub mod peers;
pub mod pieces;
mod ports;
mod record;
mod registers;
pub mod scheduling;
pub mod section;
mod server;
mod start;
pub mod storage;
mod text;
pub mod thread;
pub mod time;
pub mod user;
pub mod waiting;
mod word;

pub use capability::operate;
pub use client::ImportSlot;
pub use constructor::Constructor;
pub use debug_console::DebugConsole;
pub use error::{CallError, Error, Failure, Refusal, Result};
pub use files::Files;
pub use interface_macro::interface;
pub use interrupt::Interrupt;
pub use parameter::{Parameter, ParameterType};
pub use ports::Ports;
pub use registers::Registers;
pub use server::{Arguments, Caller, Invocation, Reply};
pub use start::{Core, Outcome, is_image};
pub use text::Text;
pub use word::{Answer, Word};

/// What the macros need and nobody else should name.
#[doc(hidden)]
pub mod internal {
    pub use crate::error::{Named, Names, Refusal};
    pub use crate::panic::{IDENTITY, panicked};
    pub use crate::record::{Record, joined};
    pub use crate::server::{MXCSR, Method, Methods, Returned};
    pub use crate::start::{STACKS, UNKNOWN_PHASE, run_on_core, run_phase};
    pub use crate::storage::end_thread;
    pub use abi::crossing::SERVER_STATUS;
    pub use abi::phase::{INITIALISE, MAIN, PARALLEL_INITIALISE};

    /// A stack's span as a power of two, for the entry stubs.
    pub const STACK_SPAN_BITS: u32 = abi::layout::STACK_SPAN.trailing_zeros();
}
