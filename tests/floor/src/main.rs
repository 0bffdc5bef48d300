//! The floor of every benchmark row: crossings between the two rings and two
//! address spaces, written by hand, without any check.
//!
//! What the kernel costs is compared with these figures. The image boots by
//! itself (PVH), under a clock that advances by one for each instruction, prints
//! for each row
//!
//! ```text
//! row NAME ITERATIONS SHORT LONG SHORT LONG …
//! ```
//!
//! with the ticks of so many iterations and of twice as many, once for each
//! sample, and ends the machine through the exit device. The loop of each row starts at a symbol with the
//! row's name, so that a debugger can step through one iteration.
//!
//! | row | one iteration | ticks |
//! |---|---|---|
//! | `calibration` | a no-op, in straight line | 1 |
//! | `floor_loop` | nothing: what every loop below adds | 2 |
//! | `floor_null_entry` | kernel entry and exit with the kernel's own stack | 13 |
//! | `floor_sinv_min` | to the other address space and back, as coroutines | 15 |
//! | `floor_sinv_raw` | the same, with an invocation stack for each core | 35 |
//! | `floor_sinv_stub` | the same, from one compiled function to another | 57 |
//! | `floor_sinv_stub_cleared` | the same, with all free registers cleared both ways | 110 |
//! | `floor_thread_switch` | to another thread of the same address space and back | 49 |
//!
//! This is a measuring instrument, no part of a system: it owns the whole
//! machine, and its `unsafe` is here for that reason alone.
#![no_std]
#![no_main]

mod machine;
mod row;

use core::arch::global_asm;

use memory_functions as _;

use machine::print_line;
use row::{ROWS, Row};

global_asm!(include_str!("boot.s"), include_str!("user.s"), include_str!("kernel.s"));

/// How often each row is measured.
const SAMPLES: usize = 3;

/// Where the boot code goes.
#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    machine::initialise();
    ROWS.iter().for_each(report);
    machine::end(true);
}

/// Measures and prints a row.
fn report(row: &Row) {
    let samples: [_; SAMPLES] = core::array::from_fn(|_| row.measure());
    print_line!("row {} {}{}", row.name, row::ITERATIONS, Figures(&samples));
}

/// Numbers with a space before each.
struct Figures<'a>(&'a [[u64; 2]]);

impl core::fmt::Display for Figures<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.iter().flatten().try_for_each(|figure| write!(f, " {figure}"))
    }
}

/// Any exception ends up here: no row provokes one.
#[unsafe(no_mangle)]
extern "C" fn fault() -> ! {
    print_line!("error: an exception in the measured code");
    machine::end(false);
}

#[panic_handler]
fn panic(information: &core::panic::PanicInfo) -> ! {
    print_line!("error: {information}");
    machine::end(false);
}
