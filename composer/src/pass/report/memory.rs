//! What memory a component starts with, by use.

use abi::layout::{EXECUTE, PAGE, WRITE};
use serde::Serialize;

use super::{Parts, map};

/// Bytes of memory, by use.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Memory {
    /// May be executed.
    pub code: u64,
    /// May only be read.
    pub constants: u64,
    /// May be written.
    pub data: u64,
    /// Frames of pages that it shares with others.
    pub shared: u64,
    /// All of these: what it has, whoever calls it.
    pub without_stacks: u64,
    /// Stacks.
    pub stacks: u64,
    /// All of it.
    pub total: u64,
}

impl std::iter::Sum for Memory {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            code: sum.code + one.code,
            constants: sum.constants + one.constants,
            data: sum.data + one.data,
            shared: sum.shared + one.shared,
            without_stacks: sum.without_stacks + one.without_stacks,
            stacks: sum.stacks + one.stacks,
            total: sum.total + one.total,
        })
    }
}

/// A run of pages.
#[derive(Clone, Debug, Serialize)]
pub struct Segment {
    /// First address.
    pub address: u64,
    /// Bytes of address space.
    pub bytes: u64,
    /// `r--`, `rw-` or `r-x`.
    pub rights: &'static str,
}

/// What the component of `parts` starts with.
pub(super) fn memory(parts: &Parts<'_>) -> Memory {
    let mut memory = Memory::default();
    for segment in &parts.ready.memory.segments {
        let part = match (segment.rights & EXECUTE != 0, segment.rights & WRITE != 0) {
            (true, _) => &mut memory.code,
            (_, true) => &mut memory.data,
            _ => &mut memory.constants,
        };
        *part += segment.memory_bytes;
    }
    memory.shared = PAGE * parts.ready.shared.len() as u64;
    memory.stacks = parts.space.stacks.iter().map(|stack| stack.bytes).sum();
    memory.without_stacks = memory.code + memory.constants + memory.data + memory.shared;
    memory.total = memory.without_stacks + memory.stacks;
    memory
}

/// A segment of an image as the report shows it.
pub(super) fn segment(segment: &crate::elf::Segment) -> Segment {
    Segment { address: segment.address, bytes: segment.memory_bytes, rights: map::rights(segment.rights) }
}
