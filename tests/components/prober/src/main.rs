//! The image of a client that checks what servers and the kernel can do to it, and what it can do to them.
#![no_std]
#![no_main]

mod calls;
mod refusals;
mod registers;
mod stacks;

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use probe::{ObserverClient, ProbeClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PROBE: ProbeClient);
runtime::import!(TRUSTED_PROBE: ProbeClient, "trusted");
runtime::import!(RELAYED_PROBE: ProbeClient, "relayed");
runtime::import!(OBSERVER: ObserverClient);
runtime::import!(TRUSTED_OBSERVER: ObserverClient, "trusted");
runtime::ports!(POST, "post");

runtime::component! { main: main }

/// A check: its name, and what it found where it should have found the same.
type Check = (&'static str, fn() -> Verdict);

/// What a check found, and what it should have found.
type Verdict = Result<(), (u64, u64)>;

/// Runs all checks; the status is how many found something else.
fn main() -> u16 {
    let checks = [calls::CHECKS, registers::CHECKS, refusals::CHECKS, stacks::CHECKS];
    checks.into_iter().flatten().map(|check| u16::from(!holds(check))).sum()
}

fn holds((name, check): &Check) -> bool {
    let verdict = check();
    let mut out = Writer::new(&CONSOLE);
    let _ = match verdict {
        Ok(()) => writeln!(out, "prober: {name}"),
        Err((found, expected)) => writeln!(out, "prober: NOT {name}: {found:#x}, expected {expected:#x}"),
    };
    verdict.is_ok()
}

/// The verdict on two words that should be the same.
fn same(found: u64, expected: u64) -> Verdict {
    if found == expected { Ok(()) } else { Err((found, expected)) }
}

/// The status that stands for what a call answered.
fn status<T>(answer: runtime::Result<T>) -> u64 {
    answer.map_or_else(|error| error.status().into(), |_| 0)
}
