//! I/O ports: a capability names one range, and offsets stay inside it.

use crate::capability::Ports;
use abi::error::Error;

impl Ports {
    /// All ports of the machine.
    pub const ALL: Self = Self { first: 0, count: 0x1_0000 };

    /// The port at `offset`.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] if the range has no such offset.
    pub fn port(self, offset: u64) -> Result<u16, Error> {
        if offset >= u64::from(self.count) {
            return Err(Error::BadArgument);
        }
        u16::try_from(u64::from(self.first) + offset).map_err(|_| Error::BadArgument)
    }

    /// The part that starts at port `first` and has `count` ports.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] if it is empty; [`Error::RightsExceeded`] if it is no part of this range.
    pub fn part(self, first: u32, count: u32) -> Result<Self, Error> {
        if count == 0 {
            return Err(Error::BadArgument);
        }
        let end = u64::from(self.first) + u64::from(self.count);
        let inside = u32::from(self.first) <= first && u64::from(first) + u64::from(count) <= end;
        let first = u16::try_from(first).map_err(|_| Error::RightsExceeded)?;
        if inside { Ok(Self { first, count }) } else { Err(Error::RightsExceeded) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIAL: Ports = Ports { first: 0x3f8, count: 8 };

    #[test]
    fn offsets_stay_inside() {
        assert_eq!(SERIAL.port(7), Ok(0x3ff));
        assert_eq!(SERIAL.port(8), Err(Error::BadArgument));
        assert_eq!(SERIAL.port(u64::MAX), Err(Error::BadArgument));
        assert_eq!(Ports::ALL.port(0xffff), Ok(0xffff));
        assert_eq!(Ports::ALL.port(0x1_0000), Err(Error::BadArgument));
    }

    #[test]
    fn a_part_is_no_more_than_the_whole() {
        assert_eq!(Ports::ALL.part(0x3f8, 8), Ok(SERIAL));
        assert_eq!(SERIAL.part(0x3f8, 8), Ok(SERIAL));
        for (first, count) in [(0x3f7, 2), (0x3f8, 9), (0x400, 1), (u32::MAX, 1), (0x3f8, u32::MAX)] {
            assert_eq!(SERIAL.part(first, count), Err(Error::RightsExceeded), "{first:#x}+{count:#x}");
        }
        assert_eq!(SERIAL.part(0x3f8, 0), Err(Error::BadArgument));
    }
}
