//! What a multiboot2 loader says (Multiboot2 Specification 2.0, section 3.6): a list of tags.
//!
//! Read word by word where the loader has put it, as [`acpi`] reads its tables: no tag is taken to be longer than it says. What the
//! numbers mean is the crate's to say; its own reader panics, with all that formatting needs, where a tag is not what it
//! should be, and would be a sixteenth of the kernel's code.

use super::acpi::{self, Root, word};
use super::information::{InformationError, Machine, Region, finish};
use multiboot2::{MemoryAreaType, TagType};

pub use multiboot2::MAGIC;

/// Bytes before the first tag, and of a tag's own header.
const HEADER_BYTES: u64 = 8;

/// A tag: its kind and where it lies, its header included.
struct Tag {
    kind: TagType,
    start: u64,
    end: u64,
}

/// Reads the boot information at physical address `information`.
pub fn read(information: u32) -> Result<Machine, InformationError> {
    let start = u64::from(information);
    let bytes = word(start, 4).ok_or(InformationError::Malformed)?;
    finish("multiboot2", &mut |machine| fill(machine, start + HEADER_BYTES, start + bytes))
}

fn fill(machine: &mut Machine, mut at: u64, end: u64) -> Result<(), InformationError> {
    let mut root = None;
    loop {
        let tag = tag(at, end).ok_or(InformationError::Malformed)?;
        match tag.kind {
            TagType::End => break,
            TagType::Module if machine.bundle.end == 0 => {
                machine.bundle = module(&tag).ok_or(InformationError::Malformed)?
            }
            TagType::Mmap => memory_map(machine, &tag).ok_or(InformationError::Malformed)?,
            TagType::AcpiV1 => root = root.or(tag.word(24, 4).map(Root::Rsdt)),
            TagType::AcpiV2 => root = tag.word(32, 8).map(Root::Xsdt).or(root),
            _ => {}
        }
        at = tag.end.next_multiple_of(8);
    }
    if let Some(root) = root {
        acpi::read(root, machine);
    }
    Ok(())
}

/// The tag at `at`, if it ends before `end`.
fn tag(at: u64, end: u64) -> Option<Tag> {
    let (kind, bytes) = (TagType::from(word(at, 4)? as u32), word(at + 4, 4)?);
    (bytes >= HEADER_BYTES && at + bytes <= end).then_some(Tag { kind, start: at, end: at + bytes })
}

fn module(tag: &Tag) -> Option<Region> {
    Some(Region { start: tag.word(8, 4)?, end: tag.word(12, 4)? })
}

fn memory_map(machine: &mut Machine, tag: &Tag) -> Option<()> {
    const FIRST: u64 = 16;
    const LEAST_BYTES: u64 = 24;
    let bytes = tag.word(8, 4).filter(|bytes| *bytes >= LEAST_BYTES)?;
    let mut entry = FIRST;
    while tag.start + entry + bytes <= tag.end {
        if MemoryAreaType::from(tag.word(entry + 16, 4)? as u32) == MemoryAreaType::Available {
            machine.add_usable(tag.word(entry, 8)?, tag.word(entry + 8, 8)?);
        }
        entry += bytes;
    }
    Some(())
}

impl Tag {
    /// The word of `bytes` bytes at `at`, if the tag is as long as that.
    fn word(&self, at: u64, bytes: u64) -> Option<u64> {
        if self.start + at + bytes <= self.end { word(self.start + at, bytes) } else { None }
    }
}
