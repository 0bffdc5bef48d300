//! Serves the serial console, without interrupts and without a scheduler.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod pieces;
mod uart;

use console_interface::Console;
use runtime::Result;
pub use uart::{PortAccess, Uart};

impl<P: PortAccess> Console for Uart<P> {
    fn write(&self, first: u64, second: u64, third: u64, fourth: u64) -> Result<()> {
        self.send([first, second, third, fourth])
    }

    fn read(&self) -> Result<(bool, u8)> {
        Ok(self.receive()?.map_or((false, 0), |byte| (true, byte)))
    }

    /// There is no interrupt here that could say so: it looks until there is a byte. See the component `terminal`.
    fn wait(&self) -> Result<u8> {
        loop {
            if let Some(byte) = self.receive()? {
                return Ok(byte);
            }
        }
    }
}
