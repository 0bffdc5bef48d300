//! The image of visitor.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use greeting::GreetingClient;
use runtime::Result;
use visitor::VisitError;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(GREETER: GreetingClient);
runtime::parameter!(TIMES: u64 = 3, "times");

runtime::component! { main: run }

fn run() -> Result<()> {
    let mut out = Writer::new(&CONSOLE);
    match visitor::visit(&GREETER, TIMES.get(), &mut out) {
        Err(VisitError::Greeter(error)) => {
            let _ = writeln!(out, "visitor: not greeted: {error}");
            Err(error.into()) // the component's status
        }
        // Whether anyone can read it does not change the visit.
        Ok(()) | Err(VisitError::Unwritten) => Ok(()),
    }
}
