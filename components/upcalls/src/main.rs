//! The image of the upcalls.
#![no_std]
#![no_main]

use runtime::{Result, handled};
use upcalls::{Entries, Level};

static ENTRIES: Entries<Kept> = Entries::new(Kept);

runtime::export!(upcalls::UpcallsServer => |caller| ENTRIES.serve(caller));
runtime::export!(fault_interface::FaultServer => |caller| ENTRIES.serve(caller));

runtime::component! {}

/// The registers that the kernel keeps while a fault is handled.
struct Kept;

impl Level for Kept {
    fn set_register(&self, number: u64, word: u64) -> Result<()> {
        handled::set_register(number, word)
    }
}
