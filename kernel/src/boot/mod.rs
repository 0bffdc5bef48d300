//! From the loader to the booter's first instruction.

mod acpi;
pub mod booter;
pub mod information;
mod pvh;

use core::arch::global_asm;

global_asm!(include_str!("header.s"));

unsafe extern "C" {
    /// The time stamp at the first instruction, as the boot code left it.
    static boot_ticks: u64;
}

/// The time-stamp counter at the kernel's first instruction.
pub fn started() -> u64 {
    // SAFETY: written once, before any Rust ran; in the boot section, whose frames stay the kernel's
    // and are read here through the direct map, since the section's own address is not mapped any more.
    unsafe { *crate::memory::direct(&raw const boot_ticks as u64) }
}
