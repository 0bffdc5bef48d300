//! Interrupts of devices and of the timer, and the core's sleep when nobody can run.
//!
//! Interrupts are on in user level and in [`idle`], nowhere else. Each vector has a stub, and all stubs lead to one entry.

use crate::clock;
use crate::core_local::{self, CoreLocal};
use crate::entry::{Hardware, exit, follow};
use crate::io_apic;
use crate::kept::{self, ResumePoint};
use crate::{cores, entry, local_apic};
use core::arch::{global_asm, naked_asm};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use logic::frame::Frame;
use logic::outcome::Outcome;
use logic::thread::{self, saved};
use logic::{budget, cross_core, dispatch, endpoint, interrupt, invocation, launch, quiescence, unheard};

/// The first vector that is not an exception's.
const FIRST_VECTOR: u8 = 32;

// One stub for each vector: say which it was.
global_asm!(
    ".section .text.exceptions, \"ax\"",
    ".align 16",
    ".global interrupt_stubs",
    "interrupt_stubs:",
    ".set vector_number, {first}",
    ".rept 256 - {first}",
    "  .align 8",
    // As a signed byte, so that the instruction is short: the entry takes the low eight bits.
    "  push vector_number - ((vector_number >> 7) << 8)",
    "  jmp {interrupted}",
    "  .set vector_number, vector_number + 1",
    ".endr",
    ".text",
    first = const FIRST_VECTOR,
    interrupted = sym interrupted,
);

unsafe extern "C" {
    static interrupt_stubs: u8;
}

/// The address at which the interrupt with this vector enters the kernel.
pub fn stub(vector: u8) -> u64 {
    const STUB_BYTES: u64 = 8;
    &raw const interrupt_stubs as u64 + STUB_BYTES * u64::from(vector.saturating_sub(FIRST_VECTOR))
}

/// Interrupts whose vector is neither the timer's nor a line's.
static SPURIOUS: AtomicU64 = AtomicU64::new(0);

/// What the entry leaves on the stack: our pushes, then the processor's.
#[repr(C)]
struct Interrupted {
    registers: [u64; saved::COUNT],
    vector: u64,
    instruction: u64,
    code_segment: u64,
    flags: u64,
    stack: u64,
    stack_segment: u64,
}

/// Where all interrupts lead to.
///
/// From the kernel, which can only be asleep, one makes [`sleep`] return its vector. From user level, the x87
/// and SSE state goes straight to the thread, before Rust code uses any of it.
///
/// # Safety
///
/// Entered by the processor only.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
unsafe extern "C" fn interrupted() {
    naked_asm!(
        "test byte ptr [rsp + 16], 3",
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
        // The next thread must not see the bases and selectors that this one has set. A selector takes its base along.
        "xor edx, edx",
        "rdgsbase rbx",
        "mov gs, edx",
        "wrgsbase rdx",
        "swapgs",
        "rdfsbase rcx",
        "mov ds, edx",
        "mov es, edx",
        "mov fs, edx",
        "wrfsbase rdx",
        // These and the x87 and SSE state go straight to the thread.
        "mov rax, gs:[{thread}]",
        "mov [rax + {gs_base}], rbx",
        "mov [rax + {fs_base}], rcx",
        "fxsave64 [rax + {floating_point}]",
        "mov rdi, rsp",
        "and rsp, -16",
        "call {from_user}",
        "jmp {exit}",
        // It goes on behind its `hlt`, even if a non-maskable interrupt has let this one in before it; and with
        // interrupts off, so that no other comes before this one has been seen to.
        "2:",
        "pop rax",
        "lea rcx, [rip + {sleep} + {asleep}]",
        "mov [rsp], rcx",
        "and qword ptr [rsp + 16], {interrupts_off}",
        "iretq",
        thread = const core_local::THREAD,
        gs_base = const saved::PREEMPTED.gs_base * 8,
        fs_base = const saved::PREEMPTED.fs_base * 8,
        floating_point = const saved::PREEMPTED.floating_point * 8,
        from_user = sym from_user,
        exit = sym exit,
        sleep = sym sleep,
        asleep = const ASLEEP_BYTES,
        interrupts_off = const !INTERRUPTS_ON,
    )
}

/// In RFLAGS: interrupts are on.
const INTERRUPTS_ON: i32 = 1 << 9;

/// Bytes of `xor eax, eax`, `sti` and `hlt`: two, one and one.
const ASLEEP_BYTES: u64 = 4;

/// Sleeps until an interrupt, and returns its vector; 0 if a non-maskable one has ended the sleep.
///
/// # Safety
///
/// The interrupt table must be loaded.
#[unsafe(naked)]
unsafe extern "C" fn sleep() -> u64 {
    // Interrupts take effect after the instruction behind `sti`, so none is missed.
    naked_asm!("xor eax, eax", "sti", "hlt", "cli", "ret")
}

