//! Registers of devices in memory.

use crate::{Error, Result};

/// Registers of a device that the graph grants, mapped for this component; made by [`registers!`](crate::registers).
///
/// A device that writes to memory by itself makes its driver part of what all must trust: the graph says who that is.
#[repr(C)]
pub struct Registers {
    address: u64,
    bytes: u64,
}

impl Registers {
    /// Registers that the composer has not bound yet: there are none.
    ///
    /// # Safety
    ///
    /// In an image, and as a static whose record names it; see [`ImportSlot::unbound`](crate::ImportSlot::unbound).
    #[doc(hidden)]
    pub const unsafe fn unbound() -> Self {
        Self { address: 0, bytes: 0 }
    }

    /// Reads the register of four bytes at `offset`.
    ///
    /// # Errors
    ///
    /// `BadArgument` if there is none, or the offset is not aligned.
    pub fn read(&self, offset: u64) -> Result<u32> {
        let register = self.register(offset)?;
        // SAFETY: `register` lies in the pages that are mapped for this, and is aligned.
        Ok(unsafe { register.read_volatile() })
    }

    /// Writes the register of four bytes at `offset`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn write(&self, offset: u64, value: u32) -> Result<()> {
        let register = self.register(offset)?;
        // SAFETY: as in `read`; nothing of this component's own lies there.
        unsafe { register.write_volatile(value) };
        Ok(())
    }

    fn register(&self, offset: u64) -> Result<*mut u32> {
        const SIZE: u64 = size_of::<u32>() as u64;
        // SAFETY: references can be read through. Volatile: the composer sets the words.
        let (address, bytes) =
            unsafe { ((&raw const self.address).read_volatile(), (&raw const self.bytes).read_volatile()) };
        let is_inside = offset.is_multiple_of(SIZE) && offset.checked_add(SIZE).is_some_and(|end| end <= bytes);
        if is_inside { Ok((address + offset) as *mut u32) } else { Err(Error::Kernel(abi::error::Error::BadArgument)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_read_and_written_where_they_are() {
        let mut memory = [1_u32, 2, 3, 4];
        let address = memory.as_mut_ptr().expose_provenance() as u64;
        let registers = Registers { address, bytes: 16 };
        assert_eq!((registers.read(4), registers.read(12)), (Ok(2), Ok(4)));
        registers.write(8, 7).unwrap();
        assert_eq!(registers.read(8), Ok(7));
    }

    #[test]
    fn what_is_outside_is_not_touched() {
        let refused = Err(Error::Kernel(abi::error::Error::BadArgument));
        let registers = Registers { address: 0, bytes: 4096 };
        for offset in [2, 4095, 4096, u64::MAX, u64::MAX - 3] {
            assert_eq!(registers.read(offset), refused, "{offset:#x}");
            assert!(registers.write(offset, 0).is_err(), "{offset:#x}");
        }
        // SAFETY: it is never bound, and has no registers.
        assert_eq!(unsafe { Registers::unbound() }.read(0), refused);
    }
}
