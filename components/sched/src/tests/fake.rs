//! A kernel for the scheduler on the host: threads are threads of the host, one of which runs at a time.
//!
//! Time passes by a tick whenever a thread asks for it, or calls another core, and a thread whose time is up then loses the core there:
//! also inside the scheduler, as that does both in its critical section. A thread can lose it as it takes a token, too.
//!
//! | question | module |
//! |---|---|
//! | what does a test say that threads do, and what do they do it with? | [`world`] |
//! | what is the scheduler given for a kernel, and how does a test interfere? | [`machine`] |
//! | what does that kernel know, and to whom does the core go? | [`kernel`] |

mod kernel;
mod machine;
mod world;

pub use machine::Fake;
pub use world::{Me, QUANTUM, World, scheduled};

use abi::plan::CREATED;
use runtime::scheduling::Budget;

/// Slot of the scheduler's own thread.
const OWN: u32 = 1;

/// What threads run on that have no budget of their own.
const TIME: Budget = Budget::numbered(1);

/// Slot of the own thread of the client with this number.
const fn slot_of_client(number: usize) -> u32 {
    10 + number as u32
}

/// Index of the own thread of the client with this number.
pub const fn index_of_client(number: usize) -> u64 {
    3 + number as u64
}

/// Index of a thread that can be created.
pub const fn index_of_created(client: usize, at: usize) -> u64 {
    100 + (CREATED * client + at) as u64
}

/// The token of the client with this number.
pub const fn token(number: usize) -> u64 {
    index_of_client(number) + 1
}

fn slot_of_created(client: usize, at: usize) -> u32 {
    1000 + index_of_created(client, at) as u32
}
