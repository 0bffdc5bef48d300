//! All registers, before something happens to a component and behind it.

use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Relaxed, Release};
use probe::registers::{Seen, at};

/// What happens to the component, with all registers in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum What {
    /// An instruction that is undefined.
    Undefined,
    /// A division whose quotient is too large.
    Divide,
    /// An instruction that is the kernel's alone.
    Privileged,
    /// An interrupt gate that is not open.
    Gate,
    /// A breakpoint, for which no gate is open either.
    Breakpoint,
    /// A single step: a trap, which strikes behind the instruction.
    Debug,
    /// A read where nothing is mapped.
    PageFault,
    /// A read where no address can be.
    NonCanonical,
    /// The same by the stack's segment.
    Stack,
    /// A register that nobody switches.
    Avx,
    /// An x87 exception that is not masked: it was pending.
    FloatingPoint,
    /// Whatever interrupts, until another thread has said that it has happened: see [`happened`].
    Interrupt,
}

impl What {
    /// All that a handler lets the component go on behind: three bytes further.
    pub const FAULTS: [Self; 11] = [
        Self::Undefined,
        Self::Divide,
        Self::Privileged,
        Self::Gate,
        Self::Breakpoint,
        Self::Debug,
        Self::PageFault,
        Self::NonCanonical,
        Self::Stack,
        Self::Avx,
        Self::FloatingPoint,
    ];

    /// Whether it can happen whatever the stack pointer is: it does not use the stack itself.
    pub const fn needs_no_stack(self) -> bool {
        !matches!(self, Self::Debug)
    }
}

/// 1 once it has happened.
static HAPPENED: AtomicU64 = AtomicU64::new(0);

/// Says that nothing has happened yet. To be said before somebody may say otherwise.
pub fn nothing_happened() {
    HAPPENED.store(0, Relaxed);
}

/// Says that what was to interrupt has happened. For another thread than that which is interrupted.
pub fn happened() {
    HAPPENED.store(1, Release);
}

/// What is not as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The general register with this number, in the order of [`probe::registers::Registers::general`], holds this.
    General(usize, u64),
    /// This word of the x87 and SSE state, as `fxsave` writes it.
    FloatingPoint(usize),
    /// FS base or GS base.
    Base(u64),
    /// RFLAGS.
    Flags(u64),
}

const FS_BASE: u64 = 0x1234_5678_9000;
const GS_BASE: u64 = 0x6789_abcd_e000;
/// Not how compiled code starts: another rounding, for MXCSR denormals are zeros, and of x87 exceptions divisions by zero are
/// not masked: one is pending.
const MXCSR: u64 = 0x3fc0;
const CONTROL: u64 = 0x77b;
/// The flag of single steps.
const TRAP: u64 = 1 << 8;
/// Carry, parity, auxiliary carry, zero, sign, direction, overflow, identification; and the two that are always set.
const FLAGS: u64 = 0x20_0ed7;
/// The same behind a comparison of 1 with 0.
const AFTER_LOOP: u64 = FLAGS & !0x8d5;
/// What each general register holds, added to its number.
const GENERAL: u64 = 0x5ec2_e700_0000_0000;

/// Words of the state that `fxsave` writes.
const STATE: usize = 58;

#[repr(C, align(16))]
struct Kept {
    before: [u64; 64],
    behind: [u64; 64],
    stack: u64,
    flags: u64,
    fs_base: u64,
    gs_base: u64,
    place: u64,
    own_stack: u64,
}

#[repr(transparent)]
struct Cell(UnsafeCell<Kept>);

// SAFETY: one thread of the component runs the check, and looks at the cell when it is done.
unsafe impl Sync for Cell {}

static KEPT: Cell = Cell(UnsafeCell::new(Kept {
    before: [0; 64],
    behind: [0; 64],
    stack: 0,
    flags: 0,
    fs_base: 0,
    gs_base: 0,
    place: 0,
    own_stack: 0,
}));

static SEEN: Seen = Seen::new();

/// Fills all registers, faults, and compares. To be run by one thread of a component, whose handler lets it go on.
///
/// # Errors
///
/// What the fault has changed.
pub fn registers_behind_fault() -> Result<(), Difference> {
    registers_behind(What::Undefined)
}

/// Fills all registers, lets `what` happen, and compares. To be run by one thread of a component.
///
/// # Errors
///
/// What that has changed.
pub fn registers_behind(what: What) -> Result<(), Difference> {
    registers_with_stack(what, None)
}

/// The same with this stack pointer, if any, where that [needs no stack](What::needs_no_stack).
///
/// # Errors
///
/// What that has changed.
pub fn registers_with_stack(what: What, stack: Option<u64>) -> Result<(), Difference> {
    // SAFETY: the function puts back everything that compiled code relies on, and no other thread uses the two statics.
    let (seen, kept) = unsafe {
        amid_registers(what as u64, stack.unwrap_or(0), stack.is_some().into());
        (SEEN.get(), KEPT.0.get().read_volatile())
    };
    for (register, value) in seen.general.into_iter().enumerate() {
        let expected = if register == at::RSP { kept.stack } else { GENERAL + register as u64 };
        if value != expected {
            return Err(Difference::General(register, value));
        }
    }
    // The loop that waits for an interrupt compares 1 with 0 at last.
    let flags = if what == What::Interrupt { AFTER_LOOP } else { FLAGS };
    let mut states = kept.before.iter().zip(&kept.behind).take(STATE);
    match states.position(|(before, behind)| before != behind) {
        Some(word) => Err(Difference::FloatingPoint(word)),
        None if kept.fs_base != FS_BASE => Err(Difference::Base(kept.fs_base)),
        None if kept.gs_base != GS_BASE => Err(Difference::Base(kept.gs_base)),
        None if kept.flags != flags => Err(Difference::Flags(kept.flags)),
        None => Ok(()),
    }
}

