//! Flags: what user level sets must neither reach the kernel nor outlast a system call.

use crate::SURVIVED;
use abi::crossing::{CapabilityWord, EXIT_FLAGS};
use abi::error::Error;
use core::arch::asm;

const TRAP: u64 = 1 << 8;
const DIRECTION: u64 = 1 << 10;
const NESTED_TASK: u64 = 1 << 14;
const ALIGNMENT_CHECK: u64 = 1 << 18;
const IDENTIFICATION: u64 = 1 << 21;
/// Carry, parity, auxiliary carry, zero, sign, overflow.
const ARITHMETIC: u64 = 1 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 11;

/// A slot in which nothing is.
const EMPTY: CapabilityWord = CapabilityWord::new(60, 0);

/// Sets flags before a system call, and looks at them behind it.
pub fn all_are_reset() -> u16 {
    let each = [TRAP, DIRECTION, NESTED_TASK, ALIGNMENT_CHECK, IDENTIFICATION, ARITHMETIC];
    let all = each.iter().fold(0, |all, flag| all | flag);
    for (at, flags) in (1..).zip(each.into_iter().chain([all])) {
        if call_with(flags) != (u64::from(Error::Empty.status()), EXIT_FLAGS) {
            return at;
        }
    }
    0
}

/// The status of a system call that is made with `flags` set, and the flags behind it.
fn call_with(flags: u64) -> (u64, u64) {
    let (status, left): (u64, u64);
    // SAFETY: invoking an empty slot changes registers alone, all of which are named, but for rbx and rbp, which are
    // kept here. Flags are put back to what compiled code expects. A pending single step would be a fault: seen.
    unsafe {
        asm!(
            "push rbx",
            "push rbp",
            "pushfq",
            "or [rsp], rcx",
            "popfq",
            "syscall",
            "pushfq",
            "pop rcx",
            "cld",
            "pop rbp",
            "pop rbx",
            inlateout("rax") EMPTY.0 => status,
            inlateout("rcx") flags => left,
            lateout("rdi") _, lateout("rsi") _, lateout("rdx") _, lateout("r10") _,
            lateout("r12") _, lateout("r13") _, lateout("r14") _, lateout("r15") _,
            clobber_abi("C"),
        );
    }
    (status, left)
}

/// Has every instruction trapped.
pub fn single_step() -> u16 {
    // SAFETY: the flag changes no memory; the instruction behind the one that sets it traps.
    unsafe { asm!("pushfq", "or qword ptr [rsp], {}", "popfq", "nop", "nop", const TRAP) }
    SURVIVED
}
