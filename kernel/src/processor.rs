//! The processor: what it offers and what the kernel turns on.
//!
//! Every bit is set only where CPUID offers it: some emulators hang on a bit that they do not know.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags};
use x86_64::registers::model_specific::Msr;

/// What later steps of the boot ask about.
#[derive(Clone, Copy, Debug)]
pub struct Features {
    /// Pages of 1 GiB.
    pub huge_pages: bool,
}

/// Sets up protection: no-execute, write protection in the kernel, and SMEP, SMAP and UMIP where they exist.
pub fn initialise() -> Features {
    let (basic, structured, extended) = (__cpuid(1), __cpuid_count(7, 0), __cpuid(0x8000_0001));
    if extended.edx & (1 << 20) == 0 {
        crate::console::fatal("this processor cannot keep data from being executed (no NX)");
    }
    let offered = [
        (basic.edx >> 13, Cr4Flags::PAGE_GLOBAL),
        (structured.ebx, Cr4Flags::FSGSBASE),
        (structured.ebx >> 7, Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION),
        (structured.ebx >> 20, Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION),
        (structured.ecx >> 2, Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION),
    ];
    let mut flags = Cr4Flags::PHYSICAL_ADDRESS_EXTENSION | Cr4Flags::OSFXSR | Cr4Flags::OSXMMEXCPT_ENABLE;
    for (bit, flag) in offered {
        flags.set(flag, bit & 1 != 0);
    }
    if !flags.contains(Cr4Flags::FSGSBASE) {
        crate::console::fatal("this processor has no FSGSBASE, which components use for thread-local storage");
    }
    // SAFETY: each flag is offered; paging stays as it is, OSXSAVE stays off so that AVX is a fault, and the
    // kernel neither reads user memory (SMAP) nor executes it (SMEP).
    unsafe {
        Cr4::write(flags);
        Cr0::update(|flags| {
            flags.insert(Cr0Flags::WRITE_PROTECT | Cr0Flags::NUMERIC_ERROR | Cr0Flags::MONITOR_COPROCESSOR);
            flags.remove(Cr0Flags::EMULATE_COPROCESSOR | Cr0Flags::TASK_SWITCHED);
        });
        Efer::update(|flags| {
            flags.insert(EferFlags::NO_EXECUTE_ENABLE | EferFlags::SYSTEM_CALL_EXTENSIONS);
        });
        // Nobody enters by SYSENTER: its code segment of 0 makes the instruction a fault.
        Msr::new(0x174).write(0);
    }
    reset_floating_point();
    mask_interrupt_controllers();
    Features { huge_pages: extended.edx & (1 << 26) != 0 }
}

/// Number of logical processors that this one's package has.
pub fn count() -> u32 {
    let basic = __cpuid(1);
    let counts_them = basic.edx & (1 << 28) != 0;
    if counts_them { (basic.ebx >> 16 & 0xff).max(1) } else { 1 }
}

/// The x87 and SSE state in which every thread starts, and which replaces that of one that faulted.
#[repr(C, align(16))]
struct CleanState([u32; 128]);

static CLEAN_STATE: CleanState = CleanState({
    let mut words = [0; 128];
    words[0] = 0x37f; // x87 control word: all exceptions masked, 64-bit precision
    words[6] = 0x1f80; // MXCSR: all exceptions masked, round to nearest
    words
});

/// Puts the x87 and SSE registers into the state in which every thread starts.
pub fn reset_floating_point() {
    // SAFETY: a constant image of 512 bytes, aligned to 16, with no reserved bit set. The kernel keeps
    // nothing in these registers across this call.
    unsafe { asm!("fxrstor64 [{}]", in(reg) &CLEAN_STATE, clobber_abi("C"), options(nostack, readonly)) }
}

/// Clears FS base, and what user level will find as its GS base.
pub fn reset_bases() {
    // SAFETY: the kernel does not use FS. Its own GS base is back where it was at the end, and nothing that could
    // interrupt here uses GS.
    unsafe {
        asm!(
            "wrfsbase {zero}", "swapgs", "wrgsbase {zero}", "swapgs",
            zero = in(reg) 0_u64, options(nomem, nostack, preserves_flags),
        );
    }
}

/// Moves the old interrupt controllers off the exceptions' vectors and masks all their lines.
fn mask_interrupt_controllers() {
    const SETUP: [(u16, u8); 10] = [
        (0x20, 0x11),
        (0xa0, 0x11), // start of initialisation
        (0x21, 0x20),
        (0xa1, 0x28), // vectors from 32 and 40 on
        (0x21, 4),
        (0xa1, 2), // the second hangs on line 2 of the first
        (0x21, 1),
        (0xa1, 1), // 8086 mode
        (0x21, 0xff),
        (0xa1, 0xff), // everything masked
    ];
    for (port, value) in SETUP {
        crate::console::write_port(port, value);
    }
}
