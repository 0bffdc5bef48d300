//! Ways to panic.
#![expect(clippy::panic, clippy::indexing_slicing, reason = "what a panic does is what is tested")]

use core::fmt::{self, Display};
use core::hint::black_box;
use pong_interface::Pong;

/// A server that panics, but for one answer.
pub struct Panicking;

impl Pong for Panicking {
    fn call(&self) -> pong_interface::Result<()> {
        panic!("{Unspeakable}")
    }

    fn add(&self, at: u64, _: u64) -> pong_interface::Result<u64> {
        Ok(black_box([3, 5])[at as usize])
    }

    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> pong_interface::Result<(u64, u64)> {
        Ok((deeper([0; 16]), 0))
    }

    fn fails(&self) -> pong_interface::Result<()> {
        fail();
        Ok(())
    }
}

/// What cannot be said without a panic.
struct Unspeakable;

impl Display for Unspeakable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the message ")?;
        panic!("of which this is a part")
    }
}

/// Panics two calls further on.
#[inline(never)]
pub fn fail() {
    black_box(because("as asked"));
}

#[inline(never)]
fn because(why: &str) -> u64 {
    panic!("{why}")
}

/// Bytes of the stack that are left.
const LEFT: usize = 768;

/// Goes down to the end of the stack of 16 KiB, and panics there.
#[inline(never)]
fn deeper(frame: [u64; 16]) -> u64 {
    let at = (&raw const frame).addr();
    if at & 0xffff < 0x1_0000 - 0x4000 + LEFT {
        panic!("hardly any stack is left");
    }
    deeper(black_box(frame)) + black_box(frame)[0]
}
