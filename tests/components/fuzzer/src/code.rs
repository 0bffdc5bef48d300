//! What players enter, and where they start.

use abi::crossing::CapabilityWord;
use abi::fault::Answer;
use abi::operation::HandledLevelOperation;
use core::arch::naked_asm;
use core::sync::atomic::AtomicU64;
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

/// How often each operation of the handled level succeeded.
pub static HANDLED: [AtomicU64; HandledLevelOperation::ALL.len()] = [const { AtomicU64::new(0) }; _];

/// A word of memory that every level has that a player's code runs in.
const WORD: u64 = STACK_END - STACK_BYTES;

/// Asks for what it may of the level that it handles, and answers that it unwinds.
#[unsafe(naked)]
unsafe extern "C" fn unwinds() {
    naked_asm!(
        "xor ebx, ebx",
        "2:",
        "lea rax, [rbx + {level}]",
        "xor edi, edi", // number of a register, or
        "cmp ebx, {read_memory}",
        "jb 3f",
        "mov rdi, {word}", // address of a word
        "3:",
        "xor esi, esi",
        "syscall",
        "cmp rax, 1", // carry, if it is 0
        "lea rcx, [rip + {handled}]",
        "adc qword ptr [rcx + 8 * rbx], 0",
        "inc ebx",
        "cmp ebx, {operations}",
        "jb 2b",
        "xor eax, eax",
        "mov edi, {unwind}",
        "xor esi, esi",
        "syscall",
        "ud2",
        level = const CapabilityWord::new(LEVEL, 0).0,
        read_memory = const HandledLevelOperation::ReadMemory as u64,
        operations = const HandledLevelOperation::ALL.len(),
        word = const WORD,
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
        "xor ebp, ebp",
        "call {player}",
        "xor eax, eax",
        "syscall", // ends the thread
        "ud2",
        stack = const STACK_END - 16,
        player = sym crate::stage::play,
    )
}
