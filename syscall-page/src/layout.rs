//! The numbers of the layout: fixed, because two programs built apart share it.

/// Entries in an entry frame.
pub const ENTRIES: usize = abi::page::ENTRIES;

/// Bytes of an entry: one cache line, so that two calls never share one.
pub const ENTRY_BYTES: usize = 64;

/// Bytes of a header frame and of an entry frame.
pub const FRAME_BYTES: usize = 4096;

/// Words that a call carries in, as many as an invocation does in registers.
pub const ARGUMENTS: usize = 4;

/// Words that a call brings back beside its status.
pub const RESULTS: usize = 2;
