//! Ways in which control gets lost.

use crate::SURVIVED;
use core::arch::asm;
use core::hint::black_box;

/// Calls itself until the stack is full.
pub fn overflow_stack() -> u16 {
    #[inline(never)]
    #[expect(unconditional_recursion, reason = "the stack has an end")]
    fn deeper(frame: [u64; 32]) -> u64 {
        deeper(black_box(frame)) + black_box(frame)[0]
    }
    black_box(deeper([0; 32]));
    SURVIVED
}

/// Returns from its entry point, to which nobody has called it.
pub fn return_to_nothing() -> u16 {
    // SAFETY: the stack starts 16 bytes below the end of its span, and what lies there is 0 or the stack's own
    // bookkeeping: there is nothing to return to, and the instruction fetch faults.
    unsafe { asm!("or rsp, 0xffff", "sub rsp, 15", "ret", options(noreturn)) }
}

/// Panics.
#[expect(clippy::panic, reason = "what a panic does is what is tested")]
pub fn panic() -> u16 {
    panic!("as asked")
}

/// Never ends.
pub fn run_for_ever() -> u16 {
    loop {
        core::hint::spin_loop();
    }
}

/// Ends its thread by the system call alone, with nothing in order but the status.
pub fn return_by_hand() -> u16 {
    // SAFETY: the thread ends here and starts afresh when it is dispatched again; nothing is left to be relied on.
    unsafe {
        asm!(
            "mov rsp, 0x1234567812345678",
            "mov rbx, rsp",
            "mov rbp, rsp",
            "std",
            "syscall",
            "ud2",
            in("rax") 77,
            options(noreturn),
        )
    }
}