extern "C" fn from_user(interrupted: &Interrupted) -> Outcome {
    // SAFETY: the only use of it in this entry.
    let core = unsafe { core_local::current() };
    let Some(memory) = core.memory else {
        crate::console::fatal(crate::console::Text("an interrupt came before memory was there"))
    };
    let resume = ResumePoint { address: interrupted.instruction, stack: interrupted.stack };
    kept::keep_resume_point(memory, &core.state, resume);
    unheard::look(memory, &mut core.state, saved::PREEMPTED);
    kept::keep_registers(memory, &core.state, saved::PREEMPTED, &interrupted.registers, interrupted.flags);
    let epoch = quiescence::current(memory);
    let arrival = arrive(core, interrupted.vector);
    let (state, now) = (&mut core.state, clock::now());
    let outcome = match arrival {
        Arrival::For(receiver) => dispatch::interrupted_for(memory, state, now, receiver),
        Arrival::Other(decides) => dispatch::interrupted(memory, state, now, decides),
    };
    // Also the interrupted level may have been revoked by another core.
    let outcome = invocation::settle(memory, &mut core.state, outcome);
    acknowledge(core, epoch);
    follow(core, outcome)
}

/// Tells the other cores that this one has nothing in hand any more that it found before `epoch`, if they ask.
fn acknowledge(core: &mut CoreLocal, epoch: u64) {
    let Some(memory) = core.memory else { return };
    let number = core.state.number as u32;
    if quiescence::is_behind(memory, number) {
        entry::forget_page_tables(core);
        quiescence::acknowledge(memory, number, epoch);
    }
}

/// Sleeps until an interrupt, of which only that counts that it has come.
pub fn wait() {
    // SAFETY: the interrupt table is loaded.
    if unsafe { sleep() } != 0 {
        local_apic::end_interrupt();
    }
}

/// What an interrupt was.
enum Arrival {
    /// A device's, for this thread, which has been told.
    For(Frame),
    /// Another one; whether the current thread's scheduler has to decide anew, or one so many levels above it.
    Other(Option<usize>),
}

/// Sees to the interrupt with this vector.
fn arrive(core: &mut CoreLocal, vector: u64) -> Arrival {
    let Some(memory) = core.memory else { return Arrival::Other(None) };
    let vector = vector as u8;
    let arrival = match io_apic::line_of(vector) {
        _ if vector == clock::TIMER_VECTOR => {
            core.state.account.open();
            // It may be an old interrupt, or one on the way to a time that is too far for the timer.
            let is_due = core.state.timeout != 0 && clock::now() >= core.state.timeout;
            Arrival::Other(is_due.then_some(0))
        }
        _ if vector == cores::CALL_VECTOR => Arrival::Other(cross_core::take(memory, &core.state)),
        Some(line) => {
            let receiver = interrupt::arrive(memory, &mut Hardware, core.state.number as u32, line);
            receiver.map_or(Arrival::Other(None), Arrival::For)
        }
        None => {
            SPURIOUS.fetch_add(1, Relaxed);
            Arrival::Other(None)
        }
    };
    // Also of a spurious one, which need not be ended: that does nothing, since no other is being handled.
    local_apic::end_interrupt();
    arrival
}

/// Charges time to the budget that was used up, and sets the timer to the current thread's timeout or the end of its budget,
/// whichever comes first; if either has changed.
#[inline(never)]
pub fn set_timer(core: &mut CoreLocal) {
    let Some(memory) = core.memory else { return };
    if core.timer != core.state.timeout || !core.state.account.is_settled() {
        core.timer = core.state.timeout;
        budget::settle(memory, &mut core.state, clock::now());
        clock::set_timeout(core.state.account.deadline(core.timer));
    }
}

/// Sleeps until an interrupt, and sees whether the current thread, which waits, has a reason to go on; or, with no thread,
/// whether one has been launched.
pub fn idle(core: &mut CoreLocal) -> Outcome {
    let Some(memory) = core.memory else { return Outcome::Idle };
    if core.state.thread == 0 {
        let outcome = begin_launched(core);
        if outcome != Outcome::Idle {
            return outcome;
        }
    }
    // An interrupt may have come for a time that was too far for the timer: set the rest.
    budget::pause(memory, &mut core.state, clock::now());
    clock::set_timeout(core.state.timeout);
    // SAFETY: the interrupt table is loaded.
    let vector = unsafe { sleep() };
    let epoch = quiescence::current(memory);
    if vector != 0 {
        arrive(core, vector);
    }
    acknowledge(core, epoch);
    if core.state.thread == 0 {
        return begin_launched(core);
    }
    let outcome = endpoint::wake(memory, &mut core.state, clock::now());
    invocation::settle(memory, &mut core.state, outcome)
}

/// Begins what was launched on this core, which runs nothing.
fn begin_launched(core: &mut CoreLocal) -> Outcome {
    let Some(memory) = core.memory else { return Outcome::Idle };
    let outcome = launch::next(memory, &mut Hardware, &mut core.state);
    if core.state.thread != 0 {
        crate::processor::set_bases(thread::start_fs_base(memory, core.state.thread()));
    }
    outcome
}
