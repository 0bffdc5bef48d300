//! The image of a component that faults, and says what became of it. What it does, its graph says by parameters.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use probe::stacks::STACKS;
use probe::{Probe, ProbeClient, how};
use runtime::time;
use unlucky::What;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PROBE: ProbeClient);

runtime::parameter!(CHECK: u64 = 0, "check");
runtime::parameter!(CAUSES: bool = false, "causes");
runtime::parameter!(STACKS_OF_EVERY_SHAPE: bool = false, "stacks");
runtime::parameter!(EMULATED: bool = false, "emulated");
runtime::parameter!(STEP: bool = false, "step");
runtime::parameter!(ASK: bool = false, "ask");
runtime::parameter!(INSIST: u64 = 0, "insist");
runtime::parameter!(MEASURE: u64 = 0, "measure");

runtime::component! { main: main }

/// Does what it is asked to; the status is how many checks of the registers failed.
fn main() -> u16 {
    let mut out = Writer::new(&CONSOLE);
    let mut different = 0;
    for number in 1..=CHECK.get() {
        let checked = unlucky::registers_behind_fault();
        // Whether anyone can read it does not change what was found.
        let _ = writeln!(out, "unlucky: registers behind fault {number}: {checked:x?}");
        different += u16::from(checked.is_err());
    }
    for what in What::FAULTS.into_iter().filter(|_| CAUSES.get()) {
        let checked = unlucky::registers_behind(what);
        let _ = writeln!(out, "unlucky: registers behind {what:?}: {checked:x?}");
        different += u16::from(checked.is_err());
    }
    for what in What::FAULTS.into_iter().filter(|what| STACKS_OF_EVERY_SHAPE.get() && what.needs_no_stack()) {
        let wrong = STACKS.into_iter().filter(|stack| unlucky::registers_with_stack(what, Some(*stack)).is_err());
        let wrong = wrong.count() as u16;
        let _ = writeln!(out, "unlucky: stack pointers that are different behind {what:?}: {wrong}");
        different += wrong;
    }
    if EMULATED.get() {
        let _ = writeln!(out, "unlucky: 2 * 20 + 2 = {}", unlucky::emulated(20, 2));
    }
    if STEP.get() {
        unlucky::single_step();
        let _ = writeln!(out, "unlucky: stepped");
    }
    if ASK.get() {
        let answer = PROBE.misbehave(how::UNDEFINED);
        let _ = writeln!(out, "unlucky: its server: {answer:?}");
    }
    if INSIST.get() > 0 {
        let failed = (0..INSIST.get()).filter(|_| PROBE.misbehave(how::UNDEFINED).is_err()).count();
        let _ = writeln!(out, "unlucky: {failed} of {} calls failed", INSIST.get());
    }
    if MEASURE.get() > 0 {
        let _ = writeln!(out, "unlucky: a fault that is handled: {} ticks", measure(MEASURE.get()));
    }
    different
}

/// The ticks of a fault and of going on behind it: what `2n` of them take longer than `n`, each.
fn measure(times: u64) -> u64 {
    unlucky::fault(times);
    (time_of(2 * times) - time_of(times)) / times
}

#[inline(never)]
fn time_of(faults: u64) -> u64 {
    let start = time::ticks();
    unlucky::fault(faults);
    time::ticks() - start
}
