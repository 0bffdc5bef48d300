//! What a capability permits: bits in its slot, from bit 8 of word 0 on.
//!
//! The first capability to an object permits everything. [`Copy`](crate::operation::TableOperation::Copy) can leave
//! rights out, and nothing puts one back. An operation whose capability, or one that it names, lacks the right that
//! it needs answers [`RightsExceeded`](crate::error::Error::RightsExceeded). An invocation has no rights but its methods.

/// Every right of every kind.
pub const ALL: u64 = 0xffff;

/// Of an object of any kind: to give its frame back.
pub const RECLAIM: u64 = 1 << 15;

/// What can be done with a capability table.
pub mod table {
    /// Put capabilities into it: copies, and those to new objects.
    pub const ADD: u64 = 1;
    /// Take capabilities out of it.
    pub const REMOVE: u64 = 1 << 1;
    /// Graft leaves, and prune them.
    pub const GROW: u64 = 1 << 2;
    /// Be the table of a new component.
    pub const HOLD: u64 = 1 << 3;
}

/// What can be done with a page table.
pub mod page_table {
    /// Map frames in it, and name untyped ones.
    pub const MAP: u64 = 1;
    /// Take mappings and names away.
    pub const UNMAP: u64 = 1 << 1;
    /// Graft tables below it, and prune them.
    pub const GROW: u64 = 1 << 2;
    /// Be the page table of a new component.
    pub const HOLD: u64 = 1 << 3;
    /// Clear the untyped frames that its component names.
    pub const CLEAN: u64 = 1 << 4;
}

/// What can be done with a component.
pub mod component {
    /// Make threads that start in it.
    pub const MAKE_THREADS: u64 = 1;
    /// Make invocations of it: to enter it anywhere, with any token.
    pub const MAKE_INVOCATIONS: u64 = 1 << 1;
    /// Name it.
    pub const NAME: u64 = 1 << 2;
    /// End it.
    pub const REVOKE: u64 = 1 << 3;
}

/// What can be done with a thread.
pub mod thread {
    /// Dispatch it.
    pub const DISPATCH: u64 = 1;
    /// Make receive end-points of it.
    pub const MAKE_RECEIVE: u64 = 1 << 1;
    /// Read its registers while it does not run.
    pub const READ: u64 = 1 << 2;
    /// Write its registers while it does not run.
    pub const WRITE: u64 = 1 << 3;
}

/// What can be done with a receive end-point.
pub mod receive {
    /// Receive there, on its thread.
    pub const RECEIVE: u64 = 1;
    /// Dispatch as the scheduler whose end-point it is.
    pub const SCHEDULE: u64 = 1 << 1;
    /// Make send end-points of it.
    pub const MAKE_SEND: u64 = 1 << 2;
}

/// What can be done with a range of ports.
pub mod ports {
    /// Read them.
    pub const READ: u64 = 1;
    /// Write them.
    pub const WRITE: u64 = 1 << 1;
}

/// What can be done with an interrupt line.
pub mod interrupt {
    /// Attach it, and detach it.
    pub const ATTACH: u64 = 1;
    /// Acknowledge it, and mask it.
    pub const SERVE: u64 = 1 << 1;
}

/// What can be done with a range of physical memory.
pub mod physical_range {
    /// Map it.
    pub const READ: u64 = 1;
    /// Map it to be written.
    pub const WRITE: u64 = 1 << 1;
}

/// What can be done with a temporal capability.
pub mod temporal_capability {
    /// Dispatch threads with it.
    pub const RUN: u64 = 1;
    /// Move cycles from it.
    pub const GIVE: u64 = 1 << 1;
    /// Move cycles to it.
    pub const TAKE: u64 = 1 << 2;
}
