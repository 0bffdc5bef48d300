//! Instructions that fault, and what is left of a component that goes on behind them.
#![no_std]

mod registers;
mod step;

pub use registers::{
    Difference, What, happened, nothing_happened, registers_behind, registers_behind_fault, registers_with_stack,
};
pub use step::single_step;

use core::arch::asm;

/// FS base and GS base behind `work`, before which they were `value`.
pub fn bases_behind(value: u64, work: impl FnOnce()) -> [u64; 2] {
    let (mut fs_base, mut gs_base) = (value, value);
    exchange_bases(&mut fs_base, &mut gs_base);
    work();
    exchange_bases(&mut fs_base, &mut gs_base);
    [fs_base, gs_base]
}

/// FS base and GS base as somebody left them; from then on they are 0.
pub fn take_bases() -> [u64; 2] {
    let mut bases = [0; 2];
    let [fs_base, gs_base] = &mut bases;
    exchange_bases(fs_base, gs_base);
    bases
}

fn exchange_bases(fs_base: &mut u64, gs_base: &mut u64) {
    let (fs_before, gs_before): (u64, u64);
    // SAFETY: images here have no thread-local storage, and nothing else goes by FS or GS.
    unsafe {
        asm!(
            "rdfsbase {fs_before}", "rdgsbase {gs_before}", "wrfsbase {fs_base}", "wrgsbase {gs_base}",
            fs_before = out(reg) fs_before, gs_before = out(reg) gs_before, fs_base = in(reg) *fs_base,
            gs_base = in(reg) *gs_base, options(nostack, preserves_flags),
        );
    }
    (*fs_base, *gs_base) = (fs_before, gs_before);
}

/// What its handler answers by emulating an instruction that there is not: it puts twice `rbx`, and `xmm3`, into `rax`.
#[inline(never)]
pub fn emulated(rbx: u64, xmm3: u64) -> u64 {
    let sum;
    // SAFETY: whoever handles the fault changes `rax` and nothing else.
    unsafe {
        asm!(
            "xchg rbx, {rbx}",
            "movq xmm3, {xmm3}",
            "ud2",
            "xchg rbx, {rbx}",
            rbx = inout(reg) rbx => _, xmm3 = in(reg) xmm3, inout("rax") 0_u64 => sum, out("xmm3") _,
            options(nomem, nostack, preserves_flags),
        );
    }
    sum
}

/// Faults so many times, by an instruction of two bytes.
#[inline(never)]
pub fn fault(times: u64) {
    for _ in 0..times {
        // SAFETY: whoever handles the fault goes on behind the instruction, with all registers as they were, or not at all.
        unsafe { asm!("ud2", options(nomem, nostack, preserves_flags)) }
    }
}
