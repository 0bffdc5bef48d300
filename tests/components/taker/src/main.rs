//! The image of a server that maps what its clients offer, and touches what it is asked to touch.
#![no_std]
#![no_main]

use memory_interface::{Memory, MemoryClient, Result};
use runtime::Caller;
use taker::{Taker, TakerServer};

runtime::import!(MEMORY: MemoryClient);
runtime::export!(TakerServer => |caller| Taking(caller));

runtime::component! {}

struct Taking(Caller);

impl Taker for Taking {
    fn token(&self) -> Result<u64> {
        MEMORY.token()
    }

    fn map(&self, address: u64, writable: bool) -> Result<(u64, u64)> {
        MEMORY.accept(self.0.token, address, writable)
    }

    fn release(&self, address: u64) -> Result<()> {
        MEMORY.release(address)
    }

    fn take(&self, address: u64) -> Result<(u64, u64)> {
        MEMORY.take(self.0.token, address)
    }

    fn give(&self, word: u64) -> Result<u64> {
        let page = MEMORY.grant(1)?;
        self.write(page, word)?;
        if let Err(error) = MEMORY.give(page, 1, self.0.token) {
            MEMORY.give_back(page, 1)?;
            return Err(error);
        }
        Ok(page)
    }

    fn discard(&self, address: u64, pages: u64) -> Result<()> {
        MEMORY.give_back(address, pages)
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
