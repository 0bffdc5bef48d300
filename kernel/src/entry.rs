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

use crate::core_local::{self, CoreLocal, IDENTITY, REGISTERS, SPACE, STACK_END, TOP};
use crate::memory::{DESCRIPTORS, Memory};
use abi::crossing::{CapabilityWord, EXIT_FLAGS, LEAF_SLOTS, METHODS, SLOT_BYTES, TABLE_LEAVES};
use abi::error::Error;
use abi::kind::Kind;
use core::arch::naked_asm;
use core::mem::offset_of;
use logic::capability::word;
use logic::cross_core::Cores;
use logic::interrupt::Controller;
use logic::operation::Machine;
use logic::outcome::{Outcome, Registers, tag};
use logic::store::{Descriptor, Store};
use logic::thread::{entry as invocation_entry, saved};
use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::registers::model_specific::{LStar, Msr, SFMask};
use x86_64::registers::rflags::RFlags;
use x86_64::structures::paging::PhysFrame;
use x86_64::{PhysAddr, VirtAddr};

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
    naked_asm!(
        "swapgs",
        // A status is below 2^16: that is a return.
        "cmp rax, 0xffff",
        "jbe 3f",
        // Keep where the current level goes on.
        "mov r11, gs:[{top}]",
        "mov [r11 + {address}], rcx",
        "mov [r11 + {stack}], rsp",
        // Look the capability up in the current component's table: rax is leaf << 22 | slot << 16 | method.
        "mov r8, rax",
        "shr r8, 22",
        "cmp r8, {leaves}",
        "jae 5f",
        "mov r9, [r11 + {descriptor}]",
        "mov r9, [r9 + {descriptors} + {table}]",
        "mov r8, [r9 + r8 * 8]",
        "mov ecx, eax",
        "shr ecx, 10",
        "and ecx, {slot_mask}",
        "add r8, rcx",
        // Is it an invocation, and of a method that it permits?
        "cmp byte ptr [r8 + {kind}], {invocation}",
        "jne 6f",
        "test eax, {method_excess}",
        "jnz 6f",
        "mov rcx, [r8 + {methods}]",
        "bt rcx, rax",
        "jnc 6f",
        // Does the server live?
        "mov r9, [r8 + {slot_descriptor}]",
        "mov rcx, [r8 + {slot_epoch}]",
        "cmp rcx, [r9 + {descriptors} + {live_epoch}]",
        "jne 6f",
        // Is there room on the invocation stack? It ends with the thread's frame.
        "add r11, {entry_bytes}",
        "test r11d, 0xfff",
        "jz 6f",
        // Commit: from here on the server is the current level.
        "mov gs:[{top}], r11",
        "mov [r11 + {descriptor}], r9",
        "mov [r11 + {epoch}], rcx",
        "mov rcx, [r9 + {descriptors} + {page_table}]",
        "cmp rcx, gs:[{space}]",
        "je 2f",
        "mov gs:[{space}], rcx",
        "mov cr3, rcx",
        // Enter it.
        "2:",
        "mov rcx, [r8 + {slot_entry}]",
        "mov r8, [r8 + {slot_token}]",
        "mov r9, gs:[{identity}]",
        "movzx eax, ax",
        "xor esp, esp",
        "mov r11d, {flags}",
        "swapgs",
        "sysretq",
        // Return. Does the client live? (The level below a thread's first is never alive.) Nobody needs the server's
        // stack pointer any more, so that rsp is free.
        "3:",
        "mov r11, gs:[{top}]",
        "mov rcx, [r11 - {entry_bytes} + {descriptor}]",
        "mov rsp, [r11 - {entry_bytes} + {epoch}]",
        "cmp rsp, [rcx + {descriptors} + {live_epoch}]",
        "jne 7f",
        // Commit: from here on the client is the current level.
        "sub qword ptr gs:[{top}], {entry_bytes}",
        "mov rcx, [rcx + {descriptors} + {page_table}]",
        "cmp rcx, gs:[{space}]",
        "je 4f",
        "mov gs:[{space}], rcx",
        "mov cr3, rcx",
        "4:",
        "mov rcx, [r11 - {entry_bytes} + {address}]",
        "mov rsp, [r11 - {entry_bytes} + {stack}]",
        "mov r11d, {flags}",
        "swapgs",
        "sysretq",
        // No capability's number: the question who asks, or nothing.
        "5:",
        "cmp rax, {who}",
        "jne 8f",
        "mov rdi, gs:[{identity}]",
        "xor esi, esi",
        "xor eax, eax",
        "mov r11d, {flags}",
        "swapgs",
        "sysretq",
        "8:",
        "mov eax, {out_of_range}",
        "xor edi, edi",
        "xor esi, esi",
        "mov r11d, {flags}",
        "swapgs",
        "sysretq",
        // A return that is more than that: Rust, on the core's stack.
        "7:",
        "mov rsp, gs:[{stack_end}]",
        "mov rdx, rax",
        "call {return_from_level}",
        "jmp 9f",
        // An operation of a capability, or an invocation that is refused: Rust, by the capability's kind.
        "6:",
        "mov rsp, gs:[{stack_end}]",
        "mov rcx, r10",
        "movzx r9d, ax",
        "movzx eax, byte ptr [r8 + {kind}]",
        "call [rax * 8 + {operations}]",
        "9:",
        "test eax, eax",
        "jnz 2f",
        "mov rdi, rdx",
        "xor esi, esi",
        // An answer. rbx rbp r12-r15 are as the caller's component left them, here and in Rust alike.
        "4:",
        "mov r11, gs:[{top}]",
        "mov rcx, [r11 + {address}]",
        "mov rsp, [r11 + {stack}]",
        "xor edx, edx",
        "xor r8d, r8d",
        "xor r9d, r9d",
        "xor r10d, r10d",
        "mov r11d, {flags}",
        "swapgs",
        "sysretq",
        "2:",
        "cmp eax, {pair}",
        "ja {exit}",
        "je 3f",
        "mov eax, edx",
        "xor edi, edi",
        "xor esi, esi",
        "jmp 4b",
        "3:",
        "mov rdi, rdx",
        "mov rsi, gs:[{registers} + {rsi}]",
        "xor eax, eax",
        "jmp 4b",
        top = const TOP,
        space = const SPACE,
        identity = const IDENTITY,
        stack_end = const STACK_END,
        registers = const REGISTERS,
        rsi = const offset_of!(Registers, rsi),
        address = const invocation_entry::ADDRESS * 8,
        stack = const invocation_entry::STACK * 8,
        descriptor = const invocation_entry::DESCRIPTOR * 8,
        epoch = const invocation_entry::EPOCH * 8,
        entry_bytes = const invocation_entry::BYTES,
        leaves = const TABLE_LEAVES,
        slot_mask = const (LEAF_SLOTS - 1) * SLOT_BYTES,
        descriptors = const DESCRIPTORS as i64,
        table = const offset_of!(Descriptor, table),
        page_table = const offset_of!(Descriptor, page_table),
        live_epoch = const offset_of!(Descriptor, epoch),
        kind = const word::KIND * 8,
        invocation = const Kind::Invocation as u8,
        method_excess = const u16::MAX - (METHODS - 1),
        methods = const word::METHODS * 8,
        slot_descriptor = const word::DESCRIPTOR * 8,
        slot_epoch = const word::EPOCH * 8,
        slot_entry = const word::ENTRY * 8,
        slot_token = const word::TOKEN * 8,
        flags = const EXIT_FLAGS,
        who = const CapabilityWord::IDENTITY.0 as i64,
        out_of_range = const Error::OutOfRange as u16,
        pair = const tag::PAIR,
        return_from_level = sym operations::return_from_level,
        operations = sym operations::TABLE,
        exit = sym exit,
    )
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
        Outcome::Idle | Outcome::NothingToRun => crate::console::fatal("the booter's thread came to its end"),
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
}

fn write_page_table(core: &mut CoreLocal, root: u64) {
    core.space = root;
    let root = PhysFrame::containing_address(PhysAddr::new(root));
    // SAFETY: the root of a page table whose upper half is the kernel's.
    unsafe { Cr3::write(root, Cr3Flags::empty()) };
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
        let (root, flags) = Cr3::read();
        // SAFETY: the page table stays as it is.
        unsafe { Cr3::write(root, flags) };
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
