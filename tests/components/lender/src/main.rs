//! The image of a component that lends pictures to a gallery, and dies.
#![no_std]
#![no_main]

use core::mem::forget;
use gallery::{Gallery, GalleryClient};
use lender::{Lender, LenderServer};
use memory_interface::{Memory, MemoryClient};
use regions::{Owned, Source};
use runtime::Result;

runtime::import!(MEMORY: MemoryClient);
runtime::import!(GALLERY: GalleryClient);
runtime::export!(LenderServer => LENDING);

runtime::component! {}

static REGIONS: Source = Source::new(&MEMORY);

/// Words of a picture of 64 KiB.
const WORDS: usize = 8192;

struct Lending;

static LENDING: Lending = Lending;

impl Lender for Lending {
    fn lend(&self) -> Result<u64> {
        let gallery = GALLERY.peer()?;
        let mut picture = Owned::new(&REGIONS, WORDS)?;
        (1..).zip(picture.iter_mut()).for_each(|(at, word)| *word = at);
        GALLERY.hang(picture.lend(gallery)?)?;
        Owned::<u64>::new(&REGIONS, WORDS)?.give(gallery).map_err(|(error, _)| error)?;
        let sum = picture.iter().sum();
        // It hangs for as long as this component lives.
        forget(picture);
        Ok(sum)
    }

    fn die(&self) -> Result<()> {
        // SAFETY: none. The kernel has to contain what happens.
        unsafe { core::arch::asm!("mov {0}, [{0}]", inout(reg) 0_u64 => _) };
        Ok(())
    }

    fn pages(&self) -> Result<u64> {
        let (_, has) = MEMORY.left()?;
        Ok(has)
    }
}
