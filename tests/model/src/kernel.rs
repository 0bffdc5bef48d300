//! A kernel as it looks from outside: how it is entered, and what then goes on.

/// A kernel, or a model of one, with one core.
pub trait Kernel {
    /// A system call: what is in `rax`, and in `rdi rsi rdx r10`.
    fn call(&mut self, entry: Entry, word: u64, words: [u64; 4]) -> Seen;

    /// A fault.
    fn fault(&mut self, entry: Entry) -> Seen;

    /// An interrupt, also of a core that sleeps: of the timer, or of a device that has this line.
    fn interrupt(&mut self, entry: Entry, line: Option<u32>) -> Seen;
}

/// Where and when a kernel is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The address of the code that was executed.
    pub at: u64,
    /// The time, in ticks of the time-stamp counter.
    pub now: u64,
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
    /// When the timer interrupts it, or 0 for never.
    pub deadline: u64,
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
