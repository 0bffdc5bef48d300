//! The image of a base constructor that asks the kernel for all that it must refuse, and expects the documented error.
#![no_std]
#![no_main]

mod components;
mod devices;
mod endpoints;
mod pages;
mod random;
mod registers;
mod rogue;
mod tables;
mod threads;
mod time;
mod visible;

use rogue::Rogue;

runtime::constructor!(CONSTRUCTOR);

runtime::component! { initialise: run }

/// Ends the system with the number of operations that did not answer as documented.
fn run() -> u16 {
    let mut rogue = Rogue::new(&CONSTRUCTOR);
    for (name, refusals) in [
        ("tables", tables::all as fn(&mut Rogue)),
        ("pages", pages::all),
        ("components", components::all),
        ("threads", threads::all),
        ("end-points", endpoints::all),
        ("time", time::all),
        ("devices", devices::all),
        ("registers", registers::all),
        ("random", random::all),
    ] {
        refusals(&mut rogue);
        rogue.say(format_args!("rogue: {name}: done\n"));
    }
    rogue.say_what_was_seen();
    rogue.end();
    1
}
