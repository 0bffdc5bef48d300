//! The interface `fault`: decides what becomes of a component that did what it may not.
//!
//! The graph makes the server of this interface the handler of a component's faults: `fault = { handler = "NAME" }`. The
//! kernel invokes it, on the thread that faulted, and the token says whose fault it is ([`runtime::Caller`]). What it
//! promises is in [`abi::fault`]; these are its words with types.
#![no_std]

#[cfg(test)]
extern crate std;

mod cause;

pub use cause::Cause;

use runtime::Result;

/// Handles faults.
#[runtime::interface]
pub trait Fault {
    /// Answers how the component goes on whose `instruction` faulted. `address` is what a page fault was about, else 0.
    ///
    /// An error ends the faulting call, as [`Answer::Unwind`] does.
    fn handle(&self, cause: Cause, address: u64, instruction: u64) -> Result<Answer>;
}

/// How a component goes on after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The instruction runs again, with all registers as they were.
    Retry,
    /// The component goes on at this address, with all other registers as they were.
    Resume(u64),
    /// The call that faulted fails; where nobody called, the thread ends.
    Unwind,
    /// The thread ends.
    EndThread,
    /// The thread ends by its own will, with this status.
    Exit(u16),
}

impl runtime::Answer for Answer {
    #[inline]
    fn into_words(self) -> [u64; 2] {
        use abi::fault::Answer as Word;
        match self {
            Self::Retry => [Word::Retry as u64, 0],
            Self::Resume(address) => [Word::Resume as u64, address],
            Self::Unwind => [Word::Unwind as u64, 0],
            Self::EndThread => [Word::EndThread as u64, 0],
            Self::Exit(status) => [Word::Exit as u64, status.into()],
        }
    }

    /// As the kernel understands them: what is no answer unwinds.
    #[inline]
    fn from_words([answer, address]: [u64; 2]) -> Self {
        use abi::fault::Answer as Word;
        match Word::from_word(answer) {
            Some(Word::Retry) => Self::Retry,
            Some(Word::Resume) => Self::Resume(address),
            Some(Word::EndThread) => Self::EndThread,
            Some(Word::Exit) => Self::Exit(address as u16),
            Some(Word::Unwind) | None => Self::Unwind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::{Answer as _, Invocation};

    #[test]
    fn the_interface_is_the_kernels_contract() {
        assert_eq!((FaultServer::NAME, FaultServer::SCHEMA), (abi::fault::INTERFACE, abi::fault::SCHEMA));
    }

    struct Steps;

    impl Fault for Steps {
        fn handle(&self, cause: Cause, address: u64, instruction: u64) -> Result<Answer> {
            assert_eq!((cause, address), (Cause { vector: 14, error: 6 }, 0x10));
            Ok(Answer::Resume(instruction + 3))
        }
    }

    #[test]
    fn the_kernels_words_arrive() {
        let words = [14 | 6 << abi::fault::VECTOR_BITS, 0x10, 0x40_0000, 0];
        let invocation = Invocation { method: abi::fault::METHOD.into(), words, token: 1 };
        let reply = FaultServer::dispatch(&Steps, invocation);
        assert_eq!((reply.status(), reply.words()), (0, [abi::fault::Answer::Resume as u64, 0x40_0003]));
    }

    #[test]
    fn answers_round_trip() {
        for answer in [Answer::Retry, Answer::Resume(0x40_0000), Answer::Unwind, Answer::EndThread, Answer::Exit(7)] {
            assert_eq!(Answer::from_words(answer.into_words()), answer);
        }
        assert_eq!(Answer::from_words([5, 7]), Answer::Unwind);
    }
}
