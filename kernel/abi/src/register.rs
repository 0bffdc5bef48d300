//! The registers of a thread, by number: what can be read and written while the thread does not run.
//!
//! | number | register |
//! |---|---|
//! | 0–14 | `rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15` |
//! | 15 | `rsp` |
//! | 16 | address of the next instruction, which must lie in user level's part |
//! | 17 | RFLAGS: of a word written, the bits of [`CHANGEABLE_FLAGS`] count, and interrupts stay on |
//! | 18, 19 | FS base, GS base: canonical addresses |
//! | 32–83 | the first 52 words of what `fxsave64` writes: x87 and SSE state, MXCSR with its reserved bits 0 |

/// A register, or a word of the x87 and SSE state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// One of the fifteen general registers other than `rsp`, in the order of the table above.
    General(u8),
    /// The stack pointer. It may be anything.
    Stack,
    /// Address of the next instruction.
    Instruction,
    /// RFLAGS.
    Flags,
    /// FS base: the thread's own storage.
    FsBase,
    /// GS base.
    GsBase,
    /// A word of the x87 and SSE state.
    FloatingPoint(u8),
}

/// Numbers of registers, for who needs them by name.
pub mod number {
    /// `rax`.
    pub const RAX: u64 = 0;
    /// `rbx`.
    pub const RBX: u64 = 1;
    /// `rcx`.
    pub const RCX: u64 = 2;
    /// `rdx`.
    pub const RDX: u64 = 3;
    /// `rsi`.
    pub const RSI: u64 = 4;
    /// `rdi`.
    pub const RDI: u64 = 5;
    /// `rbp`.
    pub const RBP: u64 = 6;
    /// `r8`; `r9` to `r15` follow.
    pub const R8: u64 = 7;
    /// `r10`.
    pub const R10: u64 = 9;
    /// `rsp`.
    pub const RSP: u64 = 15;
    /// Address of the next instruction.
    pub const RIP: u64 = 16;
    /// RFLAGS.
    pub const FLAGS: u64 = 17;
    /// FS base.
    pub const FS_BASE: u64 = 18;
    /// GS base.
    pub const GS_BASE: u64 = 19;
    /// The first word of the x87 and SSE state.
    pub const FLOATING_POINT: u64 = 32;
    /// The lower half of `xmm0`; the upper half follows, and then the other fifteen registers.
    pub const XMM0: u64 = FLOATING_POINT + 20;
}

/// General registers other than `rsp`.
pub const GENERAL_REGISTERS: u8 = 15;

/// Words of the x87 and SSE state that mean something.
pub const FLOATING_POINT_WORDS: u8 = 52;

/// The flags that user level can change by itself, and those alone: carry, parity, auxiliary carry, zero, sign, trap,
/// direction, overflow, resume, alignment check, identification.
pub const CHANGEABLE_FLAGS: u64 = 0x25_0dd5;

impl Register {
    /// The register with this number.
    pub const fn from_number(number: u64) -> Option<Self> {
        const PAST_FLOATING_POINT: u64 = number::FLOATING_POINT + FLOATING_POINT_WORDS as u64;
        Some(match number {
            0..number::RSP => Self::General(number as u8),
            number::RSP => Self::Stack,
            number::RIP => Self::Instruction,
            number::FLAGS => Self::Flags,
            number::FS_BASE => Self::FsBase,
            number::GS_BASE => Self::GsBase,
            number::FLOATING_POINT..PAST_FLOATING_POINT => Self::FloatingPoint((number - number::FLOATING_POINT) as u8),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_one_register_or_none() {
        let known = || (0..200).filter_map(Register::from_number);
        assert_eq!(known().count(), usize::from(GENERAL_REGISTERS) + 5 + usize::from(FLOATING_POINT_WORDS));
        for (at, register) in known().enumerate() {
            assert!(known().skip(at + 1).all(|other| other != register));
        }
        assert_eq!(Register::from_number(number::RBP), Some(Register::General(6)));
        assert_eq!(Register::from_number(number::R8), Some(Register::General(7)));
        assert_eq!(Register::from_number(number::XMM0), Some(Register::FloatingPoint(20)));
        assert_eq!(Register::from_number(u64::MAX), None);
    }

    #[test]
    fn no_flag_of_the_kernels_can_be_written() {
        const INTERRUPTS: u64 = 1 << 9;
        const IO_PRIVILEGE: u64 = 3 << 12;
        const NESTED: u64 = 1 << 14;
        const VIRTUAL: u64 = 1 << 17 | 1 << 19 | 1 << 20;
        assert_eq!(CHANGEABLE_FLAGS & (INTERRUPTS | IO_PRIVILEGE | NESTED | VIRTUAL), 0);
    }
}
