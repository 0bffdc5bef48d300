//! The kernel's logic over memory made of vectors, as a [`Kernel`](model::kernel::Kernel).

mod audit;
pub mod company;
pub mod entries;
mod logic_kernel;
mod memory;
mod pair;
mod replay;

pub use logic_kernel::LogicKernel;
pub use memory::{Memory, UNTYPED_FRAMES};
pub use pair::Pair;
pub use replay::{Answered, Replay};
