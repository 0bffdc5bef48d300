//! The files that a component starts with: an archive in its memory, which the composer fills and the image reads.
//!
//! | words | contents |
//! |---|---|
//! | 0 | number of files |
//! | then, four for each file, by name | offset and length of the name, offset and length of the contents |
//!
//! Offsets count bytes from the archive's start. Names are UTF-8 with `/` between directories, in ascending order of their bytes.

/// Words of the archive before the first file's.
pub const HEADER_WORDS: usize = 1;

/// Words for each file.
pub const FILE_WORDS: usize = 4;

/// A file, as the archive names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it holds.
    pub contents: &'a [u8],
}

/// An archive's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archive<'a>(pub &'a [u8]);

impl<'a> Archive<'a> {
    /// The files, by name. What is not as the contract says is left out.
    pub fn files(self) -> impl Iterator<Item = File<'a>> {
        let count = self.word(0).unwrap_or(0).min((self.0.len() / (8 * FILE_WORDS)) as u64);
        (0..count).filter_map(move |at| self.file(at as usize))
    }

    /// The contents of the file `name`.
    pub fn get(self, name: &str) -> Option<&'a [u8]> {
        self.files().find(|file| file.name == name).map(|file| file.contents)
    }

    fn file(self, at: usize) -> Option<File<'a>> {
        let word = |number: usize| self.word(HEADER_WORDS + at * FILE_WORDS + number);
        let name = core::str::from_utf8(self.bytes(word(0)?, word(1)?)?).ok()?;
        Some(File { name, contents: self.bytes(word(2)?, word(3)?)? })
    }

    fn word(self, at: usize) -> Option<u64> {
        let bytes = self.0.get(8 * at..8 * at + 8)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    }

    fn bytes(self, offset: u64, length: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(offset).ok()?;
        self.0.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::vec::Vec;

    #[test]
    fn a_file_is_found_by_its_name() {
        let words: [u64; 9] = [2, 72, 1, 73, 2, 75, 3, 78, 0];
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend(b"aoka/b");
        let archive = Archive(&bytes);
        assert_eq!(archive.get("a"), Some(&b"ok"[..]));
        assert_eq!(archive.get("a/b"), Some(&b""[..]));
        assert_eq!(archive.get("b"), None);
        for length in 0..bytes.len() {
            let cut = Archive(bytes.get(..length).unwrap());
            assert!(cut.files().count() <= 2, "what is cut off is left out");
        }
    }
}
