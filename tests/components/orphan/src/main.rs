//! A component whose calls wait, more of them than there are workers: it ends by a fault meanwhile, or lives on and posts as many again.
#![no_std]
#![no_main]

use gate::Gate;
use pages_interface::PagesClient;
use runtime::Result;
use sched_interface::{Sched, SchedClient};

runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(GATE: gate::GatePage, workers: SCHED);

runtime::component! { main: run }

// Calls that wait.
runtime::parameter!(CALLS: u64 = 5, "calls");
runtime::parameter!(LIVES: bool = false, "lives");
// Whether they do not even wait, but have the server at work for ever.
runtime::parameter!(TOILS: bool = false, "toils");

fn run() -> Result<()> {
    GATE.direct().open(false)?;
    let gate = GATE.open()?;
    gate.register(&PAGES)?;
    for number in 0..CALLS.get() {
        match TOILS.get() {
            true => drop(gate.post().toil()?),
            false => drop(gate.post().pass(number)?),
        }
    }
    gate.flush()?;
    // Its workers come to where they wait.
    SCHED.yield_now()?;
    if LIVES.get() {
        SCHED.background()?;
        while gate.wait(&PAGES)? {}
        return Ok(());
    }
    // SAFETY: a fault is what is tested; nothing runs behind it.
    unsafe { core::arch::asm!("ud2", options(noreturn)) }
}
