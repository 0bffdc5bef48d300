//! Exceptions: what a component does wrong is contained, what the kernel does wrong stops the machine.

use crate::console::Text;
use crate::core_local;
use crate::entry::faulting::{Frame, MACHINE_CHECK, PAGE_FAULT};
use crate::entry::{exit, follow};
use crate::interrupts;
use crate::memory::DESCRIPTORS;
use crate::processor::CLEAN_STATE;
use crate::segments::stack;
use core::arch::global_asm;
use core::fmt;
use logic::operation::before_zero;
use logic::outcome::Outcome;
use logic::thread::saved;
use logic::{component, fault, unheard};
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, Segment};
use x86_64::registers::control::Cr2;
use x86_64::structures::DescriptorTablePointer;

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

/// Vectors of exceptions.
const EXCEPTIONS: usize = 32;

const DEBUG: u64 = 1;
const NON_MASKABLE: u64 = 2;
const DOUBLE_FAULT: u64 = 8;
/// A foreign component's, which comes here as if it were an exception.
const SYSTEM_CALL: u64 = abi::fault::SYSTEM_CALL as u64;

/// The gates of all vectors, as the processor reads them.
#[repr(C, align(16))]
struct Gates([[u64; 2]; 256]);

static GATES: spin::Once<Gates> = spin::Once::new();

/// Loads the interrupt table of this core.
pub fn load() {
    let gates = GATES.call_once(gates);
    let pointer = DescriptorTablePointer {
        limit: size_of::<Gates>() as u16 - 1,
        base: VirtAddr::new_truncate(&raw const *gates as u64),
    };
    // SAFETY: the table stays for ever. Each gate leads to a stub that expects what the processor pushes for its vector,
    // on stacks that `segments` sets up. None is open to user level's `int`.
    unsafe { x86_64::instructions::tables::lidt(&pointer) }
}

fn gates() -> Gates {
    let mut gates = Gates([[0; 2]; 256]);
    let selector = CS::get_reg().0;
    let (exceptions, others) = gates.0.split_at_mut(EXCEPTIONS);
    for (vector, entry) in (0..).zip(exceptions) {
        let stub = match vector {
            NON_MASKABLE => &raw const non_maskable_interrupt as u64,
            _ => &raw const exception_stubs as u64 + vector * STUB_BYTES,
        };
        *entry = gate(stub, selector, stack_of(vector));
    }
    for (vector, entry) in (EXCEPTIONS as u8..).zip(others) {
        *entry = gate(interrupts::stub(vector), selector, 0);
    }
    gates
}

/// A gate to `stub` that turns interrupts off, on stack `number - 1` of the task state, or on the kernel's own if `number` is 0
/// (AMD64 Architecture Programmer's Manual, volume 2, section 4.8.4).
fn gate(stub: u64, selector: u16, number: u64) -> [u64; 2] {
    const PRESENT_INTERRUPT_GATE: u64 = 0x8e << 40;
    let address = stub & 0xffff | (stub & 0xffff_0000) << 32;
    [address | u64::from(selector) << 16 | number << 32 | PRESENT_INTERRUPT_GATE, stub >> 32]
}

/// The number of the stack for `vector`, counted from 1; 0 for the kernel's own.
fn stack_of(vector: u64) -> u64 {
    let index = match vector {
        DEBUG => stack::DEBUG,
        NON_MASKABLE => stack::NON_MASKABLE,
        DOUBLE_FAULT => stack::DOUBLE_FAULT,
        PAGE_FAULT => stack::PAGE_FAULT,
        MACHINE_CHECK => stack::MACHINE_CHECK,
        _ => return 0,
    };
    u64::from(index) + 1
}

/// Where every exception leads to: the handler of the component in the common case, else Rust.
#[unsafe(naked)]
#[unsafe(link_section = ".text.entry")]
pub unsafe extern "C" fn common() {
    fault_path! {
        top: core_local::TOP,
        thread: core_local::THREAD,
        identity: core_local::IDENTITY,
        space: core_local::SPACE,
        foreign: core_local::FOREIGN,
        descriptors: DESCRIPTORS,
        clean_state: CLEAN_STATE,
        from_user: from_user,
        from_kernel: from_kernel,
        exit: exit,
    }
}

extern "C" fn from_user(frame: &Frame) -> Outcome {
    // SAFETY: the only use of it in this entry.
    let core = unsafe { core_local::current() };
    let Some(memory) = core.memory else { crate::console::fatal(Text("a fault came before memory was there")) };
    // SAFETY: this is the handler.
    if frame.vector == MACHINE_CHECK && !unsafe { crate::machine_check::leaves_processor_sound() } {
        crate::console::fatal(Text("a machine check says that the processor's state is wrong"));
    }
    // The entry has kept all registers, unless those of another fault of the thread are kept.
    unheard::look(memory, &mut core.state, saved::FAULTED);
    if let Some(outcome) = fault::handle(memory, &mut core.state, cause(frame)) {
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
        crate::console::say(format_args!("{left_out} faults of component {} were not reported", Name(&culprit.name)));
    }
    crate::console::say(format_args!(
        "fault: component {}, thread {} ({}), {} at instruction {:#x}",
        Name(&culprit.name),
        culprit.thread,
        Name(&culprit.started_in),
        Cause(frame),
        frame.instruction,
    ));
}

fn cause(frame: &Frame) -> fault::Cause {
    let address = match frame.vector {
        PAGE_FAULT => Cr2::read_raw(),
        SYSTEM_CALL => frame.rax,
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
            (vector, error) => write!(f, "{}, error {error:#x}", Text(name(vector))),
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
    write!(f, "page fault {} address {:#x}", Text(access), Cr2::read_raw())
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
        f.write_str(core::str::from_utf8(before_zero(self.0)).unwrap_or("?"))
    }
}
