//! The heap itself.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use concurrency::thread;
use memory_interface::Memory;
use runtime::Result;

/// More than the graph lets the component have.
const TOO_MUCH: usize = 16 << 20;

/// Threads that allocate at once, and how often each does.
const THREADS: u64 = 4;
const TIMES: u64 = 500;

pub fn comes_and_goes() -> Result<String> {
    let (_, before) = heap::manager().left()?;
    let refused = Vec::<u8>::new().try_reserve(TOO_MUCH).is_err();
    let threads: Vec<_> = (0..THREADS).map(|number| thread::spawn(move || allocate(number))).collect();
    let mut sum = 0;
    for thread in threads {
        sum += thread?.join()?;
    }
    let (_, after) = heap::manager().left()?;
    Ok(alloc::format!("too much is refused: {refused}, {THREADS} threads: {sum}, all is returned: {}", after <= before))
}

/// Has up to some hundred values at once, each on the heap.
fn allocate(number: u64) -> u64 {
    let mut kept: Vec<Box<[u64]>> = Vec::new();
    for time in 0..TIMES {
        kept.push((0..time % 60).map(|_| number).collect());
        if time % 7 == 0 {
            kept.truncate(kept.len() / 2);
            let _ = thread::yield_now();
        }
    }
    let is_whole = kept.iter().flatten().all(|value| *value == number);
    if is_whole { TIMES } else { 0 }
}

/// Takes more memory than there is, without asking: the thread ends.
pub fn take_too_much() {
    let taken: Vec<u8> = Vec::with_capacity(TOO_MUCH);
    log::info!("got {} bytes", taken.capacity());
}
