//! A timeline of what a system did: invocations, kernel operations, switches, batches of pages, interrupts and faults.
//!
//! The kernel knows nothing of it. The emulator logs what it executes, in two runs under the clock that counts instructions, which are
//! therefore the same run: one says at which instruction user level was left and entered again ([`count`]), the other what was in the registers
//! whenever it was left ([`entry`]). The page table says in which component that was, the stack pointer on which thread's stack, and the
//! capability number what was asked ([`place`]). From all that follows who was inside whom ([`timeline`]).
//!
//! Of several cores each is followed by itself. Which one took an interrupt the log does not say; the task register does, of which each has one of
//! its own, and what that is of which core is known from its system calls.

pub mod count;
pub mod entry;
mod line;
pub mod perfetto;
pub mod place;
pub mod timeline;

#[cfg(test)]
mod tests;
