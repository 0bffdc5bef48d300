//! The image of the scheduler.
#![no_std]
#![no_main]

use abi::plan::CORES;
use runtime::{Caller, Result, thread};
use sched::pages::{Paged, Registered};
use sched::machine::Reached;
use sched::shared::Shared;
use sched::{Call, Scheduler};
use sched_interface::SchedClient;

runtime::plan!(PLAN);
runtime::parameter!(QUANTUM: u64 = 0, "quantum");

runtime::optional_import!(PARENT: SchedClient);

static SHARED: Shared = Shared::new();

/// One for each core that it may run on.
static SCHEDULERS: [Scheduler<Reached<SchedClient>>; CORES] = {
    const fn part(core: u32) -> Scheduler<Reached<SchedClient>> {
        Scheduler::new(Reached::new(PLAN.on(core), &PARENT), &SHARED)
    }
    [part(0), part(1), part(2), part(3), part(4), part(5), part(6), part(7)]
};

runtime::export!(sched_interface::SchedServer => |caller| serve(caller));

/// On the core on which the caller executes.
#[inline(always)]
fn serve(caller: Caller) -> Call<'static, Reached<SchedClient>> {
    on(caller.core).serve(caller)
}

/// Its part on this core. Nobody comes here on a core that no scheduler can have.
#[inline(always)]
fn on(core: u32) -> &'static Scheduler<Reached<SchedClient>> {
    &SCHEDULERS[core as usize % CORES]
}

static REGISTERED: Registered = Registered::new();

runtime::export!(pages_interface::PagesServer => |caller| {
    Paged { sched: serve(caller), pager: &PLAN, registered: &REGISTERED, token: caller.token }
});

runtime::component! { initialise: initialise, main: run }

fn initialise() -> Result<()> {
    let all = SCHEDULERS.iter().zip(0..).filter(|(_, core)| PLAN.cores() >> core & 1 != 0);
    all.into_iter().try_for_each(|(scheduler, _)| scheduler.initialise(QUANTUM.get()))
}

fn run() -> Result<u16> {
    on(thread::core()).run()
}
