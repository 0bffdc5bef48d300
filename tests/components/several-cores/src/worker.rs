//! What threads on the other core do.

use crate::asking::{HOME, RECEIVES, SENDS, THREADS, ask};
use crate::revoked::DOOR;
use crate::{parallel, shared};
use abi::error::Error;
use abi::operation::{ReceiveOperation, SendOperation, ThreadOperation};
use core::arch::naked_asm;
use core::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

/// Where the stacks are; the first one ends a span above.
pub const STACKS: u64 = 0x6a00_0000_0000;
/// Index of the first worker's thread.
pub const FIRST_THREAD: u32 = 500;

/// What a worker can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Job {
    /// Ends with the argument.
    End = 0,
    /// Takes the argument's number of sends, each of which it sends home.
    Echo = 1,
    /// Executes until [`STOP`] is its argument.
    Work = 2,
    /// Invokes the [`DOOR`], and ends with what that answers.
    Enter = 3,
    /// Fills and empties the slots from its argument on.
    Fill = 4,
    /// Dispatches the next worker for a while, and ends with what its end-point then tells.
    Schedule = 5,
    /// Invokes a server, and ends with the number of wrong answers.
    Call = 6,
    /// Faults.
    Fault = 7,
}

/// What a worker that works looks at, and what it counts.
pub static STOP: AtomicU64 = AtomicU64::new(0);
/// Counts.
pub static WORKED: AtomicU64 = AtomicU64::new(0);

/// The word by which a worker knows its job.
pub fn word(job: Job, number: u32, argument: u32) -> u64 {
    job as u64 | u64::from(number) << 8 | u64::from(argument) << 32
}

/// Where a worker starts: on a stack by its index.
#[unsafe(naked)]
pub unsafe extern "C" fn start() {
    naked_asm!(
        "mov ecx, r9d",
        "sub ecx, {first}",
        "shl rcx, 16",
        "movabs rsp, {first_end}",
        "add rsp, rcx",
        "xor ebp, ebp",
        "call {work}",
        "movzx eax, ax",
        "syscall",
        "ud2",
        first = const FIRST_THREAD,
        first_end = const STACKS + abi::layout::STACK_SPAN - 16,
        work = sym work,
    )
}

extern "C" fn work(word: u64) -> u16 {
    let (number, argument) = ((word >> 8) as u32 & 0xff, (word >> 32) as u32);
    match word & 0xff {
        0 => argument as u16,
        1 => status(echo(number, argument.into())),
        2 => execute(argument.into()),
        3 => status(ask(DOOR, 0, [0; 4]).map(|_| ())),
        4 => status(shared::fill(argument)),
        5 => schedule(number),
        6 => parallel::call(argument),
        // SAFETY: it is there for its fault.
        _ => unsafe { core::arch::asm!("ud2", options(noreturn)) },
    }
}

fn status(result: Result<(), Error>) -> u16 {
    result.map_or_else(Error::status, |()| 0)
}

fn echo(number: u32, times: u64) -> Result<(), Error> {
    let mut heard = 0;
    while heard < times {
        let [sent, _] = ask(RECEIVES + number, ReceiveOperation::Receive as u16, [0; 4])?;
        for _ in 0..sent {
            ask(HOME, SendOperation::Send as u16, [0; 4])?;
        }
        heard += sent;
    }
    Ok(())
}

fn execute(until: u64) -> u16 {
    while STOP.load(Acquire) != until {
        WORKED.fetch_add(1, Release);
    }
    0
}

/// Its own thread is the scheduler of the next one, which works for ever. Ends with the kind of the event.
fn schedule(number: u32) -> u16 {
    let receive = RECEIVES + number;
    let timeout = runtime::time::ticks() + 1_000_000;
    let words = [word(Job::Work, number + 1, u32::MAX), timeout, 1, receive.into()];
    if let Err(error) = ask(THREADS + number + 1, ThreadOperation::Dispatch as u16, words) {
        return error.status();
    }
    match ask(receive, ReceiveOperation::Receive as u16, [1, 0, 0, 0]) {
        Ok([_, event]) => (event >> 32) as u16 & 0xff | 0x100,
        Err(error) => error.status(),
    }
}

/// Sends to a worker.
pub fn send(number: u32, decide: u64) -> Result<[u64; 2], Error> {
    ask(SENDS + number, SendOperation::Send as u16, [decide, 0, 0, 0])
}
