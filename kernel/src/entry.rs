//! The entry paths: how user level gets in and out by `syscall`.
//!
//! `syscall_entry` does an invocation or a return in the common case, line by
//! line as `logic::invocation` specifies it, and jumps to Rust for everything else: by the capability's kind, to one of
//! `operations`, with words, slot and method in the registers of its arguments. Until its
//! commit point a path changes nothing but scratch registers and the two words in
//! which the current level's return address and stack pointer are kept.
//!
//! Scratch are the registers that the crossing gives away anyway: `r8 r9 r11`, and
//! `rcx` once the return address is kept. No path here touches a vector register.

mod operations;
#[macro_use]
pub mod faulting;
#[macro_use]
mod path;
#[macro_use]
mod switching;

use crate::core_local::{self, CoreLocal, IDENTITY, REGISTERS, SPACE, STACK_END, TOP};
use crate::memory::{DESCRIPTORS, Memory};
use abi::crossing::{EXIT_FLAGS, LEAF_SLOTS, METHODS, SLOT_BYTES};
use core::arch::naked_asm;
use core::mem::offset_of;
use logic::capability::Slot;
use logic::cross_core::Cores;
use logic::interrupt::Controller;
use logic::operation::Machine;
use logic::outcome::{Outcome, Registers, tag};
use logic::store::{Descriptor, Store};
use logic::thread::{entry as invocation_entry, saved};
use x86_64::VirtAddr;
use x86_64::instructions::tlb::{InvPcidCommand, flush_pcid};
use x86_64::registers::model_specific::{LStar, Msr, SFMask};
use x86_64::registers::rflags::RFlags;

/// Turns the `syscall` instruction on.
pub fn load() {
    const STAR: u32 = 0xc000_0081;
    const KERNEL_CODE: u64 = 0x08;
    /// `sysret` loads the stack segment from 8 behind this and the code segment from 16 behind it.
    const BEFORE_USER_DATA: u64 = 0x10 | 3;
    // SAFETY: the selectors are those that `segments` has put there.
    unsafe { Msr::new(STAR).write(KERNEL_CODE << 32 | BEFORE_USER_DATA << 48) };
    LStar::write(VirtAddr::from_ptr(syscall_entry as *const ()));
    SFMask::write(RFlags::all());
}

/// Where `syscall` leads to.
///
/// # Safety
///
/// Entered by the processor only, with GS still the user's.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
pub unsafe extern "C" fn syscall_entry() {
    syscall_path! {
        top: TOP,
        space: SPACE,
        identity: IDENTITY,
        stack_end: STACK_END,
        registers: REGISTERS,
        descriptors: DESCRIPTORS,
        operations: (sym operations::TABLE),
        return_from_level: return_into_level,
        here: operations::here,
        exit: exit,
    }
}

/// Does what is asked of a thread: a switch in the common case, and the rest in Rust.
///
/// # Safety
///
/// To be called by the entry only, which has the current level in `r11`.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
extern "C" fn switch(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    switch_path! {
        top: TOP,
        identity: IDENTITY,
        thread: core_local::THREAD,
        timeout: core_local::TIMEOUT,
        number: core_local::NUMBER,
        runs_on: core_local::RUNS_ON,
        descriptors: DESCRIPTORS,
        otherwise: operations::any_of_thread,
    }
}

/// Returns that are more than an invocation's: into a level whose fault has been handled in the common case, and the rest in
/// Rust.
///
/// # Safety
///
/// To be called by the entry only, which has the current level in `r11`.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
unsafe extern "C" fn return_into_level() {
    handled_path! {
        top: TOP,
        thread: core_local::THREAD,
        space: SPACE,
        descriptors: DESCRIPTORS,
        restore_faulted: restore_faulted,
        otherwise: operations::return_from_level,
    }
}

// What the entry shifts and masks by.
const _: () = assert!(LEAF_SLOTS * SLOT_BYTES == 4096 && SLOT_BYTES == 64 && METHODS == 64);

/// Leaves the kernel as `eax`, the tag of an outcome after [`follow`], says.
///
/// # Safety
///
/// That of the exit.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
pub unsafe extern "C" fn exit() {
    naked_asm!(
        "cmp eax, {restore_tag}",
        "jb {leave}",
        "je {restore}",
        "jmp {restore_faulted}",
        restore_tag = const tag::RESTORE,
        leave = sym leave,
        restore = sym restore,
        restore_faulted = sym restore_faulted,
    )
}

