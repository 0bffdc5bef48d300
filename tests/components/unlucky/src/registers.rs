//! All registers, before a fault and behind it.

use core::arch::naked_asm;
use core::cell::UnsafeCell;
use probe::registers::{Seen, at};

/// What is not as it was before the fault.
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
/// Not how compiled code starts: another rounding, and for MXCSR denormals are zeros.
const MXCSR: u64 = 0x3fc0;
const CONTROL: u64 = 0x77f;
/// Carry, parity, auxiliary carry, zero, sign, direction, overflow, identification; and the two that are always set.
const FLAGS: u64 = 0x20_0ed7;
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
}

#[repr(transparent)]
struct Cell(UnsafeCell<Kept>);

// SAFETY: one thread of the component runs the check, and looks at the cell when it is done.
unsafe impl Sync for Cell {}

static KEPT: Cell =
    Cell(UnsafeCell::new(Kept { before: [0; 64], behind: [0; 64], stack: 0, flags: 0, fs_base: 0, gs_base: 0 }));

static SEEN: Seen = Seen::new();

/// Fills all registers, faults, and compares. To be run by one thread of a component, whose handler lets it go on.
///
/// # Errors
///
/// What the fault has changed.
pub fn registers_behind_fault() -> Result<(), Difference> {
    // SAFETY: the function puts back everything that compiled code relies on, and no other thread uses the two statics.
    let (seen, kept) = unsafe {
        fault_amid_registers();
        (SEEN.get(), KEPT.0.get().read_volatile())
    };
    for (register, value) in seen.general.into_iter().enumerate() {
        let expected = if register == at::RSP { kept.stack } else { GENERAL + register as u64 };
        if value != expected {
            return Err(Difference::General(register, value));
        }
    }
    let mut states = kept.before.iter().zip(&kept.behind).take(STATE);
    match states.position(|(before, behind)| before != behind) {
        Some(word) => Err(Difference::FloatingPoint(word)),
        None if kept.fs_base != FS_BASE => Err(Difference::Base(kept.fs_base)),
        None if kept.gs_base != GS_BASE => Err(Difference::Base(kept.gs_base)),
        None if kept.flags != FLAGS => Err(Difference::Flags(kept.flags)),
        None => Ok(()),
    }
}

/// # Safety
///
/// To be called by one thread at a time.
#[unsafe(naked)]
unsafe extern "C" fn fault_amid_registers() {
    naked_asm!(
        "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
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
        "fld1",
        "fldpi",
        "fldl2e",
        "movabs rcx, {general}",
        probe::fill_vector_registers!(),
        "pcmpeqb xmm5, xmm5",
        "psllq xmm15, 7",
        "fxsave64 [rip + {kept}]",
        "mov [rip + {kept} + 1024], rsp",
        "push {flags}",
        "popfq",
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
        "ud2",
        probe::store_registers!(),
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
        general = const GENERAL,
        kept = sym KEPT,
        seen = sym SEEN,
    )
}
