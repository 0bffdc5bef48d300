//! Constructs every other component from the bundle, runs them, and ends the system.
//!
//! The bundle is a plan: what each component's address space looks like and what
//! it holds. The booter carries it out by the kernel's operations, one component
//! after another, and then has nothing left to decide:
//!
//! 1. construct all components (`construct`), then connect them (`connect`);
//! 2. let each initialise, servers before their clients, alone and then on all of its cores (`phases`), and then let each run (`run`);
//! 3. end the system with the first status that is not 0.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod address_space;
mod connect;
mod construct;
mod cores;
mod frames;
mod phases;
mod run;

pub use construct::{Held, held};

use abi::boot::BootInformation;
use abi::bundle::{Bundle, BundleError};
use abi::error::Error;
use core::fmt::{self, Write};
use frames::Frames;

/// Status of a system that could not be constructed.
pub const NOT_CONSTRUCTED: u16 = 1;

/// The kernel, as the booter reaches it.
pub trait Kernel {
    /// Asks the object behind `capability` for `operation`.
    ///
    /// # Errors
    ///
    /// The kernel's.
    fn operate(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error>;

    /// Writes to the kernel's console.
    fn print(&mut self, text: &str);
}

/// The plan, and the memory to carry it out with.
pub struct System<'b> {
    bundle: Bundle<'b>,
    frames: Frames,
    cores: u64,
}

/// Why a system cannot be constructed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The bundle is not what it should be.
    Bundle(BundleError),
    /// Memory ran out.
    OutOfMemory,
    /// The kernel refused an operation that the plan needs.
    Refused(Error),
    /// The component with this index in the bundle is to run on this core, and the machine has only so many.
    NoSuchCore {
        /// The component.
        component: usize,
        /// The core.
        core: u64,
        /// How many there are.
        cores: u64,
    },
    /// A component calls the booter, which serves nothing.
    BooterServes,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundle(error) => error.fmt(f),
            Self::OutOfMemory => f.write_str("memory ran out"),
            Self::Refused(error) => error.fmt(f),
            Self::NoSuchCore { component, core, cores } => {
                write!(f, "component {component} is to run on core {core}, and there are {cores}")
            }
            Self::BooterServes => f.write_str("the booter serves no interface"),
        }
    }
}

impl<'b> System<'b> {
    /// Reads the plan and what there is to carry it out with.
    ///
    /// # Errors
    ///
    /// [`Failure::Bundle`].
    pub fn read(bundle: &'b [u8], information: &BootInformation) -> Result<Self, Failure> {
        let bundle = Bundle::parse(bundle).map_err(Failure::Bundle)?;
        Ok(Self { bundle, frames: Frames::new(information), cores: information.cores() })
    }
}

/// Constructs and runs `system`; returns the status with which it ends.
///
/// `ticks` is the time since the kernel's first instruction.
pub fn boot(system: &System, ticks: impl Fn() -> u64, kernel: &mut impl Kernel) -> u16 {
    let mut frames = system.frames.clone();
    let constructed = cores::check(&system.bundle, system.cores)
        .and_then(|()| cores::listen(&system.bundle, kernel))
        .and_then(|()| construct::all(&system.bundle, &mut frames, kernel));
    match constructed.and_then(|()| connect::all(&system.bundle, &mut frames, kernel)) {
        Ok(()) => run::all(&system.bundle, ticks, kernel),
        Err(failure) => refuse(failure, kernel),
    }
}

/// Says why there will be no system; returns the status with which it ends.
pub fn refuse(failure: Failure, kernel: &mut impl Kernel) -> u16 {
    say(kernel, format_args!("booter: cannot construct the system: {failure}\n"));
    NOT_CONSTRUCTED
}

/// Writes formatted text to the kernel's console.
fn say(kernel: &mut impl Kernel, text: fmt::Arguments) {
    struct Writer<'k, K>(&'k mut K);
    impl<K: Kernel> Write for Writer<'_, K> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.print(text);
            Ok(())
        }
    }
    let _ = Writer(kernel).write_fmt(text);
}
