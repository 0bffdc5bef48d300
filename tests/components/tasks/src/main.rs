//! Calls by two pages and points in time, as futures and from user threads: whoever waits for one of them holds up nobody else.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use core::cell::Cell;
use core::pin::pin;
use gate::{Gate, GatePage, GatePosts};
use log::{LevelFilter, info};
use pages_interface::PagesClient;
use pong_interface::{Pong, PongPage, PongPosts};
use runtime::future::{self, Either, Executor, join, select};
use runtime::user::{self, JoinHandle, Scope, StackPool, UserThreads};
use runtime::waiting::Sources;
use runtime::{Error, Result, time};
use sched_interface::{Sched, SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(PONG: PongPage);
runtime::import_page!(GATE: GatePage);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static TASKS: Executor<2> = Executor::new(&SCHED);
static THREADS: UserThreads = UserThreads::new();
static STACKS: StackPool<{ 3 * 0x1_0000 }> = StackPool::new();

runtime::component! { main: run }

/// Ticks for which something is waited for.
const WHILE: u64 = 200_000;

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let (pong, gate) = (PONG.open()?, GATE.open()?);
    pong.register(&PAGES)?;
    gate.register(&PAGES)?;
    SCHED.yield_now()?;
    THREADS.adopt(&STACKS, 0x4000).map_err(|_| Error::Unknown)?;
    by_tasks(&pong, &gate)?;
    by_user_threads(&pong, &gate)?;
    again(&pong)?;
    info!("{} and {} slots are free", pong.free(), gate.free());
    Ok(())
}

/// A page that the scheduler has forgotten is not served; known again, it is as before.
fn again(pong: &PongPosts<'_>) -> Result<()> {
    let sum = pong.post().add(7, 8)?;
    for _ in 0..1000 {
        pong.unregister(&PAGES)?;
        pong.register(&PAGES)?;
    }
    pong.unregister(&PAGES)?;
    let forgotten = pong.wait(&PAGES) == Err(pages_interface::PagesError::NoSuchPage.into());
    pong.register(&PAGES)?;
    info!("forgotten: {forgotten}; a thousand times later: {}", sum.wait(&PAGES)?);
    Ok(())
}

fn by_tasks(pong: &PongPosts<'_>, gate: &GatePosts<'_>) -> Result<()> {
    let (pong_page, gate_page) = (future::OnPage::new(pong, &PAGES), future::OnPage::new(gate, &PAGES));
    let (pong, gate, timers) =
        (PongPosts::asynchronous(&pong_page), GatePosts::asynchronous(&gate_page), future::Timers::new());
    let sources = Sources::new([&pong_page, &gate_page, &timers], &SCHED);
    let sums = TASKS.run(&pong_page, join(pong.add(1, 2), pong.add(3, 4))).map_err(|_| Error::Unknown)?;
    info!("joined: {} and {}", sums.0?, sums.1?);
    let limited = async {
        match select(pin!(gate.pass(5)), pin!(timers.sleep_until(time::ticks() + WHILE))).await {
            Either::Left(_) => Err(Error::Unknown),
            Either::Right(_) => gate.open(true).await,
        }
    };
    let both = TASKS.run(&sources, join(limited, pong.add(5, 6))).map_err(|_| Error::Unknown)?;
    info!("the time was over first: {}, and meanwhile {}", both.0.is_ok(), both.1?);
    GATE.direct().open(false)?;
    SCHED.spawn(open_later, WHILE)?;
    let passed = TASKS.run(&sources, async { join(gate.pass(6), gate.echo(7)).await }).map_err(|_| Error::Unknown)?;
    info!("passed: {}, and before that {}", passed.0?, passed.1?);
    Ok(())
}

fn open_later(ticks: u64) -> Result<()> {
    SCHED.sleep(ticks)?;
    GATE.direct().open(true)
}

fn by_user_threads(pong: &PongPosts<'_>, gate: &GatePosts<'_>) -> Result<()> {
    let (pong, gate) = (user::OnPage::new(pong, &PAGES), user::OnPage::new(gate, &PAGES));
    let timers = user::Timers::new();
    let sources = Sources::new([&pong, &gate, &timers], &SCHED);
    let calls = Cell::new(0);
    GATE.direct().open(false)?;
    THREADS.run(&sources, |scope| crowd(scope, (&pong, &gate, &timers), &calls)).map_err(|_| Error::Unknown)?
}

/// One waits at the gate, one sleeps and opens it, one calls; who calls most is held up by nobody.
fn crowd<'scope, S: runtime::page::Scheduler>(
    scope: &'scope Scope<'scope, '_>,
    (pong, gate, timers): (&'scope user::OnPage<'_, S>, &'scope user::OnPage<'_, S>, &'scope user::Timers),
    calls: &'scope Cell<u64>,
) -> Result<()> {
    let threads = scope.threads();
    let waits = scope.spawn(move || GatePosts::sequential(gate, threads).pass(8).map(|passed| (passed, calls.get())));
    let opens = scope.spawn(move || {
        timers.sleep_until(threads, time::ticks() + WHILE);
        let before = calls.get();
        GatePosts::sequential(gate, threads).open(true).map(|()| before)
    });
    let adds = move |number| {
        let right = PongPosts::sequential(pong, threads).add(number, 1) == Ok(number + 1);
        calls.set(calls.get() + u64::from(right));
    };
    let calling = scope.spawn(move || (0..100).for_each(adds));
    let joined = |handle: core::result::Result<JoinHandle<'_, Result<_>>, _>| handle.ok()?.join()?.ok();
    let before = joined(opens);
    let (passed, behind) = waits.ok().and_then(|waits| waits.join()?.ok()).ok_or(Error::Unknown)?;
    drop(calling);
    info!("user thread passed: {passed}; calls before the gate opened: {before:?}, before it was passed: {behind}");
    Ok(())
}
