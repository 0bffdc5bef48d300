//! Serves the serial console, without interrupts and without a scheduler.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod lines;
mod pieces;
mod uart;

use console_interface::{Console, Result};
use runtime::Caller;
pub use uart::{PortAccess, Uart};

/// An invocation of the console.
pub struct Call<'u, P> {
    uart: &'u Uart<P>,
    caller: Caller,
}

impl<P: PortAccess> Uart<P> {
    /// What is asked for on behalf of a caller.
    pub const fn serve(&self, caller: Caller) -> Call<'_, P> {
        Call { uart: self, caller }
    }
}

impl<P: PortAccess> Console for Call<'_, P> {
    fn write(&self, first: u64, second: u64, third: u64, fourth: u64) -> Result<()> {
        self.uart.send(self.caller, [first, second, third, fourth])
    }

    fn read(&self) -> Result<(bool, u8)> {
        Ok(self.uart.receive()?.map_or((false, 0), |byte| (true, byte)))
    }

    /// There is no interrupt here that could say so: it looks until there is a byte. See the component `terminal`.
    fn wait(&self) -> Result<u8> {
        loop {
            if let Some(byte) = self.uart.receive()? {
                return Ok(byte);
            }
        }
    }
}
