//! What a component is handed that may take edges away: where it finds that, in the last slots of its first leaf.
#![no_std]
#![forbid(unsafe_code)]

/// Its own capability table.
pub const OWN_TABLE: u32 = 60;

/// The component that serves it.
pub const SERVER: u32 = 61;

/// Slots in which it can keep something.
pub const SPARE: [u32; 2] = [62, 63];
