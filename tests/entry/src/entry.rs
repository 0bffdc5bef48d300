//! The text of the kernel's entry, assembled for a process.

use crate::arena;
use crate::processor::Stop;

#[macro_use]
#[path = "../../../kernel/src/entry/faulting.rs"]
pub mod faulting;
#[macro_use]
#[path = "../../../kernel/src/entry/path.rs"]
mod path;
#[macro_use]
#[path = "../../../kernel/src/entry/switching.rs"]
mod switching;

use abi::kind::Kind;
use std::arch::naked_asm;

/// The kernel's own text.
///
/// # Safety
///
/// Entered with the registers and the memory that it expects, by a processor that does its privileged instructions.
#[unsafe(naked)]
pub unsafe extern "C" fn syscall_entry() {
    syscall_path! {
        top: arena::TOP,
        space: arena::SPACE,
        identity: arena::IDENTITY,
        stack_end: arena::STACK_END_WORD,
        registers: arena::REGISTERS,
        descriptors: arena::DESCRIPTORS,
        operations: (const arena::OPERATIONS),
        return_from_level: return_into_level,
        here: here,
        exit: exit,
    }
}

/// The size of each of [`operations`].
pub const OPERATION_BYTES: u64 = 2;

/// A function for each kind: they trap.
///
/// # Safety
///
/// That of [`syscall_entry`].
#[unsafe(naked)]
pub unsafe extern "C" fn operations() {
    naked_asm!(".rept 256", "ud2", ".endr")
}

/// The kernel's own text of dispatches.
///
/// # Safety
///
/// To be called by [`syscall_entry`] only.
#[unsafe(naked)]
pub unsafe extern "C" fn switch() {
    switch_path! {
        top: arena::TOP,
        identity: arena::IDENTITY,
        thread: arena::THREAD,
        timeout: arena::TIMEOUT,
        number: arena::NUMBER,
        runs_on: arena::RUNS_ON,
        descriptors: arena::DESCRIPTORS,
        otherwise: any_of_thread,
    }
}

/// The kernel's own text of returns that are more than an invocation's.
#[unsafe(naked)]
unsafe extern "C" fn return_into_level() {
    handled_path! {
        top: arena::TOP,
        thread: arena::THREAD,
        space: arena::SPACE,
        descriptors: arena::DESCRIPTORS,
        restore_faulted: restore_faulted,
        otherwise: return_from_level,
    }
}

/// The kernel's own text of exceptions.
///
/// # Safety
///
/// That of [`syscall_entry`].
#[unsafe(naked)]
pub unsafe extern "C" fn fault_entry() {
    fault_path! {
        top: arena::TOP,
        thread: arena::THREAD,
        identity: arena::IDENTITY,
        space: arena::SPACE,
        foreign: arena::FOREIGN,
        descriptors: arena::DESCRIPTORS,
        clean_state: CLEAN_STATE,
        from_user: from_user,
        from_kernel: from_kernel,
        exit: exit,
    }
}

/// State as a thread starts with it, in the processor's format.
#[repr(C, align(16))]
struct CleanState([u32; 128]);

static CLEAN_STATE: CleanState = CleanState({
    let mut words = [0; 128];
    words[0] = 0x37f;
    words[6] = 0x1f80;
    words
});

/// Writes out functions that trap, each at an address of its own.
macro_rules! traps {
    ($($name:ident $number:literal)*) => {
        $(#[unsafe(naked)]
        unsafe extern "C" fn $name() {
            naked_asm!("ud2", concat!(".byte ", $number))
        })*
    };
}

traps! { return_from_level 1 exit 2 restore_faulted 3 from_user 4 from_kernel 5 any_of_thread 6 here 7 }

/// Where the text leads to, and why it then stops.
pub fn stops() -> [(u64, Stop); 7] {
    [
        (return_from_level as *const () as u64, Stop::Return),
        (exit as *const () as u64, Stop::Exit),
        (restore_faulted as *const () as u64, Stop::RestoreFaulted),
        (here as *const () as u64, Stop::Here),
        (from_user as *const () as u64, Stop::FaultInUserLevel),
        (from_kernel as *const () as u64, Stop::FaultInKernel),
        (any_of_thread as *const () as u64, Stop::Operation(Kind::Thread as u64)),
    ]
}
