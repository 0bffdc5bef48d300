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
//! While it handles the fault, its capability to the *handled level* (slot
//! [`HANDLED_LEVEL`](crate::crossing::HANDLED_LEVEL), if its graph grants that) reads and writes the level's registers and memory.
//!
//! A `syscall` of a *foreign* component arrives in the same way at the invocation in its slot
//! [`PERSONALITY`](crate::crossing::PERSONALITY), with the vector [`SYSTEM_CALL`], what was in `rax` for word 1, and
//! the address behind the instruction for word 2. To try it again is to go on there.
//!
//! The handler returns status 0 and word 0 = an [`Answer`]. Any other status, a fault of the
//! handler itself, or a fault while another fault of the same thread is being handled, unwinds the faulting level.
//!
//! The token of the invocation is a [`Token`]: whose fault it is, and what the graph wants done about it.

/// The interface that a fault handler serves, as the graph names it.
pub const INTERFACE: &str = "fault";

/// What an image says of that interface: [`METHOD`] is its only method.
pub const SCHEMA: &str = "handle(Cause,u64,u64)->Answer\n";

/// The method of the fault handler that is invoked.
pub const METHOD: u16 = 0;

/// Bits of word 0 that are the vector of the exception; its error code lies above them.
pub const VECTOR_BITS: u32 = 8;

/// No exception: the vector that stands for a `syscall` of a foreign component.
pub const SYSTEM_CALL: u8 = 0xff;

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
    /// The thread ends by its own will, with the status in the lower 16 bits of word 1.
    Exit = 4,
}

impl Answer {
    /// The answer that `word` stands for.
    pub const fn from_word(word: u64) -> Option<Self> {
        match word {
            0 => Some(Self::Retry),
            1 => Some(Self::Resume),
            2 => Some(Self::Unwind),
            3 => Some(Self::EndThread),
            4 => Some(Self::Exit),
            _ => None,
        }
    }
}

/// What the graph wants done about a component's faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Policy {
    /// It is up to the handler.
    #[default]
    Handler = 0,
    /// The call that faulted fails, and nothing else.
    Unwind = 1,
    /// The component ends, for good.
    End = 2,
    /// The component ends and is made anew.
    Recreate = 3,
}

impl Policy {
    /// The policy that `number` stands for.
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Handler),
            1 => Some(Self::Unwind),
            2 => Some(Self::End),
            3 => Some(Self::Recreate),
            _ => None,
        }
    }
}

/// The token of the kernel's invocation of a fault handler, packed into one word: bits 0–15 the component, 16–23 the
/// policy, 24–31 the limit, 32–63 the back-off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// The word by which servers know the component that faulted.
    pub component: u16,
    /// What is to be done.
    pub policy: Policy,
    /// How often the component is made anew before it is given up; 0 for always.
    pub limit: u8,
    /// Microseconds that it stays away after its first fault; twice as long after each further one.
    pub back_off: u32,
}

impl Token {
    /// The token that `word` stands for.
    pub const fn from_word(word: u64) -> Option<Self> {
        match Policy::from_number(word >> 16 & 0xff) {
            Some(policy) => {
                Some(Self { component: word as u16, policy, limit: (word >> 24) as u8, back_off: (word >> 32) as u32 })
            }
            None => None,
        }
    }

    /// The token as a word.
    pub const fn to_word(self) -> u64 {
        self.component as u64 | (self.policy as u64) << 16 | (self.limit as u64) << 24 | (self.back_off as u64) << 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_round_trip() {
        for policy in [Policy::Handler, Policy::Unwind, Policy::End, Policy::Recreate] {
            let token = Token { component: 0x1234, policy, limit: 200, back_off: u32::MAX };
            assert_eq!(Token::from_word(token.to_word()), Some(token));
        }
        assert_eq!(Token { component: 7, ..Token::default() }.to_word(), 7, "without a policy, the component alone");
        assert_eq!(Token::from_word(4 << 16), None);
    }

    #[test]
    fn answers_round_trip() {
        for answer in [Answer::Retry, Answer::Resume, Answer::Unwind, Answer::EndThread, Answer::Exit] {
            assert_eq!(Answer::from_word(answer as u64), Some(answer));
        }
        assert_eq!(Answer::from_word(5), None);
    }
}
