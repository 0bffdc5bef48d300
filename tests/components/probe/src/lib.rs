//! What the components that test the crossing agree on: two interfaces, and how registers are looked at.
#![no_std]

pub mod registers;
pub mod stacks;

use runtime::Result;

/// A server that does what it is asked to.
#[runtime::interface]
pub trait Probe {
    /// Answers `word` + 1.
    fn next(&self, word: u64) -> Result<u64>;

    /// Does what no server may; one of [`how`].
    fn misbehave(&self, how: u64) -> Result<u64>;

    /// Leaves a secret in all registers that are free, and answers where compiled code starts from: MXCSR, and the x87
    /// control word.
    fn leave_secrets(&self) -> Result<(u64, u64)>;

    /// What the client's edge does not permit.
    fn forbidden(&self) -> Result<u64>;
}

/// A server that looks at the registers with which it is entered.
#[runtime::interface]
pub trait Observer {
    /// Called with [`WORDS`], answers a bit for each general register, in the order of
    /// [`registers::Registers::general`], and for each vector register that does not hold what the crossing says.
    fn look(&self, first: u64, second: u64, third: u64, fourth: u64) -> Result<(u64, u64)>;
}

/// The words with which an observer is called.
pub const WORDS: [u64; 4] = [0x1111, 0x2222_2222_2222, u64::MAX, 0x4444];

/// What a client or server fills registers with that the other must not see, or must not change.
pub const SECRET: u64 = 0x5ec2_e75e_c2e7_0007;

/// Ways to misbehave.
pub mod how {
    /// Executes an undefined instruction.
    pub const UNDEFINED: u64 = 0;
    /// Reads from address 0.
    pub const NULL: u64 = 1;
    /// Divides by zero.
    pub const DIVIDE: u64 = 2;
    /// Overflows its stack.
    pub const OVERFLOW: u64 = 3;
    /// Panics.
    pub const PANIC: u64 = 4;
    /// Spoils the floating-point state, and faults.
    pub const SPOIL: u64 = 5;
    /// Tries to return with a word that is no status, then faults.
    pub const WIDE_STATUS: u64 = 6;
    /// Every way that ends in a fault.
    pub const FAULTS: [u64; 7] = [UNDEFINED, NULL, DIVIDE, OVERFLOW, PANIC, SPOIL, WIDE_STATUS];
    /// Returns with nothing as it was.
    pub const CLOBBER: u64 = 16;
    /// Returns with the highest status.
    pub const HIGHEST_STATUS: u64 = 17;
    /// Returns with a status that nobody has defined.
    pub const UNDEFINED_STATUS: u64 = 18;
}

/// What a server answers that clobbers everything.
pub const CLOBBERED: u64 = 42;
