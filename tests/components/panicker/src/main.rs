//! The image of a server that panics whatever it is asked for, and of its client, which panics too. Which of them it is, its graph says.
#![no_std]
#![no_main]

mod server;

use concurrency::thread::Builder;
use console_interface::{ConsoleClient, Writer};
use core::fmt::{Debug, Write};
use pong_interface::{Pong, PongClient, PongServer};
use runtime::Result;
use server::Panicking;

runtime::import!(CONSOLE: ConsoleClient);
runtime::optional_import!(PONG: PongClient);
runtime::parameter!(VISITS: bool = false, "visits");
runtime::export!(PongServer => Panicking);

runtime::component! { main: run }

fn run() -> Result<()> {
    if !VISITS.get() {
        return Ok(());
    }
    tell("asked for an error", PONG.fails());
    tell("asked for nothing", PONG.call());
    tell("asked for the item behind the last", PONG.add(2, 0));
    tell("asked twice", PONG.fails());
    tell("asked for an item", PONG.add(1, 0));
    let joined = Builder::new().name("worker").spawn(server::fail).and_then(|thread| thread.join());
    tell("joined a thread", joined);
    // Whoever has no stack left to say why says so no more; so this comes last.
    tell("asked at the end of the stack", PONG.args(0, 0, 0, 0));
    tell("asked for an item", PONG.add(1, 0));
    Ok(())
}

fn tell(what: &str, answer: impl Debug) {
    // Whether anyone can read it does not change what came of it.
    let _ = writeln!(Writer::new(&CONSOLE), "visitor: {what}: {answer:?}");
}
