//! Single steps: faults that are reported behind an instruction, each with nothing to repair.

use core::arch::asm;

/// Executes six instructions one by one, each with a debug exception behind it; the last one switches that off.
///
/// That takes a handler that answers with a retry: flags and all, so that the next step follows.
pub fn single_step() {
    const TRAP: u64 = 1 << 8;
    // SAFETY: changes flags and puts them back; the handler goes on where it stopped.
    unsafe {
        asm!(
            "pushfq",
            "pushfq",
            "or qword ptr [rsp], {trap}",
            "popfq",
            "nop",                           // the first to be stepped through
            "nop",
            "nop",
            "nop",
            "nop",
            "popfq",
            trap = const TRAP,
        );
    }
}
