//! The image of a base constructor whose threads run on budgets: a scheduler, another one below it, and below that one a thread
//! that never gives the core back.
#![no_std]
#![no_main]

mod ask;
mod child;
mod objects;
mod overrun;
mod parent;
mod stacks;

use abi::boot::slot;
use abi::operation::PowerOperation;
use core::fmt::Write;
use runtime::DebugConsole;

runtime::constructor!(CONSTRUCTOR);

runtime::component! { initialise: run }

/// Ends the system with 0 if all went as it must.
fn run() -> u16 {
    let ran = objects::make(&CONSTRUCTOR).and_then(|()| ask::run_to_its_end(objects::PARENT));
    let status = ran.unwrap_or_else(|error| error.status());
    let _ = CONSTRUCTOR.operate(slot::POWER, PowerOperation::End as u16, [status.into(), 0, 0, 0]);
    1
}

/// Writes a line to the kernel's console.
fn say(line: core::fmt::Arguments) {
    let _ = writeln!(DebugConsole::new(&CONSTRUCTOR), "{line}");
}
