//! How much stack an image's code can use, from its instructions.
//!
//! Every function is followed instruction by instruction: how deep the stack is where it calls another, where it leaves
//! the component by a system call, and at most. Calls of functions that are known only at run time go to whichever
//! function whose address is taken needs most. What sets the stack pointer to something else is hand-written, and says
//! in the section [`SECTION`](abi::stack::SECTION) how deep the stack is behind it. The rest is a longest path.
//!
//! Functions that call each other in a circle have no longest path: how deep they may go has to be said. Circles that
//! close only through calls of unknown functions are most likely none, and are followed as deep as
//! [`DEFAULT_NESTING`], or as the graph says if that is more. Panics are in one another no more than [`PANICS`](abi::stack::PANICS)
//! times, since the runtime keeps to that: a path comes into the function that says them so often and not again.

mod decode;
mod follow;
mod indirect;
mod longest;
mod paths;
mod problem;
mod program;
#[cfg(test)]
mod tests;
mod value;

pub use longest::Bounds;
pub use problem::Problem;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::elf::Image;
use program::Program;

/// How often a path may come into functions that are called by address, unless the graph says a larger number. What formats
/// something that formats something else needs two for each.
pub const DEFAULT_NESTING: u32 = 8;

/// The stack that code uses from a place in it on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Bytes, at most.
    pub bytes: u64,
    /// The functions one after another that need so much.
    pub path: Vec<String>,
}

/// The stack that an image uses if it is entered at some address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// At most.
    pub most: Bound,
    /// At most when it leaves the component by a system call; `None` if it never does.
    pub leaving: Option<Bound>,
}

/// Where calls in `image` come back to, and how many bytes above the return address that of the caller lies there. Functions that cannot be
/// followed have none.
pub fn call_sites(file: &[u8], image: &Image) -> BTreeMap<u64, u64> {
    let Ok(program) = Program::read(file, image) else { return BTreeMap::new() };
    follow::each(&program).0.into_iter().flat_map(|frame| frame.sites).collect()
}

/// Follows all code of `image`, whose ELF file is `file`. Calls in a circle go `recursion` deep.
///
/// # Errors
///
/// All that keeps the stack from being bounded.
pub fn bounds(file: &[u8], image: &Image, recursion: Option<u32>) -> Result<Bounds, Vec<Problem>> {
    let program = Program::read(file, image)?;
    let frames = follow::all(&program)?;
    Bounds::new(&program, &frames, recursion)
}
