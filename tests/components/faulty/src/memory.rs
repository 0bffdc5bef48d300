//! Access to memory that forbids it.

use crate::SURVIVED;
use core::arch::asm;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

const RETURN_INSTRUCTION: u8 = 0xc3;

static CODE_IN_DATA: AtomicU8 = AtomicU8::new(RETURN_INSTRUCTION);
static CONSTANT: u64 = 1;

/// Reads from `address`.
pub fn read(address: u64) {
    // SAFETY: the read has no effect if it succeeds, and must fault.
    unsafe { asm!("mov {0}, [{0}]", inout(reg) address => _, options(nostack, readonly)) }
}

/// Writes to `address`.
pub fn write(address: u64) {
    // SAFETY: none; the write must fault. If it does not, the test has found what it looks for.
    unsafe { asm!("mov byte ptr [{}], 0", in(reg) address, options(nostack)) }
}

/// Calls `address`.
pub fn execute(address: u64) {
    // SAFETY: none; the call must fault. Where code does lie there it is a return.
    unsafe { asm!("call {}", in(reg) address, clobber_abi("C")) }
}

/// Pushes with this stack pointer.
pub fn push(address: u64) {
    // SAFETY: the push faults, or what is behind it does; nothing runs after it.
    unsafe { asm!("mov rsp, {}", "push rax", "ud2", in(reg) address, options(noreturn)) }
}

/// Calls data.
pub fn execute_data() -> u16 {
    // The store keeps the byte in memory that can be written.
    CODE_IN_DATA.store(RETURN_INSTRUCTION, Relaxed);
    execute(CODE_IN_DATA.as_ptr() as u64);
    SURVIVED
}

/// Calls its stack.
pub fn execute_stack() -> u16 {
    let code = AtomicU8::new(RETURN_INSTRUCTION);
    execute(code.as_ptr() as u64);
    SURVIVED
}

/// Writes to its code.
pub fn write_code() -> u16 {
    write(write_code as *const () as u64);
    SURVIVED
}

/// Writes to its constants.
pub fn write_constant() -> u16 {
    write(&raw const CONSTANT as u64);
    SURVIVED
}
