//! What no server may do.

use core::arch::asm;
use core::hint::black_box;
use probe::SECRET;
use runtime::Result;

/// Executes an undefined instruction.
pub fn undefined() -> ! {
    // SAFETY: it faults, and nothing runs after it.
    unsafe { asm!("ud2", options(noreturn)) }
}

/// Reads from address 0.
pub fn null() -> ! {
    // SAFETY: it faults; if not, the next instruction does.
    unsafe { asm!("mov rax, [0]", "ud2", options(noreturn)) }
}

/// Divides by zero.
pub fn divide() -> ! {
    // SAFETY: it faults; if not, the next instruction does.
    unsafe { asm!("xor edx, edx", "xor ecx, ecx", "div ecx", "ud2", options(noreturn)) }
}

/// Overflows its stack.
pub fn overflow() -> Result<u64> {
    #[inline(never)]
    #[expect(unconditional_recursion, reason = "the stack has an end")]
    fn deeper(frame: [u64; 32]) -> u64 {
        deeper(black_box(frame)) + black_box(frame)[0]
    }
    Ok(black_box(deeper([0; 32])))
}

/// Panics.
#[expect(clippy::panic, reason = "what a panic does is what is tested")]
pub fn panic() -> ! {
    panic!("as asked")
}

/// Spoils the state outside the registers that the crossing names, and faults.
pub fn spoil() -> ! {
    // SAFETY: it faults, and nothing runs after it.
    unsafe {
        asm!(
            "push 0x7fe0", // every exception of the past, and another rounding
            "ldmxcsr [rsp]",
            "fninit",
            "push 0x33b", // division by zero is an exception
            "fldcw [rsp]",
            "fld1",
            "fldz",
            "fdivp st(1), st", // and is pending
            "wrfsbase rcx",
            "wrgsbase rcx",
            "std",
            "ud2",
            in("rcx") SECRET & 0x7fff_ffff_ffff,
            options(noreturn),
        )
    }
}

/// Makes the system call by which one returns, with a word that is no status: it names capability 2^47 and is refused.
pub fn wide_status() -> ! {
    // SAFETY: it comes back with an error and faults.
    unsafe { asm!("mov rax, 0x8000000000000000", "syscall", "ud2", options(noreturn)) }
}

/// Returns at once with this status, from wherever it is.
pub fn return_status(status: u16) -> ! {
    // SAFETY: the invocation ends here. What is left on this stack is forgotten: the next entry starts at its top.
    unsafe { asm!("syscall", "ud2", in("rax") u64::from(status), in("rdi") 1, in("rsi") 2, options(noreturn)) }
}

/// Returns at once with success and `answer`, and leaves nothing as it was.
pub fn clobber(answer: u64) -> ! {
    // SAFETY: as `return_status`.
    unsafe {
        asm!(
            probe::fill_vector_registers!(),
            "push 0x7f80",
            "ldmxcsr [rsp]",
            "push 0x33b",
            "fldcw [rsp]",
            "fld1",
            "fldz",
            "fdivp st(1), st", // an exception that is pending
            "wrfsbase rdx",
            "wrgsbase rdx",
            probe::fill_kept_registers!(),
            "mov rdx, rcx",
            "mov r10, rcx",
            "mov r8, rcx",
            "mov r9, rcx",
            "mov rsp, rcx",
            "xor eax, eax",
            "std",
            "syscall",
            "ud2",
            in("rcx") SECRET,
            in("rdx") SECRET & 0x7fff_ffff_ffff,
            in("rdi") answer,
            in("rsi") SECRET,
            options(noreturn),
        )
    }
}

/// Fills the registers that compiled code is free to leave anything in. Answers MXCSR and the x87 control word.
pub fn leave_secrets() -> (u64, u64) {
    let mut control = [0_u64; 2];
    // SAFETY: stores four and two bytes into eight each; the registers that it fills are named as changed.
    unsafe {
        asm!(
            "stmxcsr [{control}]",
            "fnstcw [{control} + 8]",
            probe::fill_vector_registers!(),
            "mov r10, rcx",
            "mov r8, rcx",
            control = in(reg) &raw mut control,
            in("rcx") SECRET,
            out("r10") _,
            out("r8") _,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _, out("xmm6") _,
            out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _, out("xmm12") _, out("xmm13") _,
            out("xmm14") _, out("xmm15") _,
            options(nostack),
        );
    }
    let [mxcsr, control] = control;
    (mxcsr, control)
}
