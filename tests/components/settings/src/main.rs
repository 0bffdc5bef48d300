//! A component that says what its graph gave it, and how much of its stack that took.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};
use pong_interface::{Pong, PongClient};
use runtime::{Result, thread};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(DEEP: PongClient);
runtime::constant!(LIMIT: u64 = 1);
runtime::constant!(STACK: u64 = 0);
runtime::parameter!(ROUNDS: u64 = 1, "limits.rounds");
runtime::parameter!(PLAIN: bool = false, "plain");
runtime::text!(GREETING: 24 = "nothing", "greeting");
runtime::text!(FAREWELL: 24 = "until then", "farewell");
runtime::files!(FILES);

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    info!("limit {}, rounds {}, plain {}", LIMIT.get(), ROUNDS.get(), PLAIN.get());
    info!("greeting {}, farewell {}", GREETING.get(), FAREWELL.get());
    for file in FILES.iter() {
        info!("file {}: {}", file.name, core::str::from_utf8(file.contents).unwrap_or("no text").trim_end());
    }
    info!("no such file: {}", FILES.get("nowhere").is_none());
    for round in 0..ROUNDS.get() {
        DEEP.add(round, round)?;
    }
    info!("deep used {} bytes of stack", DEEP.add(u64::MAX, 0)?);
    // SAFETY: the graph gives each of its stacks so many bytes.
    info!("settings used {} bytes of stack", unsafe { thread::stack_used(STACK.get()) });
    Ok(())
}
