//! The kernel's console, for who has no other: a base constructor, before there are components.

use crate::Constructor;
use crate::pieces::{PIECE, words};
use abi::boot::slot;
use abi::operation::DebugConsoleOperation;
use core::fmt;

/// Writes to the kernel's console.
#[derive(Clone, Copy)]
pub struct DebugConsole<'c> {
    constructor: &'c Constructor,
    capability: u32,
}

impl<'c> DebugConsole<'c> {
    /// Through the capability that the kernel gives to a base constructor.
    pub const fn new(constructor: &'c Constructor) -> Self {
        Self::at(constructor, slot::DEBUG_CONSOLE)
    }

    /// Through another one.
    pub const fn at(constructor: &'c Constructor, capability: u32) -> Self {
        Self { constructor, capability }
    }
}

impl fmt::Write for DebugConsole<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.as_bytes().chunks(PIECE) {
            let written = self.constructor.operate(self.capability, DebugConsoleOperation::Write as u16, words(piece));
            written.map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}
