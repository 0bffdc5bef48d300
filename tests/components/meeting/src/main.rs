//! Waits at a rendezvous, or signals there.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::{Arguments, Write};
use rendezvous::{Rendezvous, RendezvousClient};
use runtime::Result;
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(RENDEZVOUS: RendezvousClient);
runtime::import!(SCHED: SchedClient);
runtime::parameter!(SIGNALS: bool = false, "signals");
// Index of a thread that is none of this component's business.
runtime::parameter!(STRANGER: u64 = 0, "stranger");

runtime::component! { main: main }

fn say(text: Arguments<'_>) {
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "{text}");
}

fn main() -> Result<()> {
    if SIGNALS.get() { signal() } else { wait() }
}

fn wait() -> Result<()> {
    RENDEZVOUS.announce()?;
    say(format_args!("waits"));
    RENDEZVOUS.wait()?;
    say(format_args!("was woken"));
    SCHED.yield_now()?;
    say(format_args!("does not wait"));
    RENDEZVOUS.wait()?;
    say(format_args!("had been woken before"));
    Ok(())
}

fn signal() -> Result<()> {
    say(format_args!("signals"));
    RENDEZVOUS.signal()?;
    // The server may wake the thread, because it can be called by it. Its other clients may not.
    say(format_args!("on its own: {:?}", SCHED.wake(STRANGER.get()).err()));
    SCHED.yield_now()?;
    say(format_args!("signals again"));
    RENDEZVOUS.signal()
}
