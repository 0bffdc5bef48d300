//! The image of the scheduler.
#![no_std]
#![no_main]

use abi::plan::CORES;
use runtime::{Caller, thread};
use sched::Scheduler;
use sched::cores::{Everywhere, Parts};
use sched::machine::Reached;
use sched::pages::{Paged, Registered};
use sched::shared::Shared;
use sched_interface::{Result, SchedClient};

runtime::plan!(PLAN);
runtime::parameter!(QUANTUM: u64 = 0, "quantum");

runtime::optional_import!(PARENT: SchedClient);

static SHARED: Shared = Shared::new();

/// One for each core that it may run on.
static SCHEDULERS: Parts<Reached<SchedClient>> = {
    const fn part(core: u32) -> Scheduler<Reached<SchedClient>> {
        Scheduler::new(Reached::new(PLAN.on(core), &PARENT), &SHARED)
    }
    [part(0), part(1), part(2), part(3)]
};

runtime::export!(sched_interface::SchedServer => |caller| serve(caller));

#[inline(always)]
const fn serve(caller: Caller) -> Everywhere<Reached<SchedClient>> {
    Everywhere::new(&SCHEDULERS, caller)
}

static REGISTERED: Registered = Registered::new();

runtime::export!(pages_interface::PagesServer => |caller| {
    Paged { sched: move || serve(caller), pager: &PLAN, registered: &REGISTERED, token: caller.token }
});

runtime::component! { initialise: initialise, main: run }

fn initialise() -> Result<()> {
    let all = SCHEDULERS.iter().zip(0..).filter(|(_, core)| PLAN.cores() >> core & 1 != 0);
    all.into_iter().try_for_each(|(scheduler, _)| scheduler.initialise(QUANTUM.get()))
}

fn run() -> Result<u16> {
    SCHEDULERS[thread::core() as usize % CORES].run()
}
