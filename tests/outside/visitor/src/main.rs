//! The image of visitor.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use greeting::GreetingClient;
use runtime::Result;

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(GREETER: GreetingClient);
runtime::parameter!(TIMES: u64 = 3, "times");

runtime::component! { main: run }

fn run() -> Result<()> {
    visitor::visit(&GREETER, TIMES.get(), &mut Writer::new(&CONSOLE))
}
