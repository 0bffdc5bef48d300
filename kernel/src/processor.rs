//! The processor: what it offers and what the kernel turns on.
//!
//! Every bit is set only where CPUID offers it: some emulators hang on a bit that they do not know.

use crate::console::{Text, say};
use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};
pub use logic::processor::Features;
use logic::processor::{Flaws, Identification};
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags};
use x86_64::registers::model_specific::Msr;

/// Sets the first core up, and takes the old interrupt controllers out of the way. Says what the others have as well.
pub fn initialise() -> Features {
    let features = enable();
    mask_interrupt_controllers();
    features
}

/// Sets up this core's protection: no-execute, write protection in the kernel, and what else it offers.
pub fn enable() -> Features {
    let processor = identify();
    if let Some(missing) = processor.missing() {
        crate::console::fatal(missing);
    }
    let features = processor.features();
    // SAFETY: each flag is offered; paging stays as it is, OSXSAVE stays off so that AVX is a fault, and the
    // kernel neither reads user memory (SMAP) nor executes it (SMEP).
    unsafe {
        Cr4::write(control(features));
        Cr0::update(|flags| {
            flags.insert(Cr0Flags::WRITE_PROTECT | Cr0Flags::NUMERIC_ERROR | Cr0Flags::MONITOR_COPROCESSOR);
            flags.remove(Cr0Flags::EMULATE_COPROCESSOR | Cr0Flags::TASK_SWITCHED);
        });
        Efer::update(|flags| {
            flags.insert(EferFlags::NO_EXECUTE_ENABLE | EferFlags::SYSTEM_CALL_EXTENSIONS);
        });
        // Nobody enters by SYSENTER: its code segment of 0 makes the instruction a fault.
        Msr::new(0x174).write(0);
        protect_jumps(features);
        if features.contains(Features::MACHINE_CHECKS) {
            crate::machine_check::enable();
        }
    }
    reset_floating_point();
    features
}

fn control(features: Features) -> Cr4Flags {
    let always =
        Cr4Flags::PHYSICAL_ADDRESS_EXTENSION | Cr4Flags::OSFXSR | Cr4Flags::OSXMMEXCPT_ENABLE | Cr4Flags::FSGSBASE;
    let offered = [
        (Features::GLOBAL_PAGES, Cr4Flags::PAGE_GLOBAL),
        (Features::SMEP, Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION),
        (Features::SMAP, Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION),
        (Features::UMIP, Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION),
        (Features::MACHINE_CHECKS, Cr4Flags::MACHINE_CHECK_EXCEPTION),
        // No tag is in CR3 yet: that has to be so.
        (Features::TAGS, Cr4Flags::PCID),
    ];
    let offered = offered.into_iter().filter(|(feature, _)| features.contains(*feature));
    offered.fold(always, |flags, (_, flag)| flags | flag)
}

/// Keeps what user level has trained from leading the kernel's indirect jumps, where one bit does it for ever.
///
/// # Safety
///
/// The features must be this core's.
unsafe fn protect_jumps(features: Features) {
    const SPECULATION_CONTROL: u32 = 0x48;
    const IBRS: u64 = 1;
    const EXTENDED_FEATURES: u32 = 0xc000_0080;
    const AUTOMATIC_IBRS: u64 = 1 << 21;
    // SAFETY: the registers and the bits are there, as the caller promises.
    unsafe {
        if features.contains(Features::ENHANCED_IBRS) {
            Msr::new(SPECULATION_CONTROL).write(IBRS);
        }
        if features.contains(Features::AUTOMATIC_IBRS) {
            let mut register = Msr::new(EXTENDED_FEATURES);
            let value = register.read();
            register.write(value | AUTOMATIC_IBRS);
        }
    }
}

