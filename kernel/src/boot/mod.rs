//! From the loader to the booter's first instruction.

pub mod acpi;
pub mod booter;
pub mod information;
mod multiboot2;
mod pvh;

use core::arch::global_asm;

global_asm!(include_str!("header.s"));
global_asm!(include_str!("core.s"));

unsafe extern "C" {
    /// The time stamp at the first instruction, as the boot code left it.
    static boot_ticks: u64;
    static core_start_page: u8;
    static core_start_page_end: u8;
}

/// What another core starts with, below 1 MiB.
pub fn start_page() -> &'static [u8] {
    let (start, end) = (&raw const core_start_page as usize, &raw const core_start_page_end as usize);
    // SAFETY: as in `started`.
    unsafe { core::slice::from_raw_parts(crate::memory::direct(start as u64), end - start) }
}

/// The time-stamp counter at the kernel's first instruction.
pub fn started() -> u64 {
    // SAFETY: written once, before any Rust ran; in the boot section, whose frames stay the kernel's
    // and are read here through the direct map, since the section's own address is not mapped any more.
    unsafe { *crate::memory::direct(&raw const boot_ticks as u64) }
}
