//! What an entry into the kernel leads to.

use abi::error::Error;

/// What happens next on this core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The current thread resumes where the top of its invocation stack says, with these registers.
    Resume(Registers),
    /// The current thread goes on as it was when the core was taken from it, with all its registers.
    Restore,
    /// The current level goes on as it was when it faulted, with all its registers.
    RestoreFaulted,
    /// The current thread waits, and nobody else can run: the core sleeps until an interrupt.
    Idle,
    /// The system ends.
    End(End),
}

/// Why the system ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Somebody with the power capability said so.
    Requested(u64),
    /// The thread that the kernel started came to its end, which leaves nobody to run.
    NothingToRun,
}

/// The registers of a thread that resumes; all others are zero.
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

impl Outcome {
    /// A successful answer without words.
    pub const DONE: Self = Self::answer([0, 0]);

    /// A successful answer.
    pub const fn answer(words: [u64; 2]) -> Self {
        Self::with_status(0, words)
    }

    /// An answer with a status.
    pub const fn with_status(status: u64, [rdi, rsi]: [u64; 2]) -> Self {
        Self::Resume(Registers { rax: status, rdi, rsi, rdx: 0, r10: 0, r8: 0, r9: 0 })
    }
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        Self::with_status(u64::from(error.status()), [0, 0])
    }
}
