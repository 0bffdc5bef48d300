//! A component that has its page served for ever: whole pages of calls of which it wants no result, one after another.
#![no_std]
#![no_main]

use pages_interface::PagesClient;
use pong_interface::PongPage;
use runtime::Result;
use runtime::page::PageError;
use sched_interface::{Sched, SchedClient};

runtime::import!(SCHED: SchedClient);
runtime::import!(PAGES: PagesClient);
runtime::import_page!(PONG: PongPage);

runtime::component! { main: run }

fn run() -> Result<()> {
    SCHED.background()?;
    let pong = PONG.open()?;
    pong.register(&PAGES)?;
    loop {
        match pong.post().add(2, 3) {
            Ok(_) => {}
            Err(runtime::CallError::Page(PageError::Exhausted)) => drop(pong.wait(&PAGES)?),
            Err(error) => return Err(error.into()),
        }
    }
}
