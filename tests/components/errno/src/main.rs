//! Code like that of C finds what its thread has of its own by FS base: the block's address at its beginning, and the number of the last
//! error behind it. On threads of the component, in what clients call, and on a thread that has the block of one that has ended.
#![no_std]
#![no_main]

use abi::error::Error;
use concurrency::thread;
use console_interface::{ConsoleClient, Writer};
use core::arch::asm;
use core::fmt::Write;
use pong_interface::{Pong, PongClient, PongError, PongServer, Result};
use runtime::CallError;
use runtime::storage::{ERRNO_OFFSET, errno, set_errno, with_base};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PONG: PongClient);
runtime::import!(TRUSTED: PongClient, "trusted");
runtime::export!(PongServer => SERVER);
runtime::parameter!(VISITS: bool = false, "visits");

runtime::component! { main: run }

static SERVER: Server = Server;

/// FS base.
fn base() -> u64 {
    let base;
    // SAFETY: reads a register.
    unsafe { asm!("rdfsbase {}", out(reg) base, options(nomem, nostack, preserves_flags)) };
    base
}

/// What code like that of C finds at FS:0.
fn this() -> u64 {
    let this;
    // SAFETY: this thread has a block, to which FS base leads.
    unsafe { asm!("mov {}, fs:[0]", out(reg) this, options(nostack, preserves_flags)) };
    this
}

/// The number of the last error, as such code reads it.
fn errno_of_c() -> i32 {
    let number: i32;
    // SAFETY: as above.
    unsafe { asm!("mov {:e}, fs:[{at}]", out(reg) number, at = const ERRNO_OFFSET, options(nostack, preserves_flags)) };
    number
}

/// And as it writes it.
fn set_errno_of_c(number: i32) {
    // SAFETY: as above.
    unsafe { asm!("mov fs:[{at}], {:e}", in(reg) number, at = const ERRNO_OFFSET, options(nostack, preserves_flags)) };
}

/// Whether both ways lead to one number, which is 0 when the thread has not noted any.
fn is_one_number() -> bool {
    let fresh = errno() == Ok(0) && this() == base() && errno_of_c() == 0;
    let there = set_errno(5).is_ok() && errno_of_c() == 5;
    set_errno_of_c(7);
    fresh && there && errno() == Ok(7)
}

fn run() -> runtime::Result<()> {
    say("its own thread", is_one_number());
    if VISITS.get() { visit() } else { threads() }
}

/// Threads one after the other, of which the second has the block of the first.
fn threads() -> runtime::Result<()> {
    let look = || (is_one_number(), base());
    let (first, block) = thread::spawn(look)?.join()?;
    say("another thread", first && block != base());
    say("its successor", thread::spawn(look)?.join()? == (true, block));
    say("still its own", errno() == Ok(7) && errno_of_c() == 7);
    Ok(())
}

/// Calls a server that has such words, too.
fn visit() -> runtime::Result<()> {
    let right = PONG.add(base(), 0)? == 1;
    say("a call", right && this() == base() && errno_of_c() == 7);
    // That one was to keep FS base.
    let faulted = TRUSTED.fails() == Err(PongError::Call(CallError::Kernel(Error::Faulted)));
    say("a fault of a trusted server", faulted && base() != 0 && this() == base() && errno_of_c() == 7);
    Ok(())
}

fn say(what: &str, is_right: bool) {
    let name = if VISITS.get() { "client" } else { "server" };
    let _ = writeln!(Writer::new(&CONSOLE), "{name}: {what} is {}", if is_right { "right" } else { "wrong" });
}

/// A server in whose methods FS base is the client's, but for where it says so.
struct Server;

impl Pong for Server {
    fn call(&self) -> Result<()> {
        Ok(())
    }

    /// Answers 1 if FS base is as it should be, of a client that has `clients` there.
    fn add(&self, clients: u64, _: u64) -> Result<u64> {
        let before = base() == clients;
        let inside = with_base(|| is_one_number() && base() != clients) == Ok(true);
        Ok(u64::from(before && inside && base() == clients))
    }

    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> Result<(u64, u64)> {
        Ok((0, 0))
    }

    fn fails(&self) -> Result<()> {
        // SAFETY: none. The kernel has to contain what happens.
        unsafe { asm!("mov {0}, [{0}]", inout(reg) 0_u64 => _) };
        Ok(())
    }
}
