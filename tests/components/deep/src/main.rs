//! A server that formats what formats something else, and so uses much stack; it says how much.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use core::fmt;
use log::{LevelFilter, info};
use pong_interface::{Pong, PongError};
use runtime::thread;

runtime::import!(CONSOLE: ConsoleClient);
runtime::constant!(STACK: u64 = 0);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

struct Deep;

static DEEP: Deep = Deep;

runtime::component! { initialise: prepare }
runtime::export!(pong_interface::PongServer => DEEP);

fn prepare() {
    LOGGER.install(LevelFilter::Info);
}

/// Something that is written by writing something smaller.
struct Nested(u64);

impl fmt::Display for Nested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => write!(f, "{:>8}", "nothing"),
            deep => write!(f, "({:#x} {})", deep, Nested(deep - 1)),
        }
    }
}

impl Pong for Deep {
    fn call(&self) -> pong_interface::Result<()> {
        Ok(())
    }

    /// The sum, written down with two nested words; or what stack was used until now, if it is asked for the largest number.
    fn add(&self, one: u64, other: u64) -> pong_interface::Result<u64> {
        if one == u64::MAX {
            // SAFETY: the graph gives each of its stacks so many bytes.
            return Ok(unsafe { thread::stack_used(STACK.get()) });
        }
        info!("{one} and {other}: {}", Nested(2));
        Ok(one + other)
    }

    fn args(&self, one: u64, two: u64, three: u64, four: u64) -> pong_interface::Result<(u64, u64)> {
        Ok((one.wrapping_add(two), three.wrapping_add(four)))
    }

    fn fails(&self) -> pong_interface::Result<()> {
        Err(PongError::Refused)
    }
}
