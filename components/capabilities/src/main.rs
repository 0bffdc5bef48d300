//! The image of the capability manager.
#![no_std]
#![no_main]

use abi::bundle::Bundle;
use abi::error::Error;
use abi::management::Managed;
use capabilities::{Kernel, Manager};
use capabilities_interface::{CapabilitiesError, Result};
use memory_interface::{Memory, MemoryClient, MemoryError};
use runtime::Caller;
use runtime::management::Management;

runtime::management!(PLAN);
runtime::import!(MEMORY: MemoryClient);
runtime::parameter!(AT_START: bool = true, "at_start");
// Components that a client may have had made and that live, at once.
runtime::parameter!(QUOTA: u64 = u64::MAX, "quota");

static MANAGER: Manager<Reached> = Manager::new(Reached, || QUOTA.get());

runtime::export!(capabilities_interface::CapabilitiesServer => |caller| MANAGER.serve(caller));

runtime::component! { initialise: initialise }

fn initialise() -> Result<()> {
    // Nobody else calls yet.
    let own = Caller { token: 0, thread: 0, core: 0 };
    if AT_START.get() { MANAGER.initialise(own) } else { Ok(()) }
}

/// The kernel, the plan and the memory manager.
struct Reached;

impl Kernel for Reached {
    fn bundle(&self) -> Option<Bundle<'_>> {
        Management::bundle(&PLAN).ok()
    }

    fn word(&self, number: usize) -> u64 {
        PLAN.word(number)
    }

    fn managed(&self, number: usize) -> Option<Managed> {
        PLAN.managed(number)
    }

    fn operate(&self, capability: u64, operation: u16, words: [u64; 4]) -> core::result::Result<[u64; 2], Error> {
        PLAN.operate(capability, operation, words)
    }

    fn copy(&self, offset: u64, address: u64) -> core::result::Result<(), Error> {
        PLAN.copy(offset, address)
    }

    fn invoke(&self, capability: u64, word: u64) -> u16 {
        PLAN.invoke(capability, word)
    }

    fn end_memory(&self, component: u64) -> Result<()> {
        MEMORY.end(component).map_err(refused)
    }

    fn lend(&self, frames: u64) -> Result<u64> {
        MEMORY.lend(frames).map_err(refused)
    }
}

/// What the memory manager's refusal means to a client of this one.
fn refused(error: MemoryError) -> CapabilitiesError {
    match error {
        MemoryError::Busy => CapabilitiesError::Busy,
        MemoryError::NoMemory => CapabilitiesError::NoMemory,
        MemoryError::Call(error) => CapabilitiesError::Call(error),
        _ => CapabilitiesError::BadPlan,
    }
}
