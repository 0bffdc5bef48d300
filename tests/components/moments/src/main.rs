//! One thread goes into the scheduler in the same way a thousand times, and each time something comes an instruction later: a wake-up by an
//! urgent thread, or the end of its time. By a clock that counts instructions, so that it comes at each place on the way.
//!
//! | thread | what it is for |
//! |---|---|
//! | the component's own | looks, and waits |
//! | the waker, most urgent | sleeps until it is time, and wakes |
//! | the bystander, more urgent than those that it meets | is woken where nobody waits |
//! | the partner, an equal | takes turns |
//! | the peer, an equal | is handed over to without the kernel |
//! | the idle one, least urgent | runs while all wait; who waits for too long was forgotten |
#![no_std]
#![no_main]

mod budget;
mod handing;
mod others;
mod strike;
mod ways;

use console_interface::{ConsoleClient, Writer};
use core::fmt::{Arguments, Write};
use runtime::Result;
use sched_interface::SchedClient;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
// Nothing ever comes by it.
runtime::interrupt!(LINE, "line");
runtime::parameter!(BUDGET: u64 = 0, "budget");

runtime::component! { main: run }

fn say(text: Arguments<'_>) {
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "moments: {text}");
}

fn run() -> Result<()> {
    match BUDGET.get() {
        0 => ways::all(),
        ticks => budget::ends_at_each_instruction(ticks),
    }
}
