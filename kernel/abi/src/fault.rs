//! What a fault handler learns, and what it can answer.
//!
//! A component whose slot [`FAULT_HANDLER`](crate::crossing::FAULT_HANDLER) holds an invocation has its
//! faults handled: the kernel keeps all registers of the faulting level and invokes [`METHOD`] of that
//! capability, on the same thread, with
//!
//! | word | meaning |
//! |---|---|
//! | 0 | vector of the exception \| its error code << 8 |
//! | 1 | address that a page fault was about, else 0 |
//! | 2 | address of the instruction |
//! | 3 | 0 |
//!
//! The handler returns status 0 and word 0 = an [`Answer`]. Any other status, a fault of the
//! handler itself, or a fault while another fault of the same thread is being handled, unwinds the faulting level.

/// The interface that a fault handler serves, as the graph names it.
pub const INTERFACE: &str = "fault";

/// What an image says of that interface: [`METHOD`] is its only method.
pub const SCHEMA: &str = "handle(Cause,u64,u64)->Answer\n";

/// The method of the fault handler that is invoked.
pub const METHOD: u16 = 0;

/// Bits of word 0 that are the vector of the exception; its error code lies above them.
pub const VECTOR_BITS: u32 = 8;

/// What becomes of the faulting level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Answer {
    /// The instruction runs again.
    Retry = 0,
    /// The level goes on at the address in word 1.
    Resume = 1,
    /// The level's caller gets an error.
    Unwind = 2,
    /// The thread ends.
    EndThread = 3,
}

impl Answer {
    /// The answer that `word` stands for.
    pub const fn from_word(word: u64) -> Option<Self> {
        match word {
            0 => Some(Self::Retry),
            1 => Some(Self::Resume),
            2 => Some(Self::Unwind),
            3 => Some(Self::EndThread),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_round_trip() {
        for answer in [Answer::Retry, Answer::Resume, Answer::Unwind, Answer::EndThread] {
            assert_eq!(Answer::from_word(answer as u64), Some(answer));
        }
        assert_eq!(Answer::from_word(4), None);
    }
}
