//! How a composed image is run: a machine, its console, and how it came to an end.
//!
//! ```no_run
//! use qemu::{Machine, Session};
//!
//! let machine = Machine::new("kernel", "bundle").processors(2);
//! let ending = Session::new(machine).run(&mut std::io::stdout());
//! # let _ = ending;
//! ```
//!
//! No emulator outlives the process that started it: see [`process`].

mod accelerator;
pub mod debugger;
mod emulator;
mod input;
pub mod log;
mod machine;
mod preamble;
pub mod process;
mod session;
mod uefi;

pub use accelerator::Accelerator;
pub use emulator::{Emulator, Missing};
pub use input::{Input, Typed};
pub use machine::{Machine, PROCESSOR};
pub use session::{Ending, Run, Session};
pub use uefi::{MissingUefi, Uefi};

/// What the emulator's exit status is when the kernel ended with status 0: it wrote 0x10 to the exit device.
pub const EXIT_SUCCESS: i32 = 33;

/// What the emulator's exit status is when the kernel ended with any other status: it wrote 0x11 to the exit device.
pub const EXIT_FAILURE: i32 = 35;
