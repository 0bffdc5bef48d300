//! Two cores invoke one server at the same time, and each gets the answers to its own invocations.

use crate::asking::{Asking, COMPONENT, ask, pair};
use crate::worker::Job;
use abi::boot::slot;
use abi::operation::{TableOperation, ThreadEnd};
use core::arch::naked_asm;

/// The invocation of a server that adds.
const ADDS: u32 = 11;

/// All of it.
pub fn all(asking: &mut Asking, rounds: u64) {
    let (worker, times) = (asking.worker(asking.core), 50 * rounds as u32);
    let server = [pair(COMPONENT, ADDS), adds as *const () as u64, 0, 1];
    asking.done(slot::TABLE, TableOperation::CreateInvocation as u16, server);
    asking.launch(worker, Job::Call, times);
    let wrong = call(times);
    asking.is("wrong sums here", wrong, 0);
    let ended = asking.end_of(worker);
    asking.is("wrong sums there", ended, Ok([ThreadEnd::Returned as u64, 0]));
}

/// Has so many sums made; answers how many are wrong.
pub fn call(times: u32) -> u16 {
    let own = runtime::thread::core();
    let wrong = |at: &u32| {
        let (first, second) = (u64::from(*at), pair(own, 7));
        ask(ADDS, 0, [first, second, 0, 0]) != Ok([first + second, own.into()])
    };
    (0..times).filter(wrong).count() as u16
}

/// Returns the sum of its words, and the core that executes it.
#[unsafe(naked)]
unsafe extern "C" fn adds() {
    naked_asm!("add rdi, rsi", "mov rsi, r9", "shr rsi, 32", "xor eax, eax", "syscall", "ud2")
}
