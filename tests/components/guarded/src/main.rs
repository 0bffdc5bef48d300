//! A server that lets one thread at a time do what takes a while, whichever component it is of.
#![no_std]
#![no_main]

use concurrency::sync::Mutex;
use pong_interface::{Pong, PongError, Result};
use runtime::time::ticks;

// How long it takes, in ticks: a good part of a turn.
runtime::parameter!(WHILE: u64 = 2_000, "while");

struct Guarded {
    sum: Mutex<u64>,
}

static GUARDED: Guarded = Guarded { sum: Mutex::new(0) };

runtime::export!(pong_interface::PongServer => GUARDED);

runtime::component! {}

impl Pong for Guarded {
    fn call(&self) -> Result<()> {
        Ok(())
    }

    /// Adds to the sum, not in one step; answers the sum.
    fn add(&self, value: u64, _: u64) -> Result<u64> {
        let mut sum = self.sum.lock()?;
        let (before, until) = (*sum, ticks() + WHILE.get());
        while ticks() < until {}
        *sum = before + value;
        Ok(*sum)
    }

    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> Result<(u64, u64)> {
        self.fails()?;
        Ok((0, 0))
    }

    fn fails(&self) -> Result<()> {
        Err(PongError::Refused)
    }
}
