//! What players enter, and where they start.

use abi::crossing::CapabilityWord;
use abi::fault::Answer;
use abi::operation::HandledLevelOperation;
use abi::register::number;
use core::arch::naked_asm;
use core::sync::atomic::AtomicU64;
use play::tally::STATUSES;
use play::world::{Code, DEEP, LEVEL, STACK_BYTES, STACK_END};

/// Where all this lies.
pub fn places() -> Code {
    let address = |entry: unsafe extern "C" fn()| entry as *const () as u64;
    Code { returns: address(returns), unwinds: address(unwinds), deepens: address(deepens), player: address(starts) }
}

/// Returns with success and the words with which it was entered.
#[unsafe(naked)]
unsafe extern "C" fn returns() {
    naked_asm!("xor eax, eax", "syscall", "ud2")
}

/// How often each operation of the handled level had which status.
pub static HANDLED: [[AtomicU64; STATUSES]; HandledLevelOperation::ALL.len()] =
    [const { [const { AtomicU64::new(0) }; _] }; _];

/// What a handler asks of the level: the operation, the register or the address, and what to put there.
#[repr(C)]
struct Try {
    operation: u64,
    at: *const (),
    value: u64,
}

// SAFETY: the addresses are given to the kernel and not used.
unsafe impl Sync for Try {}

/// A word of memory that every level has that a player's code runs in.
const WORD: u64 = STACK_END - STACK_BYTES;
/// A word that none has.
const NOWHERE: u64 = 1 << 20;
/// No register's number.
const NO_REGISTER: u64 = 99;
/// No address of user level's, and not canonical.
const FAR_OUT: u64 = 1 << 63;

/// What nobody can write.
static CONSTANT: u64 = 1;

/// What is tried, so that each operation succeeds and is refused for every reason that it can have there.
static TRIES: [Try; 12] = {
    use HandledLevelOperation::*;
    const fn of(operation: HandledLevelOperation, at: u64, value: u64) -> Try {
        Try { operation: operation as u64, at: core::ptr::without_provenance(at as usize), value }
    }
    [
        of(ReadRegister, number::RIP, 0),
        of(ReadRegister, NO_REGISTER, 0),
        of(WriteRegister, 0, 0),
        of(WriteRegister, NO_REGISTER, 0),
        of(WriteRegister, number::RIP, FAR_OUT),
        of(ReadMemory, WORD, 0),
        of(ReadMemory, NOWHERE, 0),
        of(ReadMemory, WORD + 1, 0),
        of(WriteMemory, WORD, 0),
        of(WriteMemory, NOWHERE, 0),
        of(WriteMemory, FAR_OUT, 0),
        Try { operation: WriteMemory as u64, at: (&raw const CONSTANT).cast(), value: 0 },
    ]
};

/// How often a handler asks for this operation.
pub fn tries(operation: HandledLevelOperation) -> u64 {
    TRIES.iter().filter(|one| one.operation == operation as u64).count() as u64
}

/// Asks for all that of the level that it handles, and answers that it unwinds.
#[unsafe(naked)]
pub unsafe extern "C" fn unwinds() {
    naked_asm!(
        "lea rbx, [rip + {tries}]",
        "lea rbp, [rbx + {end}]",
        "2:",
        "mov rax, [rbx]",
        "add rax, {level}",
        "mov rdi, [rbx + 8]",
        "mov rsi, [rbx + 16]",
        "syscall",
        "imul rcx, [rbx], {statuses}",
        "add rcx, rax",
        "lea rdx, [rip + {handled}]",
        "inc qword ptr [rdx + 8 * rcx]",
        "add rbx, {bytes}",
        "cmp rbx, rbp",
        "jb 2b",
        "xor eax, eax",
        "mov edi, {unwind}",
        "xor esi, esi",
        "syscall",
        "ud2",
        tries = sym TRIES,
        end = const size_of::<[Try; 12]>(),
        bytes = const size_of::<Try>(),
        level = const CapabilityWord::new(LEVEL, 0).0,
        statuses = const STATUSES,
        handled = sym HANDLED,
        unwind = const Answer::Unwind as u64,
    )
}

/// Invokes itself until that fails, and returns with the status of that.
#[unsafe(naked)]
unsafe extern "C" fn deepens() {
    naked_asm!(
        "mov eax, {deep}",
        "syscall",
        "syscall", // the status is what it returns with
        "ud2",
        deep = const CapabilityWord::new(DEEP, 0).0,
    )
}

/// The start of a player's thread, on the stack that the director has mapped.
#[unsafe(naked)]
unsafe extern "C" fn starts() {
    naked_asm!(
        "mov rsp, {stack}",
        "2:",
        runtime::stack_depth!("2b", "16"),
        "xor ebp, ebp",
        "call {player}",
        "xor eax, eax",
        "syscall", // ends the thread
        "ud2",
        stack = const STACK_END - 16,
        player = sym crate::stage::play,
    )
}
