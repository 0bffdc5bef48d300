//! The image of artist, who lends a picture.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use memory_interface::MemoryClient;
use regions::{Owned, Source};
use runtime::Result;
use wall::{Exhibit, ExhibitClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(MEMORY: MemoryClient);
runtime::import!(WALL: ExhibitClient);

runtime::component! { main: run }

static REGIONS: Source = Source::new(&MEMORY);

fn run() -> Result<()> {
    let mut picture = Owned::new(&REGIONS, 1_000)?; // two pages, all zero: a slice, as nobody else can write to it
    (1..).zip(picture.iter_mut()).for_each(|(number, dot)| *dot = number);
    let loan = picture.lend(WALL.peer()?)?;
    let sum = WALL.add_up(loan)?; // one word travels, and no dot is copied
    picture.revoke()?;
    let refused = WALL.add_up(loan).is_err();
    // Whether anyone can read it does not change the picture.
    let _ = writeln!(Writer::new(&CONSOLE), "artist: dots add up to {sum}; lent no more: {refused}");
    Ok(())
}
