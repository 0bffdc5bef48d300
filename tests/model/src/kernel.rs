//! A kernel as it looks from outside: how it is entered, and what then goes on.

/// A kernel, or a model of one, with one core.
pub trait Kernel {
    /// A system call by the code at `at`: what is in `rax`, and in `rdi rsi rdx r10`.
    fn call(&mut self, at: u64, word: u64, words: [u64; 4]) -> Seen;

    /// A fault of the code at `at`.
    fn fault(&mut self, at: u64) -> Seen;

    /// An interrupt of the code at `at`, or of a core that sleeps, at the time `now`.
    fn interrupt(&mut self, at: u64, now: u64) -> Seen;
}

/// What goes on after an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How.
    pub outcome: Outcome,
    /// Index of the thread.
    pub thread: u32,
    /// Index of the component in which it executes.
    pub component: u32,
    /// Number of the frame that is the root of that one's page table.
    pub page_table: u64,
    /// The address at which it goes on.
    pub at: u64,
}

/// How a core goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With these in its registers.
    Resume(Registers),
    /// With all registers as they were when the core was taken away.
    Restore,
    /// With all registers as they were at a fault.
    RestoreFaulted,
    /// Not: it sleeps.
    Idle,
    /// Not at all: the system has ended, with this status if somebody said so.
    End(Option<u64>),
}

/// What is in the registers of what goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// Status of an answer, or method of an invocation.
    pub rax: u64,
    /// Words 0 to 3.
    pub words: [u64; 4],
    /// Token.
    pub r8: u64,
    /// Thread index | core << 32.
    pub r9: u64,
}

impl Registers {
    /// An answer.
    pub const fn answer(status: u64, [first, second]: [u64; 2]) -> Self {
        Self { rax: status, words: [first, second, 0, 0], r8: 0, r9: 0 }
    }
}
