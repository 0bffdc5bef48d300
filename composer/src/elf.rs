//! The image of a component: what the composer takes from its ELF file.
//!
//! An image is a static position-independent executable. It is read as if it were loaded where it was linked; moving it
//! is [`bind`](crate::pass::bind)'s work. Whatever the file holds, reading it ends in an [`Image`] or in [`Defect`]s.

pub mod defect;
#[cfg(test)]
pub mod fixture;
pub mod memory;
pub mod read;
pub mod record;
pub mod strip;
#[cfg(test)]
mod tests;

pub use defect::Defect;
pub use memory::{Memory, Segment};
pub(crate) use read::{header, word_at};
pub use record::Record;

/// An image, at the addresses for which it was linked.
#[derive(Clone, Debug)]
pub struct Image {
    /// Where its thread starts.
    pub entry: u64,
    /// Its memory, with every relocation applied for a base of 0.
    pub memory: Memory,
    /// Addresses of the words to which the image's base is to be added.
    pub relocations: Vec<u64>,
    /// What it says about itself.
    pub records: Vec<Record>,
}

impl Image {
    /// Reads an ELF file.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, as far as the defects found first let it be read.
    pub fn read(file: &[u8]) -> Result<Self, Vec<Defect>> {
        let read::Loaded { entry, memory, relocations } = read::load(file)?;
        let records = record::read_all(file, &memory)?;
        if !memory.is_executable(entry) {
            return Err(vec![Defect::EntryNotExecutable { address: entry }]);
        }
        Ok(Self { entry, memory, relocations, records })
    }
}
