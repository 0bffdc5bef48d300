//! Threads: to let others run, to let one run that waits, to start one where it is to begin.

use crate::{PAGES, SCHED, registered};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::{Error, Result, thread};
use sched_interface::{Sched, Threads};

static NOTED: AtomicU64 = AtomicU64::new(0);

fn note(number: u64) -> Result<()> {
    NOTED.store(number, Relaxed);
    Ok(())
}

/// A thread that is ready runs when this one yields, and not before.
pub fn yield_now() -> Result<bool> {
    let sched = SCHED.open()?;
    registered(&sched, || {
        SCHED.direct().spawn(note, 1)?;
        let before = NOTED.load(Relaxed);
        sched.post().yield_now()?.wait(&PAGES)?;
        Ok((before, NOTED.swap(0, Relaxed)) == (0, 1))
    })
}

fn wait_and_note(number: u64) -> Result<()> {
    SCHED.direct().block()?;
    note(number)
}

/// A thread that waits goes on when it is woken, and not before.
pub fn set_runnable() -> Result<bool> {
    let sched = SCHED.open()?;
    registered(&sched, || {
        let thread = SCHED.direct().spawn(wait_and_note, 2)?;
        SCHED.direct().yield_now()?;
        let before = NOTED.load(Relaxed);
        sched.post().wake(thread.index)?.wait(&PAGES)?;
        SCHED.direct().yield_now()?;
        Ok((before, NOTED.swap(0, Relaxed)) == (0, 2))
    })
}

/// A thread starts with the word that it is given, and so where that says.
pub fn start() -> Result<bool> {
    let sched = SCHED.open()?;
    registered(&sched, || {
        let prepared = thread::prepare(note, 3).ok_or(Error::Unknown)?;
        sched.post().create(prepared.word())?.wait(&PAGES)?;
        prepared.started();
        SCHED.direct().yield_now()?;
        Ok(NOTED.swap(0, Relaxed) == 3)
    })
}
