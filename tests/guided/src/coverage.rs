//! Which edges of the program were taken, as the compiler counts them.
//!
//! `tests/campaign kernel-logic` builds this program with one counter of eight bits on every edge (LLVM's SanitizerCoverage,
//! which the stable compiler passes on). Before `main`, each part of the program hands over where its counters are. Built
//! otherwise, there are none.

use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

static START: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static LENGTH: AtomicUsize = AtomicUsize::new(0);

/// Called by the program's constructors. The linker has put all counters into one section, so all say the same.
///
/// # Safety
///
/// Called by what the compiler generates only, with the bounds of the section.
#[unsafe(no_mangle)]
unsafe extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, end: *mut u8) {
    START.store(start, Relaxed);
    LENGTH.store(end.addr() - start.addr(), Relaxed);
}

/// How many edges there are.
pub fn edges() -> usize {
    LENGTH.load(Relaxed)
}

/// Forgets what was taken.
pub fn reset() {
    // SAFETY: the section is the program's for as long as it runs, and there is one thread.
    unsafe { START.load(Relaxed).write_bytes(0, edges()) }
}

/// Counters that are looked at as one word.
const PART: usize = 8;

/// Adds what was taken to `known`: a bit for each order of magnitude in which an edge was counted. Whether that is new.
pub fn merge(known: &mut [u8]) -> bool {
    let start = START.load(Relaxed);
    let mut is_new = false;
    for at in (0..edges().min(known.len())).step_by(PART) {
        let end = (at + PART).min(edges());
        // SAFETY: as in `reset`; the word ends below the length. Most edges were not taken: eight are passed over at once.
        if end - at == PART && unsafe { start.add(at).cast::<u64>().read_unaligned() } == 0 {
            continue;
        }
        for (at, known) in known.iter_mut().enumerate().take(end).skip(at) {
            // SAFETY: as in `reset`; `at` is below the length. Volatile, because the counters change behind the compiler's back.
            let count = unsafe { start.add(at).read_volatile() };
            let seen = count.checked_ilog2().map_or(0, |magnitude| 1 << magnitude);
            is_new |= seen & !*known != 0;
            *known |= seen;
        }
    }
    is_new
}
