//! The image of rendezvous: a server on whose clients' threads the scheduler is called.
#![no_std]
#![no_main]

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use rendezvous::{Rendezvous, RendezvousServer};
use runtime::{Caller, Result};
use sched_interface::{Sched, SchedClient};

runtime::import!(SCHED: SchedClient);

/// The thread that waits.
static WAITING: AtomicU64 = AtomicU64::new(u64::MAX);

/// Whoever calls.
struct Client(Caller);

impl Rendezvous for Client {
    fn announce(&self) -> Result<()> {
        WAITING.store(self.0.thread.into(), Relaxed);
        Ok(())
    }

    fn wait(&self) -> Result<()> {
        Ok(SCHED.block()?)
    }

    fn signal(&self) -> Result<()> {
        Ok(SCHED.wake(WAITING.load(Relaxed))?)
    }
}

runtime::export!(RendezvousServer => |caller| Client(caller));

runtime::component! {}
