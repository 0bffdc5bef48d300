//! Calls that are made with stack pointers of every shape: the kernel keeps them, and looks nowhere by them.

use crate::refusals::number;
use crate::{Check, PROBE, Verdict, same};
use abi::crossing::CapabilityWord;
use abi::error::Error;
use probe::how;
use probe::stacks::{STACKS, call_with_stack};

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    ("the question who asks is answered, whatever the stack pointer is", questions),
    ("a refusal comes back, whatever the stack pointer is", refusals),
    ("a server answers, whatever its client's stack pointer is", answers),
    ("a server that faults is an error, whatever its client's stack pointer is", faults),
];

/// The method that answers the next word, and the one that misbehaves.
const NEXT: u16 = 0;
const MISBEHAVE: u16 = 1;

fn questions() -> Verdict {
    everywhere(CapabilityWord::IDENTITY.0, 0, 0)
}

fn refusals() -> Verdict {
    everywhere(CapabilityWord::new(7, 0).0, 0, Error::Empty.status())
}

fn answers() -> Verdict {
    everywhere(server(NEXT), 1, 0)
}

fn faults() -> Verdict {
    everywhere(server(MISBEHAVE), how::UNDEFINED, Error::Faulted.status())
}

fn server(method: u16) -> u64 {
    number(&PROBE) << 16 | u64::from(method)
}

/// The call has this status with every stack pointer, which is what it was behind it.
fn everywhere(word: u64, argument: u64, expected: u16) -> Verdict {
    for stack in STACKS {
        // SAFETY: a question, what is refused, and a server that has no memory of this component.
        let (status, behind) = unsafe { call_with_stack(word, argument, stack) };
        same(status, expected.into())?;
        same(behind, stack)?;
    }
    Ok(())
}
