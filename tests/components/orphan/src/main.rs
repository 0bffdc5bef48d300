//! A component that ends by a fault while its calls wait, more of them than there are workers.
#![no_std]
#![no_main]

use gate::Gate;
use pages_interface::PagesClient;
use runtime::Result;
use sched_interface::{Sched, SchedClient};

runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(GATE: gate::GatePage);

runtime::component! { main: run }

/// Calls that wait.
const CALLS: u64 = 5;

fn run() -> Result<()> {
    GATE.direct().open(false)?;
    let gate = GATE.open()?;
    gate.register(&PAGES)?;
    for number in 0..CALLS {
        drop(gate.post().pass(number)?);
    }
    gate.flush()?;
    // Its workers come to where they wait.
    SCHED.yield_now()?;
    // SAFETY: a fault is what is tested; nothing runs behind it.
    unsafe { core::arch::asm!("ud2", options(noreturn)) }
}
