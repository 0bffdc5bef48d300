//! The image of office.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use log::{LevelFilter, info};
use office::Office;
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);

heap::global!();

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);
static OFFICE: Office = Office::new();

runtime::component! { main: run }

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    let written = OFFICE.answer(6)?;
    let answers = OFFICE.answers()?;
    info!("{written} letters, {} answers, {} bytes", answers.len(), answers.concat().len());
    Ok(())
}
