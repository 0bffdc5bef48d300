//! A component that calls servers by pages that do not serve them, and one that does. Whoever waits for the others has an error, or waits
//! for so long as it likes, and its calls of the last one are answered.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use core::cell::Cell;
use core::pin::pin;
use gate::{Gate, GatePage, GatePosts};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use runtime::future::{self, Either, Executor, select};
use runtime::user::{self, Scope, StackPool, UserThreads};
use runtime::waiting::Sources;
use runtime::{Error, Result, time};
use sched_interface::SchedClient;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(FAULTS: GatePage, "faults");
runtime::import_page!(REPEATS: GatePage, "repeats");
runtime::import_page!(KEEPS: GatePage, "keeps");
runtime::import_page!(IDLES: GatePage, "idles");
runtime::import_page!(SPINS: GatePage, workers: SCHED, "spins");
runtime::import_page!(GATE: GatePage, "gate");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static TASKS: Executor<1> = Executor::new(&SCHED);
static THREADS: UserThreads = UserThreads::new();
static STACKS: StackPool<{ 3 * 0x1_0000 }> = StackPool::new();

runtime::component! { main: run }

/// User threads that call at once.
const CALLERS: u64 = 8;

/// Ticks for which something is waited for.
const WHILE: u64 = 200_000;

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    THREADS.adopt(&STACKS, 0x4000).map_err(|_| Error::Unknown)?;
    let gate = GATE.open()?;
    gate.register(&PAGES)?;
    for (name, page) in [("faults", &FAULTS), ("repeats", &REPEATS), ("keeps", &KEEPS)] {
        let posts = page.open()?;
        posts.register(&PAGES)?;
        let (ended, error) = by_user_threads(&posts)?;
        info!("one {name}: {ended} of {CALLERS} heard {error:?}; beside it {:?}", gate.post().echo(7)?.wait(&PAGES));
    }
    info!("one idles: the time was over first, and then {:?}", limited(&IDLES.open()?, &gate)?);
    info!("one spins: the time was over first, and then {:?}", limited(&SPINS.open()?, &gate)?);
    Ok(())
}

/// How many callers had an error, and the last one.
fn by_user_threads(posts: &GatePosts<'_>) -> Result<(u64, Option<Error>)> {
    let page = user::OnPage::new(posts, &PAGES);
    let (ended, error) = (Cell::new(0), Cell::new(None));
    let hear = |heard: Result<u64>| {
        ended.set(ended.get() + u64::from(heard.is_err()));
        error.set(heard.err());
    };
    THREADS.run(&page, |scope| call(scope, &page, &hear)).map_err(|_| Error::Unknown)??;
    Ok((ended.get(), error.get()))
}

fn call<'scope, S: runtime::page::Scheduler>(
    scope: &'scope Scope<'scope, '_>,
    page: &'scope user::OnPage<'_, S>,
    hear: &'scope impl Fn(Result<u64>),
) -> Result<()> {
    for number in 0..CALLERS {
        let caller = move || hear(GatePosts::sequential(page, scope.threads()).echo(number));
        drop(scope.spawn(caller).map_err(|_| Error::Unknown)?);
    }
    Ok(())
}

/// What who does not trust a server writes: it waits for the call and for a time, whichever comes first. Answers another server's answer
/// behind that.
fn limited(never: &GatePosts<'_>, gate: &GatePosts<'_>) -> Result<Result<u64>> {
    let (never, gate) = (future::OnPage::new(never, &PAGES), future::OnPage::new(gate, &PAGES));
    let timers = future::Timers::new();
    let call = async {
        let call = GatePosts::asynchronous(&never);
        match select(pin!(call.echo(1)), pin!(timers.sleep_until(time::ticks() + WHILE))).await {
            Either::Left(_) => Err(Error::Unknown),
            Either::Right(_) => GatePosts::asynchronous(&gate).echo(9).await,
        }
    };
    TASKS.run(&Sources::new([&never, &gate, &timers], &SCHED), call).map_err(|_| Error::Unknown)
}
