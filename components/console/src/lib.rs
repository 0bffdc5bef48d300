//! Serves the serial console.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod uart;

use console_interface::{Console, Text};
use runtime::Result;
pub use uart::{PortAccess, Uart};

impl<P: PortAccess> Console for Uart<P> {
    fn write(&self, first: u64, second: u64, third: u64, fourth: u64) -> Result<()> {
        self.send(Text::from_words([first, second, third, fourth]).bytes())
    }

    fn read(&self) -> Result<(bool, u8)> {
        Ok(self.receive()?.map_or((false, 0), |byte| (true, byte)))
    }
}
