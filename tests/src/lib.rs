//! Systems booted in QEMU with their expected outcome.

pub mod bench;
pub mod campaign;
pub mod promises;
