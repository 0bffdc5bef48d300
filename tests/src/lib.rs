//! Systems booted in QEMU with their expected outcome.
