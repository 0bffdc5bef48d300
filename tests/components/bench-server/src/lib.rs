//! What the benchmark calls: the interface `pong`, by generated stubs, and one without any.
#![no_std]

use runtime::Result;

/// A server that only returns: what is left of a call when both ends do nothing.
#[runtime::interface]
pub trait Raw {
    /// Does nothing.
    fn nothing(&self) -> Result<()>;
}