/// # Safety
///
/// To be called by one thread at a time.
#[unsafe(naked)]
unsafe extern "C" fn amid_registers(_what: u64, _stack: u64, _has_stack: u64) {
    naked_asm!(
        "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
        // Where it happens.
        "lea rax, [rip + 20f]",
        "movsxd rcx, dword ptr [rax + 4 * rdi]",
        "add rax, rcx",
        "mov [rip + {kept} + 1056], rax",
        "rdfsbase rax",
        "push rax",
        "rdgsbase rax",
        "push rax",
        "sub rsp, 8",
        "stmxcsr [rsp]",
        "fnstcw [rsp + 4]",
        // Bases, x87 and SSE state that nobody else has.
        "movabs rax, {fs_base}",
        "wrfsbase rax",
        "movabs rax, {gs_base}",
        "wrgsbase rax",
        "push {mxcsr}",
        "ldmxcsr [rsp]",
        "fninit",
        "push {control}",
        "fldcw [rsp]",
        "add rsp, 16",
        "movabs rcx, {general}",
        probe::fill_vector_registers!(),
        "pcmpeqb xmm5, xmm5",
        "psllq xmm15, 7",
        "fldl2e",
        "fld1",
        "fldz",
        "fdivp st(1), st",
        "fxsave64 [rip + {kept}]",
        // From here to where it is put back, the stack is the caller's choice.
        "mov [rip + {kept} + 1064], rsp",
        "test edx, edx",
        "cmovz rsi, rsp",
        "mov [rip + {kept} + 1024], rsi",
        "push {flags}",
        "popfq",
        "mov rsp, rsi",
        "60:",
        runtime::stack_depth!("60b", "80"),
        "movabs rax, {general}",
        "movabs rbx, {general} + 1",
        "movabs rcx, {general} + 2",
        "movabs rdx, {general} + 3",
        "movabs rsi, {general} + 4",
        "movabs rdi, {general} + 5",
        "movabs rbp, {general} + 6",
        "movabs r8, {general} + 8",
        "movabs r9, {general} + 9",
        "movabs r10, {general} + 10",
        "movabs r11, {general} + 11",
        "movabs r12, {general} + 12",
        "movabs r13, {general} + 13",
        "movabs r14, {general} + 14",
        "movabs r15, {general} + 15",
        "jmp qword ptr [rip + {kept} + 1056]",
        ".balign 4",
        "20:",
        ".long 30f - 20b, 31f - 20b, 32f - 20b, 33f - 20b, 34f - 20b, 35f - 20b",
        ".long 36f - 20b, 37f - 20b, 38f - 20b, 39f - 20b, 40f - 20b, 41f - 20b",
        // Three bytes each, behind which the handler lets it go on. A trap is three bytes behind its instruction already.
        "30: ud2", "nop", "jmp 50f",
        "31: div ecx", "nop", "jmp 50f",
        "32: cli", "nop", "nop", "jmp 50f",
        "33: int 32", "nop", "jmp 50f",
        "34: int3", "nop", "nop", "jmp 50f",
        "35: pushfq", "pushfq", "or qword ptr [rsp], {trap}", "popfq", "popfq", "nop", "nop", "nop", "jmp 50f",
        "36: mov al, [esi]", "jmp 50f",
        "37: mov al, [rsi + 1]", "jmp 50f",
        "38: mov al, [rbp + 1]", "jmp 50f",
        "39: vzeroupper", "jmp 50f",
        "40: fwait", "nop", "nop", "jmp 50f",
        "41: cmp qword ptr [rip + {happened}], 0", "je 41b",
        "50:",
        probe::store_registers!(),
        "mov rsp, [rip + {kept} + 1064]",
        "61:",
        runtime::stack_depth!("61b", "80"),
        "pushfq",
        "pop rcx",
        "mov [rip + {kept} + 1032], rcx",
        "cld",
        "rdfsbase rcx",
        "mov [rip + {kept} + 1040], rcx",
        "rdgsbase rcx",
        "mov [rip + {kept} + 1048], rcx",
        "fxsave64 [rip + {kept} + 512]",
        "fninit",
        "fldcw [rsp + 4]",
        "ldmxcsr [rsp]",
        "add rsp, 8",
        "pop rcx",
        "wrgsbase rcx",
        "pop rcx",
        "wrfsbase rcx",
        "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
        "ret",
        fs_base = const FS_BASE,
        gs_base = const GS_BASE,
        mxcsr = const MXCSR,
        control = const CONTROL,
        flags = const FLAGS,
        trap = const TRAP,
        general = const GENERAL,
        kept = sym KEPT,
        happened = sym HAPPENED,
        seen = sym SEEN,
    )
}
