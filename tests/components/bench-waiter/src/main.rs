//! The image that measures calls by a page that the scheduler component has served, for a thread that waits.
//!
//! As in the rows of calls that the client itself has served, an iteration is a whole round of the page's slots. Each
//! row's code is a function with the row's name, for debuggers; that attribute is unsafe, and this image measures and
//! does nothing else.
#![no_std]
#![no_main]

use bench_client::Row;
use console_interface::{ConsoleClient, Writer};
use gate::{Gate, GatePage, GatePosts};
use pages_interface::PagesClient;
use pong_interface::Pong;
use pong_interface::{PongAdaptive, PongPage, PongPosts};
use runtime::future::{self, Executor};
use runtime::user::{JoinHandle, OnPage, StackPool, UserError, UserThreads};
use runtime::{Error, Result, time};
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(POSTED: PongPage, "posted");
runtime::import_page!(ADAPTIVE: PongPage, "adaptive");
runtime::import_page!(GATE: GatePage);

runtime::component! { main: run }

static THREADS: UserThreads = UserThreads::new();
static TASKS: Executor<1> = Executor::new(&SCHED);
static STACKS: StackPool<{ 5 * 0x1_0000 }> = StackPool::new();

/// Slots of a page.
const ROUND: u64 = 64;

fn run() -> Result<()> {
    let (posts, adaptive) = (POSTED.open()?, ADAPTIVE.adaptive()?);
    posts.register(&PAGES)?;
    let gate = GATE.open()?;
    gate.register(&PAGES)?;
    GATE.direct().open(true)?;
    THREADS.adopt(&STACKS, 0x2000).map_err(|_| Error::Unknown)?;
    // Whoever waits by a scheduler is scheduled by it, and says so by calling it; as it is alone, this returns.
    SCHED.yield_now()?;
    bench_client::run(
        &[
            Row::new("page_serve_b1", &|iterations| page_serve_b1(&posts, iterations)).iterations(20),
            Row::new("page_serve_b8", &|iterations| page_serve_b8(&posts, iterations)).iterations(20),
            Row::new("page_serve_b32", &|iterations| page_serve_b32(&posts, iterations)).iterations(20),
            Row::new("page_serve_b64", &|iterations| page_serve_b64(&posts, iterations)).iterations(20),
            Row::new("user_switch", &|iterations| user_switch(iterations)),
            Row::new("user_spawn_join", &|iterations| user_spawn_join(iterations)),
            Row::new("page_user_b32", &|iterations| page_user_b32(&posts, iterations)).iterations(20),
            Row::new("future_roundtrip", &|iterations| future_roundtrip(&posts, iterations)),
            Row::new("page_may_block", &|iterations| page_may_block(&gate, iterations)).iterations(20),
            Row::new("may_block_direct", &|iterations| may_block_direct(iterations)),
            Row::new("page_adaptive_b1", &|iterations| page_adaptive_b1(&adaptive, iterations)),
            Row::new("page_adaptive_b8", &|iterations| page_adaptive_b8(&adaptive, iterations)).iterations(20),
            Row::new("page_adaptive_b32", &|iterations| page_adaptive_b32(&adaptive, iterations)).iterations(20),
        ],
        &mut Writer::new(&CONSOLE),
        &time::ticks,
    )
}

/// Rounds of batches of so many calls: each is posted, the first that is waited for has all served.
macro_rules! batches {
    ($($name:ident: $calls:literal),*) => {$(
        #[doc = concat!("Rounds of batches of ", $calls, ".")]
        #[unsafe(no_mangle)]
        #[inline(never)]
        fn $name(posts: &PongPosts<'_>, iterations: u64) -> Result<()> {
            Ok((0..iterations * (ROUND / $calls)).try_for_each(|_| batch::<$calls>(posts))?)
        }
    )*};
}

batches! { page_serve_b1: 1, page_serve_b8: 8, page_serve_b32: 32, page_serve_b64: 64 }

