//! The rows, and how one is measured.

use core::hint::black_box;

use crate::machine::{self, Label};

unsafe extern "C" {
    fn run(client: Label, server: Label, iterations: u64);
    fn no_operations(number: u64);

    fn enter_null();
    fn enter_min();
    fn enter_invocation();
    fn enter_switch();

    fn floor_loop();
    fn floor_null_entry();
    fn floor_sinv_min();
    fn floor_sinv_raw();
    fn floor_sinv_stub();
    fn floor_sinv_stub_cleared();
    fn floor_thread_switch();

    fn server_min();
    fn server_raw();
    fn server_stub();
    fn server_stub_cleared();
    fn other_thread();
}

/// Something that can be repeated and counted.
pub struct Row {
    /// The name by which it is reported.
    pub name: &'static str,
    work: Work,
}

/// What is repeated.
enum Work {
    /// Straight-line no-ops.
    NoOperations,
    /// A loop in user level, the kernel entry it uses, and the other side, if there is one.
    Loop { client: Label, entry: Label, server: Label },
}

/// Every row, in the order of the report.
#[rustfmt::skip]
pub const ROWS: [Row; 8] = [
    Row { name: "calibration", work: Work::NoOperations },
    row("floor_loop", floor_loop, enter_null, floor_loop),
    row("floor_null_entry", floor_null_entry, enter_null, floor_null_entry),
    row("floor_sinv_min", floor_sinv_min, enter_min, server_min),
    row("floor_sinv_raw", floor_sinv_raw, enter_invocation, server_raw),
    row("floor_sinv_stub", floor_sinv_stub, enter_invocation, server_stub),
    row("floor_sinv_stub_cleared", floor_sinv_stub_cleared, enter_invocation, server_stub_cleared),
    row("floor_thread_switch", floor_thread_switch, enter_switch, other_thread),
];

const fn row(name: &'static str, client: Label, entry: Label, server: Label) -> Row {
    Row { name, work: Work::Loop { client, entry, server } }
}

/// Iterations before the first measurement.
const WARM_UP: u64 = 100;

/// Iterations of the shorter of two runs.
pub const ITERATIONS: u64 = 1000;

impl Row {
    /// Ticks of `n` iterations and of `2n`: their difference is that of `n`
    /// iterations, because all that surrounds them cancels out.
    pub fn measure(&self) -> [u64; 2] {
        self.repeat(WARM_UP);
        [self.repeat(black_box(ITERATIONS)), self.repeat(black_box(2 * ITERATIONS))]
    }

    /// Ticks of so many iterations and what surrounds them. That must be the
    /// same code for every number: one copy of it, which knows of none.
    #[inline(never)]
    fn repeat(&self, iterations: u64) -> u64 {
        let start = machine::ticks();
        match self.work {
            Work::NoOperations => {
                // SAFETY: the routine holds more no-ops than any run asks for, and keeps all registers but rax.
                unsafe { no_operations(iterations) }
            }
            Work::Loop { client, entry, server } => {
                machine::set_entry(entry);
                // SAFETY: the labels are those of a row, and `iterations` is not zero, so the client counts down
                // and ends; `run` keeps the registers that a function call keeps.
                unsafe { run(client, server, iterations) }
            }
        }
        machine::ticks().wrapping_sub(start)
    }
}
