//! A thread on each of two cores, both of one partition, that never give the core back; and in which parts of the partitions' cycle they had it.
//!
//! If both cores keep to the table, and their cycles are in step, all that the two have had lies in the partition's slot.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::{Result, time};
use sched_interface::{Sched, SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

// A letter, by which a component's lines are told apart.
runtime::parameter!(NAME: u8 = b'?', "name");
// Microseconds of the cycle, and of the partition's slot in it.
runtime::parameter!(CYCLE: u64 = 1_000, "cycle");
runtime::parameter!(SLOT: u64 = 500, "slot");
// Cycles over which it looks.
runtime::parameter!(CYCLES: u64 = 30, "cycles");

runtime::component! { main: main }

/// Parts into which the cycle is cut.
const PARTS: u64 = 100;

/// Parts beside the slot: its first and its last, the way into it and out of it; and where cores take turns by the emulator, one waits for the
/// other before it hears of its timer. Out of step by a tenth of a cycle is more.
const SLACK: u64 = 8;

/// By core, the parts of the cycle in which its thread had it: a bit for each.
static HAD: [[AtomicU64; 2]; 2] = [const { [const { AtomicU64::new(0) }; 2] }; 2];

/// Threads that have come to their end.
static ENDED: AtomicU64 = AtomicU64::new(0);

fn main() -> Result<()> {
    SCHED.spawn(look, 1)?;
    look(0)?;
    while ENDED.load(Relaxed) < 2 {
        SCHED.sleep(100_000)?;
    }
    let [first, second] = HAD.each_ref().map(|core| core.each_ref().map(|parts| parts.load(Relaxed)));
    let count = |parts: [u64; 2]| u64::from(parts[0].count_ones() + parts[1].count_ones());
    let counts = [count(first), count(second), count([first[0] | second[0], first[1] | second[1]])];
    let slot = SLOT.get() * PARTS / CYCLE.get();
    let keeps = counts.iter().all(|count| (slot / 2..=slot + SLACK).contains(count));
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(
        Writer::new(&CONSOLE),
        "{}: both cores keep to its slot, and are in step: {keeps}: {counts:?} of {PARTS} parts",
        char::from(NAME.get()),
    );
    Ok(())
}

/// Notes when it has the core.
fn look(core: u64) -> Result<()> {
    let cycle = SCHED.frequency()? / 1_000_000 * CYCLE.get();
    let end = time::ticks() + CYCLES.get() * cycle;
    let had = &HAD[core as usize];
    while time::ticks() < end {
        let part = time::ticks() % cycle * PARTS / cycle;
        had[(part / 64) as usize].fetch_or(1 << (part % 64), Relaxed);
    }
    ENDED.fetch_add(1, Relaxed);
    Ok(())
}
