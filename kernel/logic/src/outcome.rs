//! What an entry into the kernel leads to.

use crate::core_state::CoreState;
use abi::error::Error;

/// The numbers of outcomes by which the exits of `entry` tell them apart.
pub mod tag {
    /// Of the last kind of answer.
    pub const PAIR: u64 = 2;
    /// Of the first outcome after which all registers are as they were.
    pub const RESTORE: u64 = 4;
}

/// What happens next on this core.
///
/// Two words, which the entry paths get in registers. What does not fit is in [`CoreState::registers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Outcome {
    /// The current level resumes with success and a word.
    Answer(u64) = 0,
    /// The current level resumes with an error's status.
    Refused(u64) = 1,
    /// The current level resumes with success, this word, and the one in `registers.rsi`.
    Pair(u64) = tag::PAIR,
    /// The current level resumes with the core's `registers`.
    Resume = 3,
    /// The current thread goes on as it was when the core was taken from it, with all its registers.
    Restore = tag::RESTORE,
    /// The current level goes on as it was when it faulted, with all its registers.
    RestoreFaulted = 5,
    /// The current thread waits, and nobody else can run: the core sleeps until an interrupt.
    Idle = 6,
    /// The system ends: somebody with the power capability said so, with this status.
    End(u64) = 7,
    /// The thread that the kernel started came to its end, which leaves nobody to run.
    NothingToRun = 8,
}

/// The registers of a level that resumes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Registers {
    /// Status of an answer, or method of an invocation.
    pub rax: u64,
    /// Word 0.
    pub rdi: u64,
    /// Word 1.
    pub rsi: u64,
    /// Word 2.
    pub rdx: u64,
    /// Word 3.
    pub r10: u64,
    /// Token.
    pub r8: u64,
    /// Thread index | core << 32.
    pub r9: u64,
}

impl Registers {
    /// None of them set.
    pub const ZERO: Self = Self { rax: 0, rdi: 0, rsi: 0, rdx: 0, r10: 0, r8: 0, r9: 0 };

    /// Those of an answer.
    pub const fn answer(status: u64, [rdi, rsi]: [u64; 2]) -> Self {
        Self { rax: status, rdi, rsi, ..Self::ZERO }
    }
}

impl Outcome {
    /// A successful answer without words.
    pub const DONE: Self = Self::Answer(0);

    /// A successful answer of two words.
    #[inline(always)]
    pub fn pair(core: &mut CoreState, [first, second]: [u64; 2]) -> Self {
        if second == 0 {
            return Self::Answer(first);
        }
        core.registers.rsi = second;
        Self::Pair(first)
    }

    /// The level resumes with `registers`.
    pub fn resume(core: &mut CoreState, registers: Registers) -> Self {
        core.registers = registers;
        Self::Resume
    }

    /// Whether the current level resumes with an answer.
    #[inline(always)]
    pub const fn is_answer(self) -> bool {
        matches!(self, Self::Answer(_) | Self::Refused(_) | Self::Pair(_))
    }

    /// Whether user level goes on, in the current level.
    pub const fn goes_on(self) -> bool {
        !matches!(self, Self::Idle | Self::End(_) | Self::NothingToRun)
    }

    /// What the current level finds in its registers, if it gets an answer or is entered: what the exits of `entry` do.
    pub fn registers(self, core: &CoreState) -> Option<Registers> {
        match self {
            Self::Answer(word) => Some(Registers::answer(0, [word, 0])),
            Self::Refused(status) => Some(Registers::answer(status, [0, 0])),
            Self::Pair(word) => Some(Registers::answer(0, [word, core.registers.rsi])),
            Self::Resume => Some(core.registers),
            Self::Restore | Self::RestoreFaulted | Self::Idle | Self::End(_) | Self::NothingToRun => None,
        }
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self::Refused(u64::from(error.status()))
    }
}
