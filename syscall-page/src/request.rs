//! What a call carries in, and what it brings back.

use crate::layout::{ARGUMENTS, RESULTS};
use abi::error::Error;

/// A call: the same method number and words that a direct invocation has in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method's number in its interface.
    pub method: u16,
    /// Its words.
    pub args: [u64; ARGUMENTS],
}

impl Request {
    /// A call of `method` with `args`.
    pub const fn new(method: u16, args: [u64; ARGUMENTS]) -> Self {
        Self { method, args }
    }
}

/// The result of a call, exactly as a direct invocation returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Zero for success, else an error of the kernel's or of the interface.
    pub status: u16,
    /// The words that came back.
    pub words: [u64; RESULTS],
}

impl Reply {
    /// A call that did what was asked.
    pub const fn success(words: [u64; RESULTS]) -> Self {
        Self { status: 0, words }
    }

    /// A call that was refused, with the number that the direct call gives for the same reason.
    pub const fn refused(error: Error) -> Self {
        Self { status: error.status(), words: [0; RESULTS] }
    }
}
