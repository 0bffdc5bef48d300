//! The image of a server whose method starts a thread and faults while it has the handle, and of the client that calls it again and again:
//! the server has as much memory as before afterwards, and room for as many threads.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use concurrency::thread::{self, JoinHandle};
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use memory_interface::Memory;
use pong_interface::{Pong, PongClient, PongError};
use runtime::{CallError, Error, Result};
use sched_interface::SchedError;

heap::global!();

runtime::import!(CONSOLE: ConsoleClient);
runtime::optional_import!(SERVER: PongClient);
runtime::parameter!(CALLS: u64 = 0, "calls");

runtime::component! { main: main }

/// Results that a component has room for, at least.
const RESULTS: u64 = 32;

fn main() -> Result<()> {
    if CALLS.get() == 0 {
        return Ok(());
    }
    // When there is as much as there can be, each one more has to make another go.
    let mut faulted = call(RESULTS)?;
    let before = SERVER.add(0, 0)?;
    faulted += call(CALLS.get())?;
    let after = SERVER.add(0, 0)?;
    let verdict = if before == after { "as before" } else { "NOT as before" };
    let text = format_args!("{faulted} holders faulted; {after} pages left, {verdict}");
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "bereaved: {text}");
    Ok(())
}

/// Calls what faults; answers how often that was so.
fn call(times: u64) -> Result<u64> {
    let faults = |_: &u64| matches!(SERVER.call(), Err(PongError::Call(CallError::Kernel(_))));
    Ok((0..times).filter(faults).count() as u64)
}

/// Starts a thread: there is room for one, and the last one may have returned and not be gone yet.
fn start() -> Result<JoinHandle<Box<[u64; 64]>>> {
    loop {
        match thread::spawn(|| Box::new([1; 64])) {
            Err(error) if error == SchedError::TooManyThreads.into() => thread::yield_now()?,
            started => return started,
        }
    }
}

struct Server;

static SERVES: Server = Server;

runtime::export!(pong_interface::PongServer => SERVES);

impl Pong for Server {
    fn call(&self) -> pong_interface::Result<()> {
        let thread = start()?;
        while !thread.is_finished() {
            thread::yield_now()?;
        }
        // SAFETY: faults, and does not come back; what is on the stack is never dropped.
        unsafe { core::arch::asm!("ud2", options(noreturn)) }
    }

    /// Pages that are left, when a thread was started and waited for.
    fn add(&self, _: u64, _: u64) -> pong_interface::Result<u64> {
        start()?.join()?;
        Ok(heap::manager().left().map_err(Error::from)?.0)
    }

    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> pong_interface::Result<(u64, u64)> {
        Ok((0, 0))
    }

    fn fails(&self) -> pong_interface::Result<()> {
        Ok(())
    }
}
