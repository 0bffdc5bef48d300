//! The image of the booter.
#![no_std]
#![no_main]

use abi::boot::slot;
use abi::error::Error;
use abi::operation::PowerOperation;
use booter::{Kernel, System};
use core::fmt::Write;
use runtime::{Constructor, DebugConsole};

runtime::constructor!(CONSTRUCTOR);

runtime::component! { initialise: run }

/// The kernel, as the booter's capabilities reach it.
struct Reached(&'static Constructor);

impl Kernel for Reached {
    fn operate(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        self.0.operate(capability, operation, words)
    }

    fn print(&mut self, text: &str) {
        // Nobody could be told of an error here.
        let _ = DebugConsole::new(self.0).write_str(text);
    }
}

fn since_start() -> u64 {
    runtime::time::ticks().wrapping_sub(CONSTRUCTOR.information().started())
}

fn run() -> u16 {
    let mut kernel = Reached(&CONSTRUCTOR);
    let status = match System::read(CONSTRUCTOR.bundle(), &CONSTRUCTOR.information()) {
        Ok(system) => booter::boot(&system, since_start, &mut kernel),
        Err(error) => booter::refuse(error, &mut kernel),
    };
    let _ = kernel.operate(slot::POWER, PowerOperation::End as u16, [status.into(), 0, 0, 0]);
    status
}
