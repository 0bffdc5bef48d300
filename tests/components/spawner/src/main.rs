//! Threads that are started and waited for, again and again, each with something on the heap: there is as much memory as before
//! afterwards, and room for as many threads.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use concurrency::thread;
use console_interface::{ConsoleClient, Writer};
use core::fmt::{Arguments, Write};
use memory_interface::Memory;
use runtime::{Error, Result};

heap::global!();

runtime::import!(CONSOLE: ConsoleClient);
runtime::parameter!(THREADS: u64 = 1000, "threads");
runtime::parameter!(REPORT: u64 = 0, "report");

runtime::component! { main: run }

fn say(text: Arguments<'_>) {
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "spawner: {text}");
}

/// Threads that can be there at once.
const TOGETHER: usize = 2;

fn run() -> Result<()> {
    // What is made once, when it is first needed, is there now.
    together(0)?;
    let (before, mut sum) = (heap::manager().left()?, 0);
    for number in (0..THREADS.get()).step_by(TOGETHER) {
        sum += together(number)?;
        if REPORT.get() > 0 && number > 0 && number % REPORT.get() == 0 {
            say(format_args!("{number} threads"));
        }
    }
    let (count, after) = (THREADS.get().next_multiple_of(TOGETHER as u64), heap::manager().left()?);
    let verdict = if before == after { "as before" } else { "NOT as before" };
    let (pages, _) = after;
    say(format_args!(
        "{count} threads joined, {} astray; {pages} pages left, {verdict}",
        sum.abs_diff((0..count).sum())
    ));
    if before == after { Ok(()) } else { Err(Error::Unknown) }
}

/// Starts as many threads as there can be, and waits for them. Answers the sum of what they return.
fn together(first: u64) -> Result<u64> {
    let start = |number: usize| thread::spawn(move || Box::new([first + number as u64; 64]));
    let threads: [_; TOGETHER] = core::array::from_fn(start);
    threads.into_iter().try_fold(0, |sum, thread| Ok(sum + thread?.join()?.last().copied().unwrap_or(0)))
}
