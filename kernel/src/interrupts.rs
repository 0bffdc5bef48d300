//! The timer's interrupt, and the core's sleep when nobody can run.
//!
//! Interrupts are on in user level and in [`idle`], nowhere else.

use crate::clock;
use crate::core_local::{self, CoreLocal};
use crate::entry::{Exit, exit, follow};
use crate::kept::{self, ResumePoint};
use crate::memory::LOCAL_APIC;
use core::arch::naked_asm;
use logic::outcome::{Outcome, Registers};
use logic::thread::saved;
use logic::{dispatch, endpoint, invocation};

/// The local APIC's register by which an interrupt is acknowledged.
pub const END_OF_INTERRUPT: u64 = LOCAL_APIC + 0xb0;

/// What the entry leaves on the stack: our pushes, then the processor's.
#[repr(C)]
struct Interrupted {
    registers: [u64; saved::COUNT],
    instruction: u64,
    code_segment: u64,
    flags: u64,
    stack: u64,
    stack_segment: u64,
}

/// Where the timer's interrupt leads to.
///
/// From the kernel, which can only be asleep, it only wakes it up. From user level, the x87
/// and SSE state goes straight to the thread, before Rust code uses any of it.
///
/// # Safety
///
/// Entered by the processor only.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
pub unsafe extern "C" fn timer_interrupt() {
    naked_asm!(
        "test byte ptr [rsp + 8], 3",
        "jz 2f",
        "push rax",
        "push rbx",
        "push rcx",
        "push rdx",
        "push rsi",
        "push rdi",
        "push rbp",
        "push r8",
        "push r9",
        "push r10",
        "push r11",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        // No flag of the user's counts here: not the direction flag, nor the one that suspends SMAP.
        "push 2",
        "popfq",
        // The next thread must not see the bases that this one has set.
        "xor edx, edx",
        "rdgsbase rbx",
        "wrgsbase rdx",
        "swapgs",
        "rdfsbase rcx",
        "wrfsbase rdx",
        // These and the x87 and SSE state go straight to the thread.
        "mov rax, gs:[{thread}]",
        "mov [rax + {gs_base}], rbx",
        "mov [rax + {fs_base}], rcx",
        "fxsave64 [rax + {floating_point}]",
        "mov dword ptr [{end_of_interrupt}], 0",
        "mov rdi, rsp",
        "sub rsp, {registers_room}",
        "and rsp, -16",
        "mov rsi, rsp",
        "call {from_user}",
        "mov rdi, rsp",
        "jmp {exit}",
        // It goes on behind its `hlt`, even if a non-maskable interrupt has let this one in before it.
        "2:",
        "mov dword ptr [{end_of_interrupt}], 0",
        "push rax",
        "lea rax, [rip + {sleep} + {asleep}]",
        "mov [rsp + 8], rax",
        "pop rax",
        "iretq",
        thread = const core_local::THREAD,
        gs_base = const saved::PREEMPTED.gs_base * 8,
        fs_base = const saved::PREEMPTED.fs_base * 8,
        floating_point = const saved::PREEMPTED.floating_point * 8,
        end_of_interrupt = const END_OF_INTERRUPT as i64,
        registers_room = const size_of::<Registers>(),
        from_user = sym from_user,
        exit = sym exit,
        sleep = sym sleep,
        asleep = const ASLEEP_BYTES,
    )
}

/// Bytes of `sti` and `hlt`, one and one.
const ASLEEP_BYTES: u64 = 2;

/// Sleeps until an interrupt.
///
/// # Safety
///
/// The interrupt table must be loaded.
#[unsafe(naked)]
unsafe extern "C" fn sleep() {
    // Interrupts take effect after the instruction behind `sti`, so none is missed.
    naked_asm!("sti", "hlt", "cli", "ret")
}

extern "C" fn from_user(interrupted: &Interrupted, registers: &mut Registers) -> Exit {
    // SAFETY: the only use of it in this entry.
    let core = unsafe { core_local::current() };
    let Some(memory) = core.memory else { crate::console::fatal("an interrupt came before memory was there") };
    let resume = ResumePoint { address: interrupted.instruction, stack: interrupted.stack };
    kept::keep_resume_point(memory, &core.state, resume);
    kept::keep_registers(memory, &core.state, saved::PREEMPTED, &interrupted.registers, interrupted.flags);
    core.timer = 0;
    if core.state.timeout == 0 || clock::now() < core.state.timeout {
        // An old interrupt, or one on the way to a time that is too far for the timer.
        return follow(core, Outcome::Restore, registers);
    }
    let outcome = dispatch::preempt(memory, &mut core.state);
    let outcome = invocation::settle(memory, &mut core.state, outcome);
    // The next thread must not see what this one computed; one that is restored gets its own.
    crate::processor::reset_floating_point();
    follow(core, outcome, registers)
}

/// Sets the timer to the current thread's timeout, if it is not.
pub fn set_timer(core: &mut CoreLocal) {
    if core.timer != core.state.timeout {
        core.timer = core.state.timeout;
        clock::set_timeout(core.timer);
    }
}

/// Sleeps until an interrupt, and sees whether the current thread, which waits, has a reason to go on.
pub fn idle(core: &mut CoreLocal) -> Outcome {
    let Some(memory) = core.memory else { return Outcome::Idle };
    // An interrupt may have come for a time that was too far for the timer: set the rest.
    core.timer = 0;
    set_timer(core);
    // SAFETY: the interrupt table is loaded; an interrupt there comes back without touching registers.
    unsafe { sleep() };
    let outcome = endpoint::wake(memory, &mut core.state, clock::now());
    invocation::settle(memory, &mut core.state, outcome)
}
