//! Words of temporal capabilities.

/// Cycles left of the kernel's first temporal capability: there is no end to them, and no other way to this number.
pub const UNLIMITED: u64 = u64::MAX;

/// As a number of cycles to be moved: all that are left.
pub const EVERYTHING: u64 = u64::MAX;

/// Schedulers that can have a say in the priority of a temporal capability: its own, and those through which its cycles came.
pub const SCHEDULERS: usize = 16;
