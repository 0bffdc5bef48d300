//! The image of a component that reads lines from the console, and says what it has read.
#![no_std]
#![no_main]

use console_interface::{Console, ConsoleClient, Writer};
use core::fmt::Write;
use runtime::Result;
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

runtime::parameter!(LINES: u64 = 1, "lines");

runtime::component! { main: main }

/// Bytes of a line that are kept.
const LONGEST: usize = 80;

fn main() -> Result<()> {
    SCHED.yield_now()?;
    let mut out = Writer::new(&CONSOLE);
    for number in 1..=LINES.get() {
        // Whether anyone can read it does not change what is read.
        let _ = writeln!(out, "reader: waits for line {number}");
        let mut line = [0; LONGEST];
        let text = core::str::from_utf8(read_line(&mut line)?).unwrap_or("no text");
        let _ = writeln!(out, "reader: line {number} is `{text}`");
    }
    Ok(())
}

fn read_line(line: &mut [u8; LONGEST]) -> Result<&[u8]> {
    let mut used = 0;
    loop {
        match CONSOLE.wait()? {
            b'\n' => return Ok(line.get(..used).unwrap_or_default()),
            byte => {
                if let Some(place) = line.get_mut(used) {
                    *place = byte;
                    used += 1;
                }
            }
        }
    }
}
