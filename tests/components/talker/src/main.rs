//! Prints lines that take several calls each, as fast as it goes.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

// A letter, by which a component's lines are told apart.
runtime::parameter!(NAME: u8 = b'?', "name");
runtime::parameter!(LINES: u64 = 100, "lines");

runtime::component! { main: main }

fn main() {
    // The others are to begin before this one is done.
    let _ = SCHED.yield_now();
    let name = char::from(NAME.get());
    for number in 1..=LINES.get() {
        // Whether anyone can read it does not change what is shown.
        let _ = writeln!(Writer::new(&CONSOLE), "{name} {number}: {}", Many(name));
    }
}

/// So many of a letter that a line of them takes several calls.
struct Many(char);

impl core::fmt::Display for Many {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        (0..LETTERS).try_for_each(|_| out.write_char(self.0))
    }
}

const LETTERS: usize = 90;
