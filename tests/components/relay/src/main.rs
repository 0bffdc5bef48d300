//! The image of a server that calls another to answer.
#![no_std]
#![no_main]

use pong_interface::{Pong, PongClient};
use probe::Probe;
use runtime::Result;

runtime::import!(PONG: PongClient);

struct Relay;

static RELAY: Relay = Relay;

runtime::export!(probe::ProbeServer => RELAY);

runtime::component! {}

impl Probe for Relay {
    fn next(&self, word: u64) -> Result<u64> {
        Ok(PONG.add(word, 1)?)
    }

    fn misbehave(&self, _: u64) -> Result<u64> {
        PONG.fails()?;
        Ok(0)
    }

    fn leave_secrets(&self) -> Result<(u64, u64)> {
        Ok(PONG.args(0, 0, 0, 0)?)
    }

    fn forbidden(&self) -> Result<u64> {
        Ok(0)
    }
}
