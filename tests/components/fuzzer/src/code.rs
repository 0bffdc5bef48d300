//! What players enter, and where they start.

use abi::crossing::CapabilityWord;
use abi::fault::Answer;
use core::arch::naked_asm;
use play::world::{Code, DEEP, STACK_END};

/// Where all this lies.
pub fn places() -> Code {
    let address = |entry: unsafe extern "C" fn()| entry as *const () as u64;
    Code {
        returns: address(returns),
        unwinds: address(unwinds),
        deepens: address(deepens),
        player: address(starts),
    }
}

/// Returns with success and the words with which it was entered.
#[unsafe(naked)]
unsafe extern "C" fn returns() {
    naked_asm!("xor eax, eax", "syscall", "ud2")
}

/// Answers a fault: the level unwinds.
#[unsafe(naked)]
unsafe extern "C" fn unwinds() {
    naked_asm!("xor eax, eax", "mov edi, {unwind}", "xor esi, esi", "syscall", "ud2", unwind = const Answer::Unwind as u64)
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
