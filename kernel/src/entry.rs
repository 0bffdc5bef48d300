//! The entry paths: how user level gets in and out by `syscall`.
//!
//! `syscall_entry` does an invocation or a return in the common case, line by
//! line as `logic::invocation` specifies it, and hands everything else to
//! `perform`, which starts again from the registers as they came in. Until its
//! commit point a path changes nothing but scratch registers and the two words in
//! which the current level's return address and stack pointer are kept.
//!
//! Scratch are the registers that the crossing gives away anyway: `r8 r9 r11`, and
//! `rcx` once the return address is kept. No path touches a vector register.

use crate::core_local::{self, CoreLocal, IDENTITY, STACK_END, TOP};
use crate::memory::DESCRIPTORS;
use abi::crossing::{CAPABILITIES, CapabilityWord, EXIT_FLAGS, METHODS};
use abi::kind::Kind;
use core::arch::naked_asm;
use core::mem::offset_of;
use logic::capability::word;
use logic::operation::{Machine, Request, perform};
use logic::outcome::{End, Outcome, Registers};
use logic::store::Descriptor;
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
unsafe extern "C" fn syscall_entry() {
    naked_asm!(
        "swapgs",
        // Keep where the current level goes on.
        "mov r9, gs:[{top}]",
        "mov [r9 + {address}], rcx",
        "mov [r9 + {stack}], rsp",
        // Return?
        "mov r8, rax",
        "shr r8, 16",
        "jz 3f",
        // Look the capability up in the current component's table.
        "cmp r8, {capabilities}",
        "jae 4f",
        "mov rcx, [r9 + {descriptor}]",
        "mov r11, [rcx + {descriptors} + {table}]",
        "mov ecx, r8d",
        "shr ecx, 6",
        "mov r11, [r11 + rcx * 8]",
        "and r8d, 63",
        "shl r8d, 6",
        "add r11, r8",
        // Is it an invocation, and of a method that it permits?
        "cmp byte ptr [r11 + {kind}], {invocation}",
        "jne 4f",
        "movzx ecx, ax",
        "cmp ecx, {method_limit}",
        "jae 4f",
        "mov r8, [r11 + {methods}]",
        "bt r8, rcx",
        "jnc 4f",
        // Does the server live?
        "mov r8, [r11 + {slot_descriptor}]",
        "mov rcx, [r11 + {slot_epoch}]",
        "cmp rcx, [r8 + {descriptors} + {live_epoch}]",
        "jne 4f",
        // Is there room on the invocation stack? It ends with the thread's frame.
        "add r9, {entry_bytes}",
        "test r9d, 0xfff",
        "jz 4f",
        // Commit: from here on the server is the current level.
        "mov gs:[{top}], r9",
        "mov [r9 + {descriptor}], r8",
        "mov [r9 + {epoch}], rcx",
        "mov r8, [r8 + {descriptors} + {page_table}]",
        "mov cr3, r8",
        // Enter it.
        "mov rcx, [r11 + {slot_entry}]",
        "mov r8, [r11 + {slot_token}]",
        "mov r9, gs:[{identity}]",
        "movzx eax, ax",
        "xor esp, esp",
        "mov r11d, {flags}",
        "swapgs",
        "sysretq",
        // Return. Does the client live? (The level below a thread's first is never alive.)
        "3:",
        "sub r9, {entry_bytes}",
        "mov r8, [r9 + {descriptor}]",
        "mov rcx, [r9 + {epoch}]",
        "cmp rcx, [r8 + {descriptors} + {live_epoch}]",
        "jne 4f",
        // Commit: from here on the client is the current level.
        "mov gs:[{top}], r9",
        "mov r8, [r8 + {descriptors} + {page_table}]",
        "mov cr3, r8",
        "mov rcx, [r9 + {address}]",
        "mov rsp, [r9 + {stack}]",
        // Of what the kernel had in its hands nothing stays in sight.
        "xor r8d, r8d",
        "xor r9d, r9d",
        "mov r11d, {flags}",
        "swapgs",
        "sysretq",
        // Everything else: Rust, on the kernel's stack.
        "4:",
        "mov rsp, gs:[{stack_end}]",
        "push r10",
        "push rdx",
        "push rsi",
        "push rdi",
        "push rax",
        "mov rdi, rsp",
        "sub rsp, {registers_room}",
        "mov rsi, rsp",
        "call {system_call}",
        "mov rdi, rsp",
        "jmp {exit}",
        top = const TOP,
        identity = const IDENTITY,
        stack_end = const STACK_END,
        address = const invocation_entry::ADDRESS * 8,
        stack = const invocation_entry::STACK * 8,
        descriptor = const invocation_entry::DESCRIPTOR * 8,
        epoch = const invocation_entry::EPOCH * 8,
        entry_bytes = const invocation_entry::BYTES,
        capabilities = const CAPABILITIES,
        descriptors = const DESCRIPTORS as i64,
        table = const offset_of!(Descriptor, table),
        page_table = const offset_of!(Descriptor, page_table),
        live_epoch = const offset_of!(Descriptor, epoch),
        kind = const word::KIND * 8,
        invocation = const Kind::Invocation as u8,
        method_limit = const METHODS,
        methods = const word::METHODS * 8,
        slot_descriptor = const word::DESCRIPTOR * 8,
        slot_epoch = const word::EPOCH * 8,
        slot_entry = const word::ENTRY * 8,
        slot_token = const word::TOKEN * 8,
        flags = const EXIT_FLAGS,
        // Room for `Registers`, and 16-byte alignment after the five pushes.
        registers_room = const size_of::<Registers>().next_multiple_of(16) + 8,
        system_call = sym system_call,
        exit = sym exit,
    )
}

