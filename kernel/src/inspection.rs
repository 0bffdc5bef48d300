//! Where the kernel's own structures have what one looks for from outside: said in the ELF file, beside the image.

use crate::core_local;
use crate::memory;
use abi::inspection::{Places, VERSION};

/// What the file says. The linker script leaves it out of the image.
#[used]
// SAFETY: the section is read by nobody while the kernel runs, and is not even loaded.
#[unsafe(link_section = ".tessera.inspection")]
static PLACES: Places = Places {
    version: VERSION,
    state: core_local::STATE as u64,
    own_address: core_local::ADDRESS as u64,
    store: core_local::MEMORY as u64,
    threads: memory::THREADS as u64,
    descriptors: memory::DESCRIPTORS,
};
