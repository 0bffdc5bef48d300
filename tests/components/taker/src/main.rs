//! The image of a server that maps what its clients offer, and touches what it is asked to touch.
#![no_std]
#![no_main]

use memory_interface::{Memory, MemoryClient};
use runtime::{Caller, Result};
use taker::{Taker, TakerServer};

runtime::import!(MEMORY: MemoryClient);
runtime::export!(TakerServer => |caller| Taking(caller));

runtime::component! {}

struct Taking(Caller);

impl Taker for Taking {
    fn map(&self, address: u64) -> Result<(u64, u64)> {
        MEMORY.accept(self.0.token, address)
    }

    fn read(&self, address: u64) -> Result<u64> {
        let word;
        // SAFETY: none. Where nothing is mapped, the kernel has to contain what happens.
        unsafe { core::arch::asm!("mov {}, [{}]", out(reg) word, in(reg) address) };
        Ok(word)
    }

    fn write(&self, address: u64, word: u64) -> Result<()> {
        // SAFETY: none, likewise.
        unsafe { core::arch::asm!("mov [{}], {}", in(reg) address, in(reg) word) };
        Ok(())
    }
}
