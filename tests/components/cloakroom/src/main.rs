//! The image of a server that keeps a value for each thread that comes, and of its clients, which have more threads than it has room for. Which of
//! them it is, its graph says.
#![no_std]
#![no_main]

use concurrency::sync::Barrier;
use concurrency::thread;
use console_interface::{ConsoleClient, Writer};
use core::cell::Cell;
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire};
use pong_interface::{Pong, PongClient, PongError, PongServer, Result};
use runtime::storage::AccessError;

runtime::import!(CONSOLE: ConsoleClient);
runtime::optional_import!(SERVER: PongClient);
runtime::parameter!(IS_CLIENT: bool = false, "visits");
runtime::export!(PongServer => Cloakroom);

runtime::component! { main: run }

runtime::thread_local! {
    static VISITS: Cell<u64> = const { Cell::new(0) };
}

struct Cloakroom;

impl Pong for Cloakroom {
    /// Counts a visit, and knows of no other way out than a panic.
    fn call(&self) -> Result<()> {
        VISITS.set(VISITS.get() + 1);
        Ok(())
    }

    /// Counts a visit, if there is room for the count. Answers how many this thread has made.
    fn add(&self, _: u64, _: u64) -> Result<u64> {
        let count = VISITS.try_with(|visits| {
            visits.set(visits.get() + 1);
            visits.get()
        });
        match count {
            Err(AccessError::NoRoom) => Err(PongError::Refused),
            count => Ok(count.unwrap_or(0)),
        }
    }

    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> Result<(u64, u64)> {
        Err(PongError::Refused)
    }

    fn fails(&self) -> Result<()> {
        Err(PongError::Refused)
    }
}

/// Threads of a client, its own one among them.
const THREADS: usize = 9;

/// All visits are over: nobody ends before, and leaves its index to another.
static ALL_WERE_THERE: Barrier = Barrier::new(THREADS);
static KEPT: AtomicU64 = AtomicU64::new(0);
static REFUSED: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);

fn run() -> runtime::Result<()> {
    if !IS_CLIENT.get() {
        return Ok(());
    }
    let others = [(); THREADS - 1].map(|()| thread::spawn(visit));
    visit()?;
    for other in others {
        other?.join()??;
    }
    let [kept, refused, ended] = [&KEPT, &REFUSED, &ENDED].map(|count| count.load(Acquire));
    // Whether anyone can read it does not change what came of it.
    let _ = writeln!(
        Writer::new(&CONSOLE),
        "{kept} with values, {refused} told that there is no room, {ended} calls ended"
    );
    Ok(())
}

/// Comes twice by the careful method and once by the other.
fn visit() -> runtime::Result<()> {
    let visits = [SERVER.add(0, 0), SERVER.add(0, 0)];
    KEPT.fetch_add(u64::from(visits == [Ok(1), Ok(2)]), AcqRel);
    REFUSED.fetch_add(u64::from(visits == [Err(PongError::Refused); 2]), AcqRel);
    ENDED.fetch_add(u64::from(SERVER.call().is_err()), AcqRel);
    ALL_WERE_THERE.wait().map(drop)
}
