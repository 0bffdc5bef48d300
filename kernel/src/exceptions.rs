//! Exceptions: what a component does wrong is contained, what the kernel does wrong stops the machine.

use crate::core_local;
use crate::entry::{exit, follow};
use crate::interrupts;
use crate::kept::{self, ResumePoint};
use crate::segments::stack;
use core::arch::{global_asm, naked_asm};
use core::fmt;
use logic::{component, fault};
use logic::outcome::Outcome;
use logic::thread::saved;
use x86_64::VirtAddr;
use x86_64::registers::control::Cr2;
use x86_64::structures::idt::InterruptDescriptorTable;

/// What an exception leaves on its stack: our pushes, then the processor's.
#[repr(C)]
pub struct Frame {
    /// `r15` first, `rax` last.
    registers: [u64; 15],
    vector: u64,
    error: u64,
    instruction: u64,
    code_segment: u64,
    flags: u64,
    stack: u64,
    stack_segment: u64,
}

// One stub for each exception: make the error code uniform, say which vector it was.
global_asm!(
    ".macro exception vector",
    ".align 16",
    ".if \\vector == 8 || (\\vector >= 10 && \\vector <= 14) || \\vector == 17 || \\vector == 21 || \\vector == 29 || \\vector == 30",
    "  push \\vector",
    ".else",
    "  push 0",
    "  push \\vector",
    ".endif",
    "jmp {common}",
    ".endm",
    ".section .text.exceptions, \"ax\"",
    ".align 16",
    ".global exception_stubs, non_maskable_interrupt",
    "exception_stubs:",
    ".altmacro",
    ".set vector_number, 0",
    ".rept 32",
    "exception %vector_number",
    ".set vector_number, vector_number + 1",
    ".endr",
    ".noaltmacro",
    // A non-maskable interrupt finds nothing to do, and may have struck between a `syscall` and its
    // `swapgs`: it touches neither GS nor memory.
    "non_maskable_interrupt:",
    "  iretq",
    ".text",
    common = sym common,
);

unsafe extern "C" {
    static exception_stubs: u8;
    static non_maskable_interrupt: u8;
}

const STUB_BYTES: u64 = 16;

const PAGE_FAULT: u64 = 14;
const MACHINE_CHECK: u64 = 18;
/// A foreign component's, which comes here as if it were an exception.
const SYSTEM_CALL: u64 = abi::fault::SYSTEM_CALL as u64;

static TABLE: spin::Once<InterruptDescriptorTable> = spin::Once::new();

/// Loads the interrupt table of this core.
pub fn load() {
    TABLE.call_once(table).load();
}

fn table() -> InterruptDescriptorTable {
    let mut table = InterruptDescriptorTable::new();
    let stub = |vector: u64| VirtAddr::new(&raw const exception_stubs as u64 + vector * STUB_BYTES);
    // SAFETY: each stub ends in `common`, which expects what the processor pushes for its vector; the stacks
    // are those that `segments` sets up. No gate is open to user level's `int`.
    unsafe {
        table.divide_error.set_handler_addr(stub(0));
        table.debug.set_handler_addr(stub(1)).set_stack_index(stack::DEBUG);
        let ignored = VirtAddr::from_ptr(&raw const non_maskable_interrupt);
        table.non_maskable_interrupt.set_handler_addr(ignored).set_stack_index(stack::NON_MASKABLE);
        table.breakpoint.set_handler_addr(stub(3));
        table.overflow.set_handler_addr(stub(4));
        table.bound_range_exceeded.set_handler_addr(stub(5));
        table.invalid_opcode.set_handler_addr(stub(6));
        table.device_not_available.set_handler_addr(stub(7));
        table.double_fault.set_handler_addr(stub(8)).set_stack_index(stack::DOUBLE_FAULT);
        table.invalid_tss.set_handler_addr(stub(10));
        table.segment_not_present.set_handler_addr(stub(11));
        table.stack_segment_fault.set_handler_addr(stub(12));
        table.general_protection_fault.set_handler_addr(stub(13));
        table.page_fault.set_handler_addr(stub(14)).set_stack_index(stack::PAGE_FAULT);
        table.x87_floating_point.set_handler_addr(stub(16));
        table.alignment_check.set_handler_addr(stub(17));
        table.machine_check.set_handler_addr(stub(18)).set_stack_index(stack::MACHINE_CHECK);
        table.simd_floating_point.set_handler_addr(stub(19));
        for vector in 32..=255 {
            table[vector].set_handler_addr(VirtAddr::new(interrupts::stub(vector)));
        }
    }
    table
}

