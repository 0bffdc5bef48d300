//! The image of the scheduler.
#![no_std]
#![no_main]

use runtime::Result;
use runtime::scheduling::Plan;
use sched::Scheduler;
use sched::pages::{Paged, Registered};

runtime::plan!(PLAN);
runtime::parameter!(QUANTUM: u64 = 0, "quantum");

static SCHEDULER: Scheduler<&Plan> = Scheduler::new(&PLAN);

runtime::export!(sched_interface::SchedServer => |caller| SCHEDULER.serve(caller));

static REGISTERED: Registered = Registered::new();

runtime::export!(pages_interface::PagesServer => |caller| {
    Paged { sched: SCHEDULER.serve(caller), pager: &PLAN, registered: &REGISTERED, token: caller.token }
});

runtime::component! { initialise: initialise, main: run }

fn initialise() -> Result<()> {
    SCHEDULER.initialise(QUANTUM.get())
}

fn run() -> Result<u16> {
    SCHEDULER.run()
}
