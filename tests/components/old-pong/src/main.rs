//! The image of a server whose interface has the name of `pong` and other methods.
#![no_std]
#![no_main]

use runtime::Result;

/// `pong`, as it might have been.
#[runtime::interface]
pub trait Pong {
    /// Answers a call.
    fn call(&self, times: u32) -> Result<()>;
}

struct Old;

impl Pong for Old {
    fn call(&self, _: u32) -> Result<()> {
        Ok(())
    }
}

static OLD: Old = Old;

runtime::export!(PongServer => OLD);

runtime::component! {}
