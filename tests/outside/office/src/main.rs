//! The image of office, in which two clerks answer letters.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::{format, string::String, vec::Vec};
use concurrency::sync::{Channel, Mutex};
use concurrency::thread;
use console_interface::{ConsoleClient, Logger};
use core::cell::Cell;
use log::{LevelFilter, info};
use runtime::Result;

heap::global!();

runtime::import!(CONSOLE: ConsoleClient);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static LETTERS: Channel<Option<u64>, 4> = Channel::new();
static ANSWERS: Mutex<Vec<String>> = Mutex::new(Vec::new());

runtime::thread_local! {
    static WRITTEN: Cell<u64> = const { Cell::new(0) };
}

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let clerks = [thread::spawn(answer)?, thread::spawn(answer)?];
    for letter in 1..=6 {
        LETTERS.send(Some(letter))?; // waits while there are four that nobody has received
    }
    for _ in &clerks {
        LETTERS.send(None)?;
    }
    let mut written = 0;
    for clerk in clerks {
        written += clerk.join()??; // a clerk that panicked is one error, one that returned an error another
    }
    let answers = ANSWERS.lock()?;
    info!("{written} letters, {} answers, {} bytes", answers.len(), answers.concat().len());
    Ok(())
}

/// Answers letters until there are no more; tells how many.
fn answer() -> Result<u64> {
    while let Some(letter) = LETTERS.recv()? {
        WRITTEN.set(WRITTEN.get() + 1); // this thread's own
        ANSWERS.lock()?.push(format!("as to {letter}"));
    }
    Ok(WRITTEN.get())
}