#[inline(always)]
fn batch<const CALLS: usize>(posts: &PongPosts<'_>) -> pong_interface::Result<()> {
    let mut calls = [posts.post().call()?.detach(); CALLS];
    for call in calls.iter_mut().skip(1) {
        *call = posts.post().call()?.detach();
    }
    calls.iter().try_for_each(|call| call.attach(posts).wait(&PAGES))
}

/// Calls each of which is waited for, made adaptively.
#[unsafe(no_mangle)]
#[inline(never)]
fn page_adaptive_b1<'p>(pong: &'p PongAdaptive<'p>, iterations: u64) -> Result<()> {
    for _ in 0..iterations {
        pong.call().call().wait(&PAGES)?;
    }
    Ok(())
}

/// Rounds of batches of so many calls, made adaptively.
macro_rules! adaptive_batches {
    ($($name:ident: $calls:literal),*) => {$(
        #[doc = concat!("Rounds of batches of ", $calls, ".")]
        #[unsafe(no_mangle)]
        #[inline(never)]
        fn $name<'p>(pong: &'p PongAdaptive<'p>, iterations: u64) -> Result<()> {
            Ok((0..iterations * (ROUND / $calls)).try_for_each(|_| adaptive_batch::<$calls>(pong))?)
        }
    )*};
}

adaptive_batches! { page_adaptive_b8: 8, page_adaptive_b32: 32 }

#[inline(always)]
fn adaptive_batch<'p, const CALLS: usize>(pong: &'p PongAdaptive<'p>) -> pong_interface::Result<()> {
    let mut calls = [pong.call().call().detach(); CALLS];
    for call in calls.iter_mut().skip(1) {
        *call = pong.call().call().detach();
    }
    calls.iter().try_for_each(|call| call.attach(pong).wait(&PAGES))
}

/// Switches between two user threads.
fn user_switch(iterations: u64) -> Result<()> {
    ran(THREADS.run(&(), |scope| {
        for _ in 0..2 {
            let yields = move || (0..iterations / 2).for_each(|_| scope.threads().yield_now());
            drop(scope.spawn(yields));
        }
    }))
}

/// Starts user threads, one after another, and joins each.
fn user_spawn_join(iterations: u64) -> Result<()> {
    ran(THREADS.run(&(), |scope| {
        for _ in 0..iterations {
            let _ = scope.spawn(|| ()).map(JoinHandle::join);
        }
    }))
}

/// Calls of 32 user threads, as many in an iteration as a page has slots.
#[unsafe(no_mangle)]
#[inline(never)]
fn page_user_b32(posts: &PongPosts<'_>, iterations: u64) -> Result<()> {
    let page = OnPage::new(posts, &PAGES);
    ran(THREADS.run(&page, |scope| {
        for _ in 0..32 {
            let pong = PongPosts::sequential(&page, scope.threads());
            drop(scope.spawn(move || (0..iterations * 2).try_for_each(|_| pong.call())));
        }
    }))
}

/// Calls as futures, each awaited before the next is made.
fn future_roundtrip(posts: &PongPosts<'_>, iterations: u64) -> Result<()> {
    let page = future::OnPage::new(posts, &PAGES);
    let pong = PongPosts::asynchronous(&page);
    let calls = async {
        for _ in 0..iterations {
            pong.call().await?;
        }
        Ok(())
    };
    TASKS.run(&page, calls).unwrap_or(Err(Error::Unknown))
}

/// Calls of a method that may block, and does not: each is waited for.
fn page_may_block(gate: &GatePosts<'_>, iterations: u64) -> Result<()> {
    for number in 0..iterations {
        gate.post().pass(number)?.wait(&PAGES)?;
    }
    Ok(())
}

/// The same, directly.
#[unsafe(no_mangle)]
#[inline(never)]
fn may_block_direct(iterations: u64) -> Result<()> {
    for number in 0..iterations {
        GATE.direct().pass(number)?;
    }
    Ok(())
}

fn ran(result: core::result::Result<(), UserError>) -> Result<()> {
    result.map_err(|_| Error::Unknown)
}
