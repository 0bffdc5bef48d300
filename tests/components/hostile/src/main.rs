//! The image of a server that does to its clients what it can, and that looks at all they let it see.
#![no_std]
#![no_main]

mod misbehave;
mod observe;

use probe::{CLOBBERED, Probe, how};
use runtime::Result;

/// Does what it is asked to.
struct Hostile;

static HOSTILE: Hostile = Hostile;

runtime::export!(probe::ProbeServer => HOSTILE);

runtime::component! {}

impl Probe for Hostile {
    fn next(&self, word: u64) -> Result<u64> {
        Ok(word.wrapping_add(1))
    }

    fn misbehave(&self, how: u64) -> Result<u64> {
        match how {
            how::UNDEFINED => misbehave::undefined(),
            how::NULL => misbehave::null(),
            how::DIVIDE => misbehave::divide(),
            how::OVERFLOW => misbehave::overflow(),
            how::PANIC => misbehave::panic(),
            how::SPOIL => misbehave::spoil(),
            how::WIDE_STATUS => misbehave::wide_status(),
            how::CLOBBER => misbehave::clobber(CLOBBERED),
            how::HIGHEST_STATUS => misbehave::return_status(u16::MAX),
            how::UNDEFINED_STATUS => misbehave::return_status(200),
            _ => Ok(0),
        }
    }

    fn leave_secrets(&self) -> Result<(u64, u64)> {
        Ok(misbehave::leave_secrets())
    }

    fn forbidden(&self) -> Result<u64> {
        Ok(0)
    }
}
