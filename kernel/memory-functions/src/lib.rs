//! memcpy and its kin for images, which link no C library.
//!
//! Compiled code calls these by name. An image's binary links them with
//! `use memory_functions as _;`; a library never does, or its tests on the host
//! would run with them instead of the C library's. The functions themselves are
//! in [`words`], under other names, and tested there.
//!
//! All go by words of eight bytes: the deterministic clock that costs are
//! measured with counts every iteration, of a `rep` prefix too.
#![no_std]
// Or the compiler would recognise these loops as what they are, and call them.
#![no_builtins]

#[cfg(test)]
extern crate std;

pub mod words;

#[cfg(not(test))]
mod exported;