/// Leaves the kernel for the current thread's top level, with the registers that the core has for it; all others are
/// cleared.
///
/// # Safety
///
/// GS must be the kernel's, and the page table must be the level's.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
pub unsafe extern "C" fn leave() {
    naked_asm!(
        "mov r8, gs:[{top}]",
        "mov rcx, [r8 + {address}]",
        "mov rsp, [r8 + {stack}]",
        "mov rax, gs:[{registers} + {rax}]",
        "mov rdi, gs:[{registers} + {rdi}]",
        "mov rsi, gs:[{registers} + {rsi}]",
        "mov rdx, gs:[{registers} + {rdx}]",
        "mov r10, gs:[{registers} + {r10}]",
        "mov r8, gs:[{registers} + {r8}]",
        "mov r9, gs:[{registers} + {r9}]",
        // Rust, or another component, may have left something in any of these: x87 and SSE state are as a thread starts with them.
        "fxrstor64 [rip + {clean_state}]",
        "xor ebx, ebx",
        "xor ebp, ebp",
        "xor r12d, r12d",
        "xor r13d, r13d",
        "xor r14d, r14d",
        "xor r15d, r15d",
        "mov r11d, {flags}",
        "swapgs",
        "sysretq",
        clean_state = sym crate::processor::CLEAN_STATE,
        top = const TOP,
        registers = const REGISTERS,
        address = const invocation_entry::ADDRESS * 8,
        stack = const invocation_entry::STACK * 8,
        rax = const offset_of!(Registers, rax),
        rdi = const offset_of!(Registers, rdi),
        rsi = const offset_of!(Registers, rsi),
        rdx = const offset_of!(Registers, rdx),
        r10 = const offset_of!(Registers, r10),
        r8 = const offset_of!(Registers, r8),
        r9 = const offset_of!(Registers, r9),
        flags = const EXIT_FLAGS,
    )
}

