//! Foreign components: their `syscall` leads to their personality, with all registers kept, as an exception would.
//!
//! A foreign component is entered only by an exit that puts back all its registers, and left only by an exception, an
//! interrupt or its own `syscall`: nobody can invoke it, and it cannot return. So the way into
//! the kernel is exchanged on these slow paths alone, and nobody else pays for it.

use crate::core_local::{CoreLocal, FOREIGN_STACK, STACK_END};
use crate::entry::syscall_entry;
use crate::exceptions::common;
use crate::segments::{USER_CODE, USER_DATA};
use core::arch::naked_asm;
use x86_64::VirtAddr;
use x86_64::registers::model_specific::LStar;

/// Prepares for the current level, which goes on with all its registers, and may be foreign.
pub fn enter(core: &mut CoreLocal) {
    let Some(memory) = core.memory else { return };
    let foreign = core.state.component(memory).is_foreign();
    if foreign != core.foreign {
        let entry: unsafe extern "C" fn() = if foreign { system_call } else { syscall_entry };
        LStar::write(VirtAddr::from_ptr(entry as *const ()));
        core.foreign = foreign;
    }
}

/// Prepares for the current level, which goes on by the contract, and is not foreign.
pub fn leave(core: &mut CoreLocal) {
    if core.foreign {
        LStar::write(VirtAddr::from_ptr(syscall_entry as *const ()));
        core.foreign = false;
    }
}

/// Where a foreign component's `syscall` leads to: leaves on the stack what an exception would, and goes on as one.
///
/// # Safety
///
/// Entered by the processor only, with GS still the user's.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
unsafe extern "C" fn system_call() {
    naked_asm!(
        "swapgs",
        "mov gs:[{foreign_stack}], rsp",
        "mov rsp, gs:[{stack_end}]",
        "push {user_data}",
        "push qword ptr gs:[{foreign_stack}]",
        "swapgs",
        "push r11",
        "push {user_code}",
        "push rcx",
        "push 0",
        "push {vector}",
        "jmp {common}",
        foreign_stack = const FOREIGN_STACK,
        stack_end = const STACK_END,
        user_data = const USER_DATA,
        user_code = const USER_CODE,
        vector = const abi::fault::SYSTEM_CALL,
        common = sym common,
    )
}
