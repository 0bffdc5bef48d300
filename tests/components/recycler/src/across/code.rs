//! What the other core executes: the component's own code, which does not lie where it was linked, and the server's.

use crate::across::caller::slot::INVOCATION;
use crate::across::shared::{ADDRESS, Phase, Shared, Visitor, place};
use abi::layout::{DEFAULT_BASE, PAGE, STACK_SPAN};
use core::arch::naked_asm;
use core::mem::offset_of;

/// Bytes of the code that may be copied, all of it among them.
const CODE_BYTES: usize = 192;
/// Where the component sees what is shared.
pub const SHARED_PAGE: u64 = DEFAULT_BASE + PAGE;
/// The word of the code's page that holds the number of the life.
pub const LIFE: usize = (PAGE / 8) as usize - 1;
/// The component's slot for its invocation of the server.
pub const TO_SERVER: u32 = 1;

/// The words of the component's code.
pub fn component() -> impl Iterator<Item = u64> {
    let start = visit as *const () as *const u64;
    // SAFETY: there is code in the image up to there: the functions below, of which more than these bytes is one.
    (0..CODE_BYTES / 8).map(move |at| unsafe { start.add(at).read_unaligned() })
}

/// Where the server is entered.
pub fn server() -> u64 {
    serve as *const () as u64
}

/// Notes that it is entered, in the [`Visitor`] at the offset in `rsi`, executes a while, invokes the server, and returns
/// what that answers and the number of the life.
#[unsafe(naked)]
unsafe extern "C" fn visit() {
    naked_asm!(
        "movabs rbx, {shared}",
        "inc qword ptr [rbx + rsi + {entered}]",
        "mov qword ptr [rbx + rsi + {place}], {here}",
        "mov rcx, [rbx + {spin}]",
        "2:",
        "test rcx, rcx",
        "jz 3f",
        "dec rcx",
        "jmp 2b",
        "3:",
        "mov eax, {server}",
        "syscall",
        "movabs rbx, {shared}",
        "mov rsi, [rbx - 8]",
        "movzx eax, ax",
        "syscall",
        "ud2",
        ".balign 64",
        ".skip 192",
        shared = const SHARED_PAGE,
        entered = const offset_of!(Visitor, entered),
        place = const offset_of!(Visitor, place),
        here = const place::COMPONENT,
        spin = const offset_of!(Shared, spin),
        server = const (TO_SERVER as u64) << 16,
    )
}

/// Notes that it is entered as the component does, waits until it may return, and answers one more than it was given.
#[unsafe(naked)]
unsafe extern "C" fn serve() {
    naked_asm!(
        "movabs rbx, {shared}",
        "mov qword ptr [rbx + rsi + {place}], {here}",
        "2:",
        "cmp qword ptr [rbx + {hold}], 0",
        "je 3f",
        "pause",
        "jmp 2b",
        "3:",
        "inc rdi",
        "xor eax, eax",
        "syscall",
        "ud2",
        shared = const ADDRESS,
        place = const offset_of!(Visitor, place),
        hold = const offset_of!(Shared, hold),
        here = const place::SERVER,
    )
}

/// Where the caller starts: on the stack that ends at its word.
#[unsafe(naked)]
pub unsafe extern "C" fn start() {
    naked_asm!(
        "mov rsp, rdi",
        "xor ebp, ebp",
        "call {call}",
        "movzx eax, ax",
        "syscall",
        "ud2",
        call = sym super::caller::run,
    )
}

/// Where a thread of one of the other cores starts: it invokes the component, without a stack, until there are no more lives.
#[unsafe(naked)]
pub unsafe extern "C" fn invoke() {
    naked_asm!(
        "2:",
        "mov eax, {component}",
        "mov edi, {given}",
        "mov esi, {other}",
        "syscall",
        "movabs rbx, {shared}",
        "test eax, eax",
        "jnz 3f",
        "lock inc qword ptr [rbx + {others}]",
        "cmp rdi, {given} + 1",
        "je 3f",
        "lock inc qword ptr [rbx + {wrong}]",
        "3:",
        "mov ecx, [rbx + {state}]",
        "and ecx, 7",
        "cmp ecx, {over}",
        "jne 2b",
        "xor eax, eax",
        "syscall",
        "ud2",
        component = const (INVOCATION as u64) << 16,
        given = const 5,
        other = const offset_of!(Shared, other),
        shared = const ADDRESS,
        others = const offset_of!(Shared, others),
        wrong = const offset_of!(Shared, others_wrong),
        state = const offset_of!(Shared, state),
        over = const Phase::Over as u64,
    )
}

/// The word with which a thread starts on the stack of the span from `start` on.
pub const fn stack(start: u64) -> u64 {
    start + STACK_SPAN - 16
}
