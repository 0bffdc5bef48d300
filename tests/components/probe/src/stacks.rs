//! Stack pointers of every shape, and calls that are made with them.

use core::arch::naked_asm;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

/// Nothing, next to nothing, the ends of user level, not canonical at either end, unaligned; and where the kernel has all memory,
/// its code, its descriptors, its stack and that of page faults, and the registers of its interrupt controller.
pub const STACKS: [u64; 15] = [
    0,
    7,
    0x7fff_ffff_f000,
    0x7fff_ffff_ffff,
    0x8000_0000_0000,
    0x8000_0000_0000_0000,
    0xffff_7fff_ffff_ffff,
    0xffff_8000_0000_0000,
    0xffff_8000_0010_0000,
    0xffff_ffff_8000_1003,
    0xffff_ffff_c000_0040,
    0xffff_ffff_d000_8000,
    0xffff_ffff_d002_fff8,
    0xffff_ffff_e000_0310,
    u64::MAX,
];

/// The stack pointer of whoever calls, and the one behind the call.
static OWN: AtomicU64 = AtomicU64::new(0);
static BEHIND: AtomicU64 = AtomicU64::new(0);

/// Makes a system call with this stack pointer. Answers its status, and the stack pointer behind it. To be done by one thread of a
/// component.
///
/// # Safety
///
/// What the word names changes nothing that this component relies on.
pub unsafe fn call_with_stack(word: u64, argument: u64, stack: u64) -> (u64, u64) {
    // SAFETY: all registers that compiled code relies on are put back; the rest is the caller's promise.
    let status = unsafe { called(word, argument, stack) };
    (status, BEHIND.load(Relaxed))
}

#[unsafe(naked)]
unsafe extern "C" fn called(_word: u64, _argument: u64, _stack: u64) -> u64 {
    naked_asm!(
        "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
        "mov [rip + {own}], rsp",
        "mov rax, rdi",
        "mov rdi, rsi",
        "mov rsp, rdx",
        "2:",
        runtime::stack_depth!("2b", "56"),
        "xor esi, esi",
        "xor edx, edx",
        "xor r10d, r10d",
        "syscall",
        "mov [rip + {behind}], rsp",
        "mov rsp, [rip + {own}]",
        "3:",
        runtime::stack_depth!("3b", "56"),
        "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
        "ret",
        own = sym OWN,
        behind = sym BEHIND,
    )
}