/// What this core says of itself.
#[inline(never)]
fn identify() -> Identification {
    const STRUCTURED: u32 = 7;
    const FURTHER: u32 = 0x8000_0021;
    const CAPABILITIES: u32 = 0x10a;
    let (names, basic) = (__cpuid(0), __cpuid(1));
    let structured = if names.eax >= STRUCTURED {
        let leaf = __cpuid_count(STRUCTURED, 0);
        [leaf.ebx, leaf.ecx, leaf.edx]
    } else {
        [0; 3]
    };
    let further = if __cpuid(0x8000_0000).eax >= FURTHER { __cpuid(FURTHER).eax } else { 0 };
    let mut said = Identification {
        vendor: [names.ebx, names.ecx, names.edx],
        version: basic.eax,
        basic: basic.edx,
        instructions: basic.ecx,
        structured,
        extended: __cpuid(0x8000_0001).edx,
        further,
        capabilities: 0,
    };
    if said.has_capabilities() {
        // SAFETY: the processor says that it has the register.
        said.capabilities = unsafe { Msr::new(CAPABILITIES).read() };
    }
    said
}

/// Says which flaws this processor has that the kernel does not close.
pub fn announce_flaws() {
    let flaws = identify().flaws();
    let named = Flaws::NAMES.into_iter().filter(|(flaw, _)| flaws.contains(*flaw));
    for (_, name) in named {
        let name = Text(name);
        say(format_args!("this processor is open to {name}, which the kernel does not close: see docs/security.md"));
    }
}

/// The number of this core's local APIC, by what the processor itself says.
pub fn number() -> u32 {
    const TOPOLOGY: u32 = 0xb;
    let topology = if __cpuid(0).eax >= TOPOLOGY { Some(__cpuid_count(TOPOLOGY, 0)) } else { None };
    topology.filter(|said| said.ebx != 0).map_or_else(|| __cpuid(1).ebx >> 24, |said| said.edx)
}

/// The first physical address that the processor does not have.
pub fn physical_addresses() -> u64 {
    const SIZES: u32 = 0x8000_0008;
    /// What every 64-bit processor has.
    const LEAST: u32 = 36;
    let is_said = __cpuid(0x8000_0000).eax >= SIZES;
    let bits = if is_said { __cpuid(SIZES).eax & 0xff } else { LEAST };
    1 << bits.clamp(LEAST, 52)
}

/// The x87 and SSE state in which every thread starts, and which replaces that of one that faulted.
#[repr(C, align(16))]
pub struct CleanState([u32; 128]);

pub static CLEAN_STATE: CleanState = CleanState({
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

/// The instructions that clear all vector registers.
macro_rules! clearing_vector_registers {
    () => {
        concat!(
            "pxor xmm0, xmm0\n",
            "pxor xmm1, xmm1\n",
            "pxor xmm2, xmm2\n",
            "pxor xmm3, xmm3\n",
            "pxor xmm4, xmm4\n",
            "pxor xmm5, xmm5\n",
            "pxor xmm6, xmm6\n",
            "pxor xmm7, xmm7\n",
            "pxor xmm8, xmm8\n",
            "pxor xmm9, xmm9\n",
            "pxor xmm10, xmm10\n",
            "pxor xmm11, xmm11\n",
            "pxor xmm12, xmm12\n",
            "pxor xmm13, xmm13\n",
            "pxor xmm14, xmm14\n",
            "pxor xmm15, xmm15",
        )
    };
}

/// Clears the vector registers, in which Rust code leaves pieces of what it moves.
#[inline(always)]
pub fn clear_vector_registers() {
    // SAFETY: the instructions change the registers that they name, which are among those said to be lost.
    unsafe { asm!(clearing_vector_registers!(), clobber_abi("C"), options(nomem, nostack, preserves_flags)) }
}

/// Clears all selectors that user level can load, sets FS base, to a canonical address, and clears what user level will find as its
/// GS base.
pub fn set_bases(fs_base: u64) {
    // SAFETY: the kernel uses neither FS nor the selectors. Its own GS base is back where it was at the end, and nothing that could
    // interrupt here uses GS.
    unsafe {
        asm!(
            "mov ds, {zero:e}", "mov es, {zero:e}", "mov fs, {zero:e}", "wrfsbase {fs_base}",
            "swapgs", "mov gs, {zero:e}", "wrgsbase {zero}", "swapgs",
            fs_base = in(reg) fs_base, zero = in(reg) 0_u64, options(nomem, nostack, preserves_flags),
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
