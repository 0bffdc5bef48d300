//! The image of a server that says where it keeps something, and looks where it is asked to.
#![no_std]
#![no_main]

use core::sync::atomic::AtomicU64;
use lodger::{Lodger, LodgerServer};
use runtime::Result;

runtime::export!(LodgerServer => |_caller| Lodging);

runtime::component! {}

/// More than a page of zeros: the last is not of the image's file.
const ROOM: usize = 1024;

static FURNITURE: AtomicU64 = AtomicU64::new(1);
static EMPTY: [AtomicU64; ROOM] = [const { AtomicU64::new(0) }; ROOM];

struct Lodging;

impl Lodger for Lodging {
    fn places(&self) -> Result<(u64, u64)> {
        let place = |word: &AtomicU64| word.as_ptr().expose_provenance() as u64;
        Ok((place(&FURNITURE), EMPTY.last().map_or(0, place)))
    }

    fn look(&self, address: u64) -> Result<u64> {
        let word;
        // SAFETY: none. Where nothing is mapped, the kernel has to contain what happens.
        unsafe { core::arch::asm!("mov {}, [{}]", out(reg) word, in(reg) address) };
        Ok(word)
    }
}
