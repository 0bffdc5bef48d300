//! Where the threads start, which have no stacks of the composer's.

use crate::objects::{WAITER_RECEIVE, WAITER_SEND};
use abi::crossing::CapabilityWord;
use abi::layout::STACK_SPAN;
use core::arch::naked_asm;
use core::cell::UnsafeCell;

const BYTES: usize = STACK_SPAN as usize;

/// Memory that one thread uses as its stack, of which the last words are the runtime's.
#[repr(C, align(0x10000))]
struct Stack(UnsafeCell<[u8; BYTES]>);

const _: () = assert!(align_of::<Stack>() == BYTES);

// SAFETY: each is used by one thread alone, as its stack.
unsafe impl Sync for Stack {}

static PARENT: Stack = Stack(UnsafeCell::new([0; BYTES]));
static CHILD: Stack = Stack(UnsafeCell::new([0; BYTES]));

/// Where the scheduler starts.
///
/// # Safety
///
/// Entered by the kernel only, as the start of one thread.
#[unsafe(naked)]
pub unsafe extern "C" fn parent() -> ! {
    naked_asm!(
        "lea rsp, [rip + {stack} + {bytes} - 64]",
        "call {run}",
        "syscall", // returns with the status in rax
        stack = sym PARENT,
        bytes = const BYTES,
        run = sym crate::parent::run,
    )
}

/// Where the scheduler below it starts.
///
/// # Safety
///
/// As [`parent`].
#[unsafe(naked)]
pub unsafe extern "C" fn child() -> ! {
    naked_asm!(
        "lea rsp, [rip + {stack} + {bytes} - 64]",
        "call {run}",
        "syscall", // returns with the status in rax
        stack = sym CHILD,
        bytes = const BYTES,
        run = sym crate::child::run,
    )
}

/// Where the thread starts that never gives the core back.
///
/// # Safety
///
/// As [`parent`].
#[unsafe(naked)]
pub unsafe extern "C" fn greedy() -> ! {
    naked_asm!("2:", "jmp 2b")
}

/// Where the thread starts that waits, again and again.
///
/// # Safety
///
/// As [`parent`].
#[unsafe(naked)]
pub unsafe extern "C" fn waiter() -> ! {
    naked_asm!(
        "2:",
        "mov eax, {receive}",
        "xor edi, edi",
        "xor esi, esi",
        "syscall",
        "jmp 2b",
        receive = const CapabilityWord::new(WAITER_RECEIVE, 0).0,
    )
}

/// Where the thread starts that sends to it once, and ends.
///
/// # Safety
///
/// As [`parent`].
#[unsafe(naked)]
pub unsafe extern "C" fn sender() -> ! {
    naked_asm!(
        "mov eax, {send}",
        "xor edi, edi",
        "syscall",
        "syscall", // returns with the status in rax
        send = const CapabilityWord::new(WAITER_SEND, 0).0,
    )
}
