//! Time as the processor counts it.

/// The processor's time-stamp counter, read after everything before it is done.
///
/// Under the emulator's deterministic clock, a tick is an instruction.
#[inline]
pub fn ticks() -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: reads a counter; user level may, as the kernel leaves CR4.TSD
    // clear. Neither instruction touches memory or flags. The memory clobber
    // that is implied keeps what is measured on its side of the reading.
    unsafe {
        core::arch::asm!(
            "lfence",
            "rdtsc",
            out("rax") low,
            out("rdx") high,
            options(nostack, preserves_flags),
        );
    }
    high << 32 | low
}

/// The processor's time-stamp counter, for those to whom it does not matter whether what stands before is done.
#[inline]
pub fn about_now() -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: as above.
    unsafe {
        core::arch::asm!("rdtsc", out("rax") low, out("rdx") high, options(nostack, preserves_flags));
    }
    high << 32 | low
}

#[cfg(test)]
mod tests {
    #[test]
    fn time_does_not_run_backwards() {
        let before = super::ticks();
        assert!(super::ticks() >= before);
        assert!(super::about_now() >= before);
    }
}