/// Writes out an exit with all registers of the current level, from one of the areas in which they are kept.
macro_rules! restore_from {
    ($(#[$meta:meta])* $name:ident, $area:expr) => {
        $(#[$meta])*
        ///
        /// # Safety
        ///
        /// The level's kept state must be complete, GS must be the kernel's, and the page table the level's.
        #[unsafe(naked)]
        #[unsafe(link_section = ".text.entry")]
        unsafe extern "C" fn $name() {
            naked_asm!(
                "mov r8, gs:[{thread}]",
                "fxrstor64 [r8 + {floating_point}]",
                "mov rax, [r8 + {fs_base}]",
                "wrfsbase rax",
                "mov r9, gs:[{top}]",
                "push {user_data}",
                "push qword ptr [r9 + {stack}]",
                "push qword ptr [r8 + {kept_flags}]",
                "push {user_code}",
                "push qword ptr [r9 + {address}]",
                "swapgs",
                "mov rax, [r8 + {gs_base}]",
                "wrgsbase rax",
                "mov r15, [r8 + {registers}]",
                "mov r14, [r8 + {registers} + 1 * 8]",
                "mov r13, [r8 + {registers} + 2 * 8]",
                "mov r12, [r8 + {registers} + 3 * 8]",
                "mov r11, [r8 + {registers} + 4 * 8]",
                "mov r10, [r8 + {registers} + 5 * 8]",
                "mov r9, [r8 + {registers} + 6 * 8]",
                "mov rbp, [r8 + {registers} + 8 * 8]",
                "mov rdi, [r8 + {registers} + 9 * 8]",
                "mov rsi, [r8 + {registers} + 10 * 8]",
                "mov rdx, [r8 + {registers} + 11 * 8]",
                "mov rcx, [r8 + {registers} + 12 * 8]",
                "mov rbx, [r8 + {registers} + 13 * 8]",
                "mov rax, [r8 + {registers} + 14 * 8]",
                "mov r8, [r8 + {registers} + 7 * 8]",
                "iretq",
                thread = const core_local::THREAD,
                top = const TOP,
                floating_point = const $area.floating_point * 8,
                registers = const $area.registers * 8,
                kept_flags = const $area.flags * 8,
                fs_base = const $area.fs_base * 8,
                gs_base = const $area.gs_base * 8,
                address = const invocation_entry::ADDRESS * 8,
                stack = const invocation_entry::STACK * 8,
                user_data = const crate::segments::USER_DATA,
                user_code = const crate::segments::USER_CODE,
            )
        }
    };
}

restore_from! {
    /// Leaves the kernel for the current thread, which was preempted.
    restore, saved::PREEMPTED
}

restore_from! {
    /// Leaves the kernel for the current level, whose fault was handled.
    restore_faulted, saved::FAULTED
}

/// Makes the machine what the logic decided, after an operation of a level of the component with this descriptor.
#[inline(always)]
pub fn conclude(memory: &Memory, core: &mut CoreLocal, entered: *const Descriptor, outcome: Outcome) -> Outcome {
    if core.timer != core.state.timeout || !core.state.account.is_settled() {
        crate::interrupts::set_timer(core);
    }
    if outcome.is_answer() && core::ptr::eq(core.state.descriptor(memory), entered) {
        return outcome;
    }
    if outcome == Outcome::RestoreFaulted {
        return follow(core, outcome);
    }
    cross(memory, core, outcome)
}

/// A thread starts, or another component goes on, or nobody: what the one before leaves in the registers is not for that.
#[cold]
#[inline(never)]
fn cross(memory: &Memory, core: &mut CoreLocal, outcome: Outcome) -> Outcome {
    if core.state.thread != 0 {
        crate::processor::set_bases(logic::thread::start_fs_base(memory, core.state.thread()));
    }
    follow(core, outcome)
}

/// Does what the logic decided: ends the system, or prepares the current level to go on. Answers `Resume`, `Restore` or
/// `RestoreFaulted`.
pub fn follow(core: &mut CoreLocal, mut outcome: Outcome) -> Outcome {
    while outcome == Outcome::Idle {
        outcome = crate::interrupts::idle(core);
    }
    crate::interrupts::set_timer(core);
    load_page_table(core);
    match outcome {
        Outcome::End(status) => crate::console::end(status),
        Outcome::Idle | Outcome::NothingToRun => {
            crate::console::fatal(crate::console::Text("the booter's thread came to its end"))
        }
        outcome => match outcome.registers(&core.state) {
            Some(registers) => {
                crate::foreign::leave(core);
                Outcome::resume(&mut core.state, registers)
            }
            None => {
                crate::foreign::enter(core);
                outcome
            }
        },
    }
}

/// What a core does that runs nothing: sleeps until there is something to run, and runs it.
///
/// # Safety
///
/// `core` must be this core's only reference, and GS the kernel's.
#[unsafe(naked)]
pub unsafe extern "C" fn run(core: &mut CoreLocal) -> ! {
    naked_asm!("sub rsp, 8", "call {begin}", "jmp {exit}", begin = sym begin, exit = sym exit)
}

extern "C" fn begin(core: &mut CoreLocal) -> Outcome {
    follow(core, Outcome::Idle)
}

/// Enters user level for the first time, with the core's registers.
pub fn resume(core: &mut CoreLocal) -> ! {
    load_page_table(core);
    // SAFETY: the page table is loaded, and GS has been the kernel's since `core_local::enter`.
    unsafe { core::arch::asm!("jmp {leave}", leave = sym leave, options(noreturn)) }
}

/// Loads the page table of the current level, if another is loaded.
fn load_page_table(core: &mut CoreLocal) {
    let Some(memory) = core.memory else { return };
    // The level lives: whoever made it the current one has just checked.
    let root = core.state.descriptor(memory).page_table.load(core::sync::atomic::Ordering::Relaxed);
    if core.space != root {
        write_page_table(core, root);
    }
}

/// Forgets all translations, and every page table but that of the current level, or of the kernel if no level lives.
pub fn forget_page_tables(core: &mut CoreLocal) {
    let Some(memory) = core.memory else { return };
    let descriptor = Some(core.state).filter(|state| state.thread != 0 && state.is_live(memory));
    let own = descriptor.map(|state| state.descriptor(memory).page_table.load(core::sync::atomic::Ordering::Relaxed));
    write_page_table(core, own.unwrap_or_else(|| memory.kernel_page_table().physical()));
    forget_translations(memory);
}

/// Forgets all translations but the kernel's own, of all tags where there are tags.
fn forget_translations(memory: &Memory) {
    if memory.tags_address_spaces() {
        // SAFETY: the instruction is there where tags are used.
        unsafe { flush_pcid(InvPcidCommand::AllExceptGlobal) };
    } else {
        x86_64::instructions::tlb::flush_all();
    }
}

fn write_page_table(core: &mut CoreLocal, space: u64) {
    core.space = space;
    // SAFETY: the root of a page table whose upper half is the kernel's, and a tag of its own where there are tags.
    unsafe { core::arch::asm!("mov cr3, {}", in(reg) space, options(nostack, preserves_flags)) };
}

/// The machine, as the logic reaches it.
pub struct Hardware;

impl Controller for Hardware {
    fn has_line(&self, line: u32) -> bool {
        crate::io_apic::has(line)
    }

    fn open_line(&mut self, line: u32, core: u32) {
        if let Some(local_apic) = crate::cores::local_apic(core) {
            crate::io_apic::open(line, local_apic);
        }
    }

    fn mask_line(&mut self, line: u32) {
        crate::io_apic::mask(line);
    }
}

impl Cores for Hardware {
    fn interrupt(&mut self, core: u32) {
        crate::cores::interrupt(core);
    }

    fn forget_translations(&mut self) {
        forget_translations(crate::memory::of_running_kernel());
    }
}

impl Machine for Hardware {
    fn read_port(&mut self, port: u16) -> u8 {
        crate::console::read_port(port)
    }

    fn write_port(&mut self, port: u16, byte: u8) {
        crate::console::write_port(port, byte);
    }

    fn write_console(&mut self, text: &[u8]) {
        crate::console::write(text);
    }

    fn frequency(&mut self) -> u64 {
        crate::clock::frequency()
    }

    fn now(&mut self) -> u64 {
        crate::clock::now()
    }
}
