//! Machine checks: what the processor says of itself when the hardware fails.
//!
//! (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3, chapter 16.)

use x86_64::registers::model_specific::Msr;

const CAPABILITIES: u32 = 0x179;
const STATUS: u32 = 0x17a;
const CONTROL: u32 = 0x17b;
/// Control and status of the first bank; those of the next are four further.
const BANK_CONTROL: u32 = 0x400;
const BANK_STATUS: u32 = 0x401;
const BANK_REGISTERS: u32 = 4;

const HAS_CONTROL: u64 = 1 << 8;

/// Of a bank's status: it says something.
const VALID: u64 = 1 << 63;
/// Of a bank's status: the processor's state may be wrong.
const CORRUPT: u64 = 1 << 57;

/// Has this core report all errors.
///
/// # Safety
///
/// The processor must have machine checks, and their registers.
pub unsafe fn enable() {
    // SAFETY: the caller promises that the registers are there; ones turn each source on, zeros clear what is old.
    unsafe {
        if Msr::new(CAPABILITIES).read() & HAS_CONTROL != 0 {
            Msr::new(CONTROL).write(u64::MAX);
        }
        for bank in banks() {
            Msr::new(BANK_CONTROL + bank).write(u64::MAX);
            Msr::new(BANK_STATUS + bank).write(0);
        }
    }
}

/// Whether the processor can go on, although what it was about cannot. If it can, nothing is left of the report.
///
/// # Safety
///
/// In the handler of a machine check.
pub unsafe fn leaves_processor_sound() -> bool {
    // SAFETY: a machine check has struck: the registers are there.
    unsafe {
        let is_corrupt = |bank| Msr::new(BANK_STATUS + bank).read() & (VALID | CORRUPT) == VALID | CORRUPT;
        if banks().any(is_corrupt) {
            return false;
        }
        banks().for_each(|bank| Msr::new(BANK_STATUS + bank).write(0));
        // The next one is let in.
        Msr::new(STATUS).write(0);
    }
    true
}

/// What is added to the registers of the first bank for each bank.
///
/// # Safety
///
/// As [`enable`].
unsafe fn banks() -> impl Iterator<Item = u32> {
    // SAFETY: the caller promises that the register is there.
    let count = unsafe { Msr::new(CAPABILITIES).read() } as u32 & 0xff;
    (0..count).map(|bank| bank * BANK_REGISTERS)
}
