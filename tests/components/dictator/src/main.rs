//! The image of a client whose server panics and has no console to say so.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use pong_interface::{Pong, PongClient};
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PONG: PongClient);

runtime::component! { main: main }

fn main() -> Result<()> {
    for (does, what) in (0..).zip(["notes", "says nothing", "panics"]) {
        PONG.add(does, 0)?;
        let answer = PONG.fails();
        let (records, reasons) = PONG.args(0, 0, 0, 0)?;
        let several = if records > 1 { "several records" } else { "one record" };
        // Whether anyone can read it does not change what came of it.
        let _ = writeln!(
            Writer::new(&CONSOLE),
            "dictator: a logger that {what}: {answer:?}, {several}, reasons noted: {reasons}; next: {:?}",
            PONG.call()
        );
    }
    Ok(())
}
