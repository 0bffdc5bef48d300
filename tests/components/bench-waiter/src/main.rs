//! The image that measures calls by a page that the scheduler component has served, for a thread that waits.
//!
//! As in the rows of calls that the client itself has served, an iteration is a whole round of the page's slots. Each
//! row's code is a function with the row's name, for debuggers; that attribute is unsafe, and this image measures and
//! does nothing else.
#![no_std]
#![no_main]

use core::hint::black_box;

use bench_client::Row;
use console_interface::{ConsoleClient, Writer};
use pages_interface::PagesClient;
use pong_interface::{PongPage, PongPosts};
use runtime::{Result, time};
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(POSTED: PongPage, "posted");

runtime::component! { main: run }

/// Slots of a page.
const ROUND: u64 = 64;

fn run() -> Result<()> {
    let posts = POSTED.open()?;
    posts.register(&PAGES)?;
    // Whoever waits by a scheduler is scheduled by it, and says so by calling it; as it is alone, this returns.
    SCHED.yield_now()?;
    bench_client::run(
        &[
            Row::new("page_serve_b1", &|iterations| page_serve_b1(&posts, iterations)).iterations(20),
            Row::new("page_serve_b8", &|iterations| page_serve_b8(&posts, iterations)).iterations(20),
            Row::new("page_serve_b32", &|iterations| page_serve_b32(&posts, iterations)).iterations(20),
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
            (0..iterations * (ROUND / $calls)).try_for_each(|_| batch::<$calls>(posts))
        }
    )*};
}

batches! { page_serve_b1: 1, page_serve_b8: 8, page_serve_b32: 32 }

#[inline(always)]
fn batch<const CALLS: usize>(posts: &PongPosts<'_>) -> Result<()> {
    let sums: [_; CALLS] = core::array::from_fn(|number| posts.post().add(number as u64, 1));
    sums.into_iter().try_for_each(|sum| {
        black_box(sum?.wait(&PAGES)?);
        Ok(())
    })
}
