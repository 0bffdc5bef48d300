//! The image of a component that has all other cores interrupted: taking memory back asks each to let go of it.
#![no_std]
#![no_main]

use memory_interface::{Memory, MemoryClient};
use pong_interface::{Pong, PongClient};
use runtime::Result;
use taker::{Taker, TakerClient};

runtime::import!(CALLED: PongClient);
runtime::import!(MEMORY: MemoryClient);
runtime::import!(TAKER: TakerClient);

/// How often, each time that the other is busy.
const TIMES: u64 = 20;

runtime::parameter!(ROUNDS: u64 = 1, "rounds");

runtime::component! { main: main }

fn main() -> Result<()> {
    (0..ROUNDS.get()).try_for_each(|_| interrupt())
}

fn interrupt() -> Result<()> {
    while CALLED.add(0, 0)? == 0 {
        core::hint::spin_loop();
    }
    let taker = TAKER.token()?;
    for _ in 0..TIMES {
        let page = MEMORY.grant(1)?;
        MEMORY.offer(page, 1, taker, true)?;
        let (there, _) = TAKER.map(page, true)?;
        MEMORY.take_back(page)?;
        TAKER.release(there)?;
        MEMORY.give_back(page, 1)?;
    }
    Ok(CALLED.call()?)
}
