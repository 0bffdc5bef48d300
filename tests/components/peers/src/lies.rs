//! A thread that says it is on the stack of every other that there can be: of its component, of others, of none.

use crate::{SCHED, say};
use abi::crossing::CapabilityWord;
use abi::layout::{STACK_SPAN, THREADS};
use core::arch::naked_asm;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::peers::Member;
use runtime::{Result, thread, time};
use sched_interface::{Sched, Threads};

/// How long it is on each of these stacks: longer than the shortest turn, so that it loses the core there, too.
const WHILE: u64 = 12_000;

/// Another of the component has joined, and sleeps: it is in the scheduler.
static SLEEPS: AtomicU64 = AtomicU64::new(0);

pub fn run() -> Result<()> {
    SCHED.spawn(sleep, 0)?;
    let member = Member::join()?;
    while SLEEPS.load(Relaxed) == 0 {
        SCHED.yield_now()?;
    }
    let own = thread::current();
    let lies = (0..u64::from(THREADS)).filter(|index| *index != own);
    let mut believed = 0;
    let mut another = 0;
    for index in lies {
        // SAFETY: it is the component's own thread, at its first level.
        let answer = unsafe { lie(index.wrapping_sub(own).wrapping_mul(STACK_SPAN), time::ticks() + WHILE) };
        believed += u64::from(answer.status == 0);
        another += u64::from(answer.thread != own);
    }
    member.report();
    say(format_args!(
        "lies: believed: {believed}; taken for another: {another}; it is itself: {}",
        thread::current() == own
    ));
    Ok(())
}

/// Joins, and is in the scheduler from then on.
fn sleep(_: u64) -> Result<()> {
    Member::join()?;
    SLEEPS.store(1, Relaxed);
    Ok(SCHED.sleep(1_000_000_000)?)
}

/// What the kernel answered, and who it took the thread for.
#[repr(C)]
struct Answer {
    status: u64,
    thread: u64,
}

/// Works until `until`, and says that it is here, with a stack pointer so far off.
///
/// # Safety
///
/// On the stack that the booter made for the thread.
#[unsafe(naked)]
unsafe extern "C" fn lie(off: u64, until: u64) -> Answer {
    naked_asm!(
        "push r12",
        "push r13",
        "mov r12, rsp",
        "add rsp, rdi",
        "60:",
        runtime::stack_depth!("60b", "24"), // on whichever stack: it is not used
        "rdtsc",
        "shl rdx, 32",
        "or rax, rdx",
        "cmp rax, rsi",
        "jb 60b",
        "mov rax, {here}",
        "xor edi, edi",
        "syscall",
        "mov r13, rax",
        "mov rax, {who}",
        "syscall",
        "mov rsp, r12",
        "61:",
        runtime::stack_depth!("61b", "24"),
        "mov rax, r13",
        "mov edx, edi", // the index, without the core
        "pop r13",
        "pop r12",
        "ret",
        here = const CapabilityWord::HERE.0 as i64,
        who = const CapabilityWord::IDENTITY.0 as i64,
    )
}