/// Every exception's way into Rust.
///
/// From user level, GS is the user's until `swapgs`; whether that is where it came
/// from, the saved code segment says. From the kernel, GS is not used at all.
#[unsafe(naked)]
pub unsafe extern "C" fn common() {
    naked_asm!(
        "push rax", "push rbx", "push rcx", "push rdx", "push rsi", "push rdi", "push rbp",
        "push r8", "push r9", "push r10", "push r11", "push r12", "push r13", "push r14", "push r15",
        // No flag of the user's counts here: not the direction flag, nor the one that suspends SMAP.
        "push 2",
        "popfq",
        "mov rdi, rsp",
        "test byte ptr [rsp + {code_segment}], 3",
        "jz 2f",
        // Whoever goes on must not see the bases that the faulting level has set.
        "xor edx, edx",
        "rdgsbase rbx",
        "wrgsbase rdx",
        "swapgs",
        "rdfsbase rcx",
        "wrfsbase rdx",
        // These and the x87 and SSE state go straight to the thread, unless an earlier fault's are there.
        "mov rax, gs:[{thread}]",
        "cmp qword ptr [rax + {in_use}], 0",
        "jne 3f",
        "mov [rax + {gs_base}], rbx",
        "mov [rax + {fs_base}], rcx",
        "fxsave64 [rax + {floating_point}]",
        "3:",
        "and rsp, -16",
        "call {from_user}",
        "jmp {exit}",
        "2:",
        "and rsp, -16",
        "call {from_kernel}",
        "ud2",
        code_segment = const core::mem::offset_of!(Frame, code_segment),
        from_user = sym from_user,
        from_kernel = sym from_kernel,
        thread = const core_local::THREAD,
        in_use = const saved::IN_USE * 8,
        gs_base = const saved::FAULTED.gs_base * 8,
        fs_base = const saved::FAULTED.fs_base * 8,
        floating_point = const saved::FAULTED.floating_point * 8,
        exit = sym exit,
    )
}

extern "C" fn from_user(frame: &Frame) -> Outcome {
    // SAFETY: the only use of it in this entry.
    let core = unsafe { core_local::current() };
    let Some(memory) = core.memory else { crate::console::fatal("a fault came before memory was there") };
    // SAFETY: this is the handler.
    if frame.vector == MACHINE_CHECK && !unsafe { crate::machine_check::leaves_processor_sound() } {
        crate::console::fatal("a machine check says that the processor's state is wrong");
    }
    kept::keep_resume_point(memory, &core.state, ResumePoint { address: frame.instruction, stack: frame.stack });
    if let Some(outcome) = fault::handle(memory, &mut core.state, cause(frame)) {
        kept::keep_registers(memory, &core.state, saved::FAULTED, &frame.registers, frame.flags);
        return follow(core, outcome);
    }
    let culprit = fault::culprit(memory, &core.state);
    if let Some(left_out) = fault::unreported_before(component::count_fault(memory, culprit.component)) {
        report(&culprit, frame, left_out);
    }
    let outcome = fault::contain(memory, &mut core.state);
    follow(core, outcome)
}

fn report(culprit: &fault::Culprit, frame: &Frame, left_out: u64) {
    if left_out > 0 {
        log::info!("{left_out} faults of component {} were not reported", Name(&culprit.name));
    }
    log::info!(
        "fault: component {}, thread {} ({}), {} at instruction {:#x}",
        Name(&culprit.name),
        culprit.thread,
        Name(&culprit.started_in),
        Cause(frame),
        frame.instruction,
    );
}

fn cause(frame: &Frame) -> fault::Cause {
    let address = match frame.vector {
        PAGE_FAULT => Cr2::read_raw(),
        SYSTEM_CALL => frame.registers.last().copied().unwrap_or(0),
        _ => 0,
    };
    fault::Cause { vector: frame.vector as u8, error: frame.error, address, instruction: frame.instruction }
}

extern "C" fn from_kernel(frame: &Frame) -> ! {
    crate::console::fatal(format_args!("the kernel faulted: {} at instruction {:#x}", Cause(frame), frame.instruction))
}

/// What happened, in words.
struct Cause<'f>(&'f Frame);

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.vector, self.0.error) {
            (PAGE_FAULT, error) => page_fault(f, error),
            (vector, 0) => f.write_str(name(vector)),
            (vector, error) => write!(f, "{}, error {error:#x}", name(vector)),
        }
    }
}

fn page_fault(f: &mut fmt::Formatter<'_>, error: u64) -> fmt::Result {
    const WRITE: u64 = 1 << 1;
    const FETCH: u64 = 1 << 4;
    let access = match error {
        error if error & FETCH != 0 => "executing",
        error if error & WRITE != 0 => "writing",
        _ => "reading",
    };
    write!(f, "page fault {access} address {:#x}", Cr2::read_raw())
}

fn name(vector: u64) -> &'static str {
    match vector {
        0 => "divide error",
        1 => "debug exception",
        3 => "breakpoint",
        4 => "overflow",
        5 => "bound range exceeded",
        6 => "invalid opcode",
        7 => "device not available",
        8 => "double fault",
        10 => "invalid task state",
        11 => "segment not present",
        12 => "stack segment fault",
        13 => "general protection fault",
        14 => "page fault",
        16 => "x87 floating-point exception",
        17 => "alignment check",
        18 => "machine check",
        19 => "SIMD floating-point exception",
        SYSTEM_CALL => "system call of a foreign component",
        _ => "reserved exception",
    }
}

/// A name padded with zeros.
struct Name<'n>(&'n [u8]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.split(|byte| *byte == 0).next().unwrap_or(&[]);
        f.write_str(core::str::from_utf8(name).unwrap_or("?"))
    }
}
