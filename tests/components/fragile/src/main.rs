//! A server of `pong` that touches null when it is asked to fail.
#![no_std]
#![no_main]

use pong_interface::{Pong, Result};

struct Fragile;

static FRAGILE: Fragile = Fragile;

runtime::export!(pong_interface::PongServer => FRAGILE);

runtime::component! {}

impl Pong for Fragile {
    fn call(&self) -> Result<()> {
        Ok(())
    }

    fn add(&self, a: u64, b: u64) -> Result<u64> {
        Ok(a.wrapping_add(b))
    }

    fn args(&self, a: u64, b: u64, c: u64, d: u64) -> Result<(u64, u64)> {
        Ok((a.wrapping_add(b), c.wrapping_add(d)))
    }

    fn fails(&self) -> Result<()> {
        touch_null();
        Ok(())
    }
}

/// A function of its own, so that the report of the fault names it.
#[inline(never)]
fn touch_null() {
    // SAFETY: none. The kernel has to contain what happens.
    unsafe { core::arch::asm!("mov {0}, [{0}]", inout(reg) 0_u64 => _) };
}
