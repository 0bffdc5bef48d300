//! User threads, thousands of them: each calls by a page as if it were alone, on a stack that was granted at run time.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use core::cell::Cell;
use core::hint::black_box;
use log::{LevelFilter, info};
use memory_interface::MemoryClient;
use pages_interface::{PagesClient, PagesError};
use pong_interface::{Pong, PongPage, PongPosts};
use runtime::page::Scheduler;
use runtime::user::{OnPage, Scope, StackPool, UserError, UserThreads};
use runtime::{Error, Result};
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(MEMORY: MemoryClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(PONG: PongPage);
runtime::parameter!(THREADS: u64 = 2000, "threads");
runtime::parameter!(OVERFLOW: bool = false, "overflow");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static CROWD: UserThreads = UserThreads::new();
static FEW: UserThreads = UserThreads::new();
static STACKS: StackPool<0x2_0000> = StackPool::new();

runtime::component! { main: run }

/// The scheduler, counted.
struct Counted(Cell<u64>);

impl Scheduler for Counted {
    type Error = PagesError;

    fn register(&self, page: u64) -> Result<(), PagesError> {
        PAGES.register(page)
    }

    fn unregister(&self, page: u64) -> Result<(), PagesError> {
        PAGES.unregister(page)
    }

    fn wait(&self, page: u64) -> Result<u64, PagesError> {
        self.0.set(self.0.get() + 1);
        Scheduler::wait(&PAGES, page)
    }
}

/// Calls of each thread.
const CALLS: u64 = 3;

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let (posts, scheduler) = (PONG.open()?, Counted(Cell::new(0)));
    posts.register(&scheduler)?;
    SCHED.yield_now()?;
    let count = THREADS.get();
    let stacks = CROWD.adopt_granted(&MEMORY, count as usize + 1, 3)?;
    info!("there are stacks for as many: {}", stacks as u64 > count);
    let (right, page) = (Cell::new(0), OnPage::new(&posts, &scheduler));
    let joined = CROWD.run(&page, |scope| crowd(scope, &page, count, &right)).map_err(failed)?;
    let (calls, waits) = (CALLS * count, scheduler.0.get());
    info!("{joined} of {count} threads ended, {} of {calls} results are right", right.get());
    info!("as many waits as batches need that fill the page: {}", waits <= calls.div_ceil(64) + 2 * CALLS);
    few()?;
    if OVERFLOW.get() {
        let _ = CROWD.run(&(), |_| deep(1 << 20));
    }
    Ok(())
}

/// Thousands call; answers how many came to their ends.
fn crowd<'scope>(
    scope: &'scope Scope<'scope, '_>,
    page: &'scope OnPage<'_, Counted>,
    count: u64,
    right: &'scope Cell<u64>,
) -> u64 {
    let pong = || PongPosts::sequential(page, scope.threads());
    let adds = |thread: u64| {
        let pong = pong();
        move || {
            let is_right = |call: &u64| pong.add(thread, *call) == Ok(thread + *call);
            let mine = (0..CALLS).filter(is_right).count() as u64;
            right.set(right.get() + mine);
        }
    };
    // What was spawned and is not kept is not joined; its stack comes back by itself.
    let spawned = (0..count - 1).filter(|thread| scope.spawn(adds(*thread)).is_ok()).count() as u64;
    let last = scope.spawn(adds(count - 1)).ok().and_then(|last| last.join());
    spawned + u64::from(last.is_some())
}

/// On the image's own memory, and one after another on the same stacks.
fn few() -> Result<()> {
    let stacks = FEW.adopt(&STACKS, 0x4000).map_err(failed)?;
    let sum =
        FEW.run(&(), |scope| (0..1000_u64).filter_map(|number| scope.spawn(move || number).ok()?.join()).sum::<u64>());
    info!("four stacks at least: {}; a thousand threads: {}", stacks >= 4, sum.map_err(failed)?);
    Ok(())
}

/// Uses more stack than there is.
fn deep(levels: u64) -> u64 {
    let frame = black_box([levels; 32]);
    if levels == 0 { frame[0] } else { deep(levels - 1) + black_box(frame)[1] }
}

fn failed(_: UserError) -> Error {
    Error::Unknown
}