/// Leaves the kernel as `eax`, an [`Exit`], says. `rdi` = the [`Registers`] for [`leave`].
///
/// # Safety
///
/// That of the exit.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
pub unsafe extern "C" fn exit() {
    naked_asm!(
        "cmp eax, {restore_number}",
        "jb {leave}",
        "je {restore}",
        "jmp {restore_faulted}",
        restore_number = const Exit::Restore as u32,
        leave = sym leave,
        restore = sym restore,
        restore_faulted = sym restore_faulted,
    )
}

/// Leaves the kernel for the current thread's top level. `rdi` = the [`Registers`] it gets; all others are cleared.
///
/// # Safety
///
/// `rdi` must point to registers, GS must be the kernel's, and the page table must be the level's.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
pub unsafe extern "C" fn leave() {
    naked_asm!(
        "mov r8, gs:[{top}]",
        "mov rcx, [r8 + {address}]",
        "mov rsp, [r8 + {stack}]",
        "mov rax, [rdi + {rax}]",
        "mov rsi, [rdi + {rsi}]",
        "mov rdx, [rdi + {rdx}]",
        "mov r10, [rdi + {r10}]",
        "mov r8, [rdi + {r8}]",
        "mov r9, [rdi + {r9}]",
        "mov rdi, [rdi + {rdi}]",
        // Rust may have left something in any of these.
        "xor ebx, ebx",
        "xor ebp, ebp",
        "xor r12d, r12d",
        "xor r13d, r13d",
        "xor r14d, r14d",
        "xor r15d, r15d",
        "pxor xmm0, xmm0",
        "pxor xmm1, xmm1",
        "pxor xmm2, xmm2",
        "pxor xmm3, xmm3",
        "pxor xmm4, xmm4",
        "pxor xmm5, xmm5",
        "pxor xmm6, xmm6",
        "pxor xmm7, xmm7",
        "pxor xmm8, xmm8",
        "pxor xmm9, xmm9",
        "pxor xmm10, xmm10",
        "pxor xmm11, xmm11",
        "pxor xmm12, xmm12",
        "pxor xmm13, xmm13",
        "pxor xmm14, xmm14",
        "pxor xmm15, xmm15",
        "mov r11d, {flags}",
        "swapgs",
        "sysretq",
        top = const TOP,
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

/// The registers of a `syscall`, in the order in which the entry pushed them.
#[repr(C)]
struct Pushed {
    word: u64,
    words: [u64; 4],
}

extern "C" fn system_call(pushed: &Pushed, registers: &mut Registers) -> Exit {
    // SAFETY: the only use of it in this entry.
    let core = unsafe { core_local::current() };
    let Some(memory) = core.memory else { crate::console::fatal("a system call came before memory was there") };
    let request = Request { word: CapabilityWord(pushed.word), words: pushed.words };
    let before = core.state;
    let outcome = perform(memory, &mut Hardware, &mut core.state, request);
    if let Outcome::Resume(answer) = outcome
        && core.state == before
    {
        // An answer to who asked: everything else is as it was.
        *registers = answer;
        return Exit::Leave;
    }
    if core.state.thread != before.thread {
        // What one thread leaves in the x87 and SSE registers and in its bases is not for another.
        crate::processor::reset_floating_point();
        crate::processor::reset_bases();
    }
    follow(core, outcome, registers)
}

/// How the kernel is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Exit {
    /// By [`leave`], with some registers.
    Leave = 0,
    /// By [`restore`], with all of them.
    Restore = 1,
    /// By [`restore_faulted`], with all of them.
    RestoreFaulted = 2,
}

/// Does what the logic decided: ends the system, or prepares the current level to go on.
pub fn follow(core: &mut CoreLocal, mut outcome: Outcome, registers: &mut Registers) -> Exit {
    while outcome == Outcome::Idle {
        outcome = crate::interrupts::idle(core);
    }
    crate::interrupts::set_timer(core);
    load_page_table(core);
    match outcome {
        Outcome::Resume(answer) => {
            *registers = answer;
            Exit::Leave
        }
        Outcome::Restore => Exit::Restore,
        Outcome::RestoreFaulted => Exit::RestoreFaulted,
        Outcome::End(End::Requested(status)) => crate::console::end(status),
        Outcome::Idle | Outcome::End(End::NothingToRun) => crate::console::fatal("the booter's thread came to its end"),
    }
}

/// Enters user level for the first time.
pub fn resume(core: &mut CoreLocal, registers: Registers) -> ! {
    load_page_table(core);
    crate::processor::reset_floating_point();
    // SAFETY: the page table is loaded, and GS has been the kernel's since `core_local::initialise`.
    unsafe { core::arch::asm!("jmp {leave}", leave = sym leave, in("rdi") &registers, options(noreturn)) }
}

fn load_page_table(core: &CoreLocal) {
    let Some(memory) = core.memory else { return };
    // The level lives: whoever made it the current one has just checked.
    let Ok(descriptor) = core.state.component(memory).live(memory) else { return };
    let root = descriptor.page_table.load(core::sync::atomic::Ordering::Relaxed);
    let (current, _) = Cr3::read();
    if current.start_address().as_u64() != root {
        let root = PhysFrame::containing_address(PhysAddr::new(root));
        // SAFETY: the root of a component's page table, whose upper half is the kernel's.
        unsafe { Cr3::write(root, Cr3Flags::empty()) };
    }
}

struct Hardware;

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
}
