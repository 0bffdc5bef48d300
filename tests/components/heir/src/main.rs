//! The image of a component that sees what a lender leaves behind when it dies: nothing, and nobody else is harmed.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use gallery::{Gallery, GalleryClient, GalleryError};
use lender::{Lender, LenderClient};
use runtime::{CallError, Result};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(GALLERY: GalleryClient);
runtime::import!(LENDER: LenderClient);
runtime::parameter!(LIVES: u64 = 1, "lives");

runtime::component! { main: run }

const FAULTED: GalleryError = GalleryError::Call(CallError::Kernel(abi::error::Error::Faulted));

fn run() -> Result<u16> {
    let good = (0..LIVES.get()).filter(|number| life(*number == 0) == Ok(true)).count();
    let _ = writeln!(Writer::new(&CONSOLE), "heir: {good} lives of a lender ended as they should");
    Ok(0)
}

/// A lender with pages of its own, one of which hangs in a gallery, dies: they are gone, there too, and its next life has none. Who looks
/// there faults, and forgets what hung: the address stays taken. So that is done once, and else it is taken down.
fn life(looks: bool) -> Result<bool> {
    let is_new = LENDER.pages()? == 0;
    let sum = LENDER.lend()?;
    let hangs = GALLERY.look()? == sum && LENDER.pages()? == 32;
    let died = LENDER.die().is_err();
    let ended = if looks { GALLERY.look() == Err(FAULTED) } else { GALLERY.take_down() == Ok(()) };
    Ok(is_new && hangs && died && ended && GALLERY.look() == Err(GalleryError::Empty) && GALLERY.pages()? == 0)
}
