//! Why an instruction faulted.

use abi::fault::VECTOR_BITS;
use core::fmt;
use runtime::Word;

/// What the processor says of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Vector of the exception.
    pub vector: u8,
    /// Its error code, or 0.
    pub error: u64,
}

impl Cause {
    /// Vector of a division by zero, or one whose result does not fit.
    pub const DIVIDE: u8 = 0;
    /// Vector of a debug exception: a single step.
    pub const DEBUG: u8 = 1;
    /// Vector of a breakpoint. It is known once it is over: the address is that behind the instruction.
    pub const BREAKPOINT: u8 = 3;
    /// Vector of an undefined instruction.
    pub const INVALID_OPCODE: u8 = 6;
    /// Vector of an instruction that user level may not execute.
    pub const GENERAL_PROTECTION: u8 = 13;
    /// Vector of an access to memory that is not there, or not for this.
    pub const PAGE_FAULT: u8 = 14;
    /// Vector of an x87 exception.
    pub const X87: u8 = 16;

    /// No exception: a `syscall` of a foreign component, whose number is in the address's place.
    pub const SYSTEM_CALL: u8 = abi::fault::SYSTEM_CALL;

    const WRITE: u64 = 1 << 1;
    const FETCH: u64 = 1 << 4;

    /// Whether a page fault was a write.
    pub const fn is_write(self) -> bool {
        self.vector == Self::PAGE_FAULT && self.error & Self::WRITE != 0
    }

    /// Whether a page fault was an instruction fetch.
    pub const fn is_fetch(self) -> bool {
        self.vector == Self::PAGE_FAULT && self.error & Self::FETCH != 0
    }
}

impl Word for Cause {
    #[inline]
    fn into_word(self) -> u64 {
        u64::from(self.vector) | self.error << VECTOR_BITS
    }

    #[inline]
    fn from_word(word: u64) -> Self {
        Self { vector: word as u8, error: word >> VECTOR_BITS }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            cause if cause.is_fetch() => f.write_str("page fault, executing"),
            cause if cause.is_write() => f.write_str("page fault, writing"),
            Self { vector: Self::PAGE_FAULT, .. } => f.write_str("page fault, reading"),
            Self { vector: Self::DIVIDE, .. } => f.write_str("divide error"),
            Self { vector: Self::DEBUG, .. } => f.write_str("debug exception"),
            Self { vector: Self::BREAKPOINT, .. } => f.write_str("breakpoint"),
            Self { vector: Self::INVALID_OPCODE, .. } => f.write_str("invalid opcode"),
            Self { vector: Self::GENERAL_PROTECTION, .. } => f.write_str("general protection fault"),
            Self { vector: Self::SYSTEM_CALL, .. } => f.write_str("system call"),
            Self { vector: Self::X87, .. } => f.write_str("x87 floating-point exception"),
            Self { vector, .. } => write!(f, "exception {vector}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_cause_is_a_word() {
        for cause in [Cause { vector: 6, error: 0 }, Cause { vector: 14, error: 0x8015 }] {
            assert_eq!(Cause::from_word(cause.into_word()), cause);
        }
        assert_eq!(Cause::from_word(13 | 0x2a << 8), Cause { vector: 13, error: 0x2a });
    }

    #[test]
    fn a_cause_has_words() {
        let said = |vector, error| Cause { vector, error }.to_string();
        assert_eq!(said(14, 0b1_0101), "page fault, executing");
        assert_eq!(said(14, 0b0_0111), "page fault, writing");
        assert_eq!(said(14, 0b0_0101), "page fault, reading");
        assert_eq!(said(6, 0b1_0010), "invalid opcode");
        assert_eq!(said(19, 0), "exception 19");
    }
}
