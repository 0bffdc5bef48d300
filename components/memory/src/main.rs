//! The image of the memory manager.
#![no_std]
#![no_main]

use memory::Manager;
use runtime::management::Management;

runtime::management!(PLAN);

static MANAGER: Manager<&Management> = Manager::new(&PLAN);

runtime::export!(memory_interface::MemoryServer => |caller| MANAGER.serve(caller));

runtime::component! { initialise: initialise }

fn initialise() -> memory_interface::Result<()> {
    MANAGER.initialise()
}
