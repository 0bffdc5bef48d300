//! The image of a server whose method panics while it holds locks, and of its clients: the first has that happen to it and lives on, the second
//! wants the locks then. Which of them it is, its graph says.
#![no_std]
#![no_main]

mod server;

use concurrency::thread;
use concurrency::time::Duration;
use console_interface::{ConsoleClient, Writer};
use core::fmt::{Arguments, Write};
use pong_interface::{Pong, PongClient, PongServer};
use runtime::Result;
use server::Locked;

runtime::import!(CONSOLE: ConsoleClient);
runtime::optional_import!(PONG: PongClient);
runtime::parameter!(CLIENT: u8 = 0, "client");
runtime::export!(PongServer => Locked);

runtime::component! { main: run }

/// A millisecond. A sleep lasts as long as it is to last.
const BRIEFLY: Duration = Duration::from_millis(1);

fn run() -> Result<()> {
    match CLIENT.get() {
        0 => Ok(()),
        1 => lose(),
        _ => want(),
    }
}

/// Has the method panic with all locks in hand, wants them again, and ends when the other has given up once.
fn lose() -> Result<()> {
    let lost = PONG.call();
    tell(format_args!("first client: its call: {lost:?}"));
    PONG.fails()?;
    while PONG.add(0, 0)? == 0 {
        thread::sleep(BRIEFLY)?;
    }
    tell(format_args!("first client: ends"));
    Ok(())
}

/// Wants what the other has lost, for a while, and then for as long as it takes.
fn want() -> Result<()> {
    PONG.args(0, 0, 0, 0)?;
    Ok(PONG.fails()?)
}

/// Whether anyone can read it does not change what came of it.
fn tell(what: Arguments<'_>) {
    let _ = writeln!(Writer::new(&CONSOLE), "{what}");
}
