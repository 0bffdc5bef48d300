//! A server that calls itself as deep as it is asked to, and says how much stack that took; and its client, which is the same
//! image with a server.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use core::hint::black_box;
use log::{LevelFilter, info};
use pong_interface::{Pong, PongClient};
use runtime::{Result, thread};

runtime::optional_import!(CONSOLE: ConsoleClient);
runtime::optional_import!(BELOW: PongClient);
runtime::constant!(STACK: u64 = 0);
runtime::parameter!(DEPTH: u64 = 0, "depth");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static RECURSIVE: Recursive = Recursive;

runtime::component! { main: run }
runtime::export!(pong_interface::PongServer => RECURSIVE);

struct Recursive;

impl Pong for Recursive {
    fn call(&self) -> pong_interface::Result<()> {
        Ok(())
    }

    /// Goes so deep, and answers how much of its stack has been used at most.
    fn add(&self, depth: u64, _: u64) -> pong_interface::Result<u64> {
        descend(depth);
        // SAFETY: the graph gives each of its stacks so many bytes.
        Ok(unsafe { thread::stack_used(STACK.get()) })
    }

    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> pong_interface::Result<(u64, u64)> {
        Ok((0, 0))
    }

    fn fails(&self) -> pong_interface::Result<()> {
        Ok(())
    }
}

/// Calls itself so often, one call inside the other, each with more stack than anything else here uses.
#[inline(never)]
fn descend(depth: u64) -> u64 {
    // What is zero would not count as used.
    let mut frame = [!depth; 64];
    if let Some(less) = (!black_box(&mut frame)[0]).checked_sub(1) {
        frame[1] = descend(less);
    }
    black_box(frame[1])
}

fn run() -> Result<()> {
    if DEPTH.get() == 0 {
        return Ok(());
    }
    LOGGER.install(LevelFilter::Info);
    info!("as deep as the graph says: {} bytes of stack", BELOW.add(DEPTH.get(), 0)?);
    if let Err(error) = BELOW.add(1 << 20, 0) {
        info!("deeper than there is stack: {error}");
    }
    info!("everything goes on: {} bytes of stack", BELOW.add(1, 0)?);
    Ok(())
}
