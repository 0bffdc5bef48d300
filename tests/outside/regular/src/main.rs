//! The image of regular, who visits so often that it posts.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use greeting::GreetingPage;
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import_page!(GREETER: GreetingPage);

runtime::component! { main: run }

fn run() -> Result<()> {
    let greeter = GREETER.open()?; // one thread at a time has the page
    let first = greeter.post().greet()?; // no system call
    greeter.post().greet()?; // a ticket that is dropped: nobody wants the result
    let third = greeter.post().greet()?;
    greeter.flush()?; // one invocation for all of them
    let (first, third) = (first.take()?, third.take()?);
    // Whether anyone can read it does not change the visits.
    let _ = writeln!(Writer::new(&CONSOLE), "regular: greeted as visitors {first} and {third}");
    Ok(())
}
