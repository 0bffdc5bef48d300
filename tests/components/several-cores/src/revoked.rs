//! A component is revoked while a thread of another core executes in it, and never leaves it by itself.

use crate::asking::{Asking, pair};
use crate::worker::Job;
use abi::boot::slot;
use abi::error::Error;
use abi::operation::{ComponentOperation, TableOperation, ThreadEnd};
use core::arch::naked_asm;
use core::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

/// The invocation of a component that keeps whoever enters it.
pub const DOOR: u32 = 14;
const KEEPER: u32 = 15;
const INDEX: u64 = 41;

static ENTERED: AtomicU64 = AtomicU64::new(0);

/// All of it.
pub fn all(asking: &mut Asking, rounds: u64) {
    let (worker, frame) = (asking.worker(asking.core), asking.frame());
    for _ in 0..rounds.div_ceil(20) {
        once(asking, worker, frame);
    }
}

fn once(asking: &mut Asking, worker: u32, frame: u64) {
    use TableOperation::*;
    let keeper = [KEEPER.into(), frame, pair(slot::TABLE, slot::PAGE_TABLE), INDEX];
    asking.done(slot::TABLE, CreateComponent as u16, keeper);
    let door = [pair(KEEPER, DOOR), keep as *const () as u64, 0, 1];
    asking.done(slot::TABLE, CreateInvocation as u16, door);
    ENTERED.store(0, Release);
    asking.launch(worker, Job::Enter, 0);
    while ENTERED.load(Acquire) == 0 {
        core::hint::spin_loop();
    }
    asking.done(KEEPER, ComponentOperation::Revoke as u16, [0; 4]);
    asking.refused(slot::TABLE, Reclaim as u16, [KEEPER.into(), 0, 0, 0], Error::NotQuiescent);
    let epoch = asking.done(slot::TABLE, Remove as u16, [DOOR.into(), 0, 0, 0]);
    asking.quiesce(epoch);
    // The other core has left it by now, and everything of it can be used again.
    let epoch = asking.done(slot::TABLE, Reclaim as u16, [KEEPER.into(), 0, 0, 0]);
    asking.quiesce(epoch);
    let ended = asking.end_of(worker);
    asking.is("who was inside", ended, Ok([ThreadEnd::Returned as u64, Error::Revoked.status().into()]));
}

#[unsafe(naked)]
unsafe extern "C" fn keep() {
    naked_asm!("mov qword ptr [rip + {entered}], 1", "2:", "pause", "jmp 2b", entered = sym ENTERED)
}
