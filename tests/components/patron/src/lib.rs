//! What a component is handed that may take edges away: where it finds that, in the last slots of its first leaf.
#![no_std]
#![forbid(unsafe_code)]

use core::ops::Range;

/// Slots that say in which slot of its scheduler's table the invocation is by which that has the page served: a filled one is a bit of the number.
pub const SERVED_BY: Range<u32> = 52..59;

/// Its scheduler's capability table.
pub const SCHEDULERS_TABLE: u32 = 59;

/// Its own capability table.
pub const OWN_TABLE: u32 = 60;

/// The component that serves it.
pub const SERVER: u32 = 61;

/// Slots in which it can keep something.
pub const SPARE: [u32; 2] = [62, 63];
