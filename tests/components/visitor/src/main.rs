//! The image of a component that looks at the memory of those that it calls: of one in its own address space, of one in the
//! space around that, and of one elsewhere.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering};
use lodger::{Lodger, LodgerClient};
use runtime::{Error, Result};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(NEIGHBOUR: LodgerClient, "neighbour");
runtime::import!(HOST: LodgerClient, "host");
runtime::import!(STRANGER: LodgerClient, "stranger");

runtime::component! { main: run }

const FAULTED: Error = Error::Kernel(abi::error::Error::Faulted);

static OWN: AtomicU64 = AtomicU64::new(0xa11ce);

fn run() -> Result<u16> {
    let own = OWN.as_ptr().expose_provenance() as u64;
    let found = [
        ("the neighbour's memory is here", sees(&NEIGHBOUR)?),
        ("and this is there", NEIGHBOUR.look(own) == Ok(OWN.load(Ordering::Relaxed))),
        ("the host's memory is here", sees(&HOST)?),
        ("but this is not there", HOST.look(own) == Err(FAULTED)),
        ("a stranger's memory is not here", !sees(&STRANGER)?),
        ("nor is this there", STRANGER.look(own) == Err(FAULTED)),
    ];
    let mut out = Writer::new(&CONSOLE);
    for (what, is_so) in found {
        let _ = writeln!(out, "visitor: {what}: {is_so}");
    }
    Ok(found.iter().map(|(_, is_so)| u16::from(!is_so)).sum())
}

/// Whether what is written here to both words of the other is what the other finds there.
fn sees(other: &impl Lodger) -> Result<bool> {
    let (furniture, empty) = other.places()?;
    let mut all = true;
    for (at, word) in [(furniture, 7), (empty, 9)] {
        // SAFETY: none, that is the question: whatever lies there in this address space, nobody else uses it.
        unsafe { core::ptr::with_exposed_provenance_mut::<u64>(at as usize).write_volatile(word) };
        all &= other.look(at)? == word;
    }
    Ok(all)
}
