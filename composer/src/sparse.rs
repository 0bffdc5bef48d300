//! What is mostly zeros, such as a disk. Of these there is no memory and, where the file system knows of gaps, no disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes that are there together, or are not.
const RUN: usize = 64 << 10;

/// Bytes of which only those are there that were written; all others are zero. They are read and written as a file is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sparse {
    bytes: u64,
    at: u64,
    /// By number: where they start, in runs.
    runs: BTreeMap<u64, Vec<u8>>,
}

impl Sparse {
    /// So many zeros.
    pub const fn zeros(bytes: u64) -> Self {
        Self { bytes, at: 0, runs: BTreeMap::new() }
    }

    /// How many bytes there are, zeros among them.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Puts all that was written to `other` behind what there is.
    ///
    /// # Errors
    ///
    /// None; that of [`Write::write_all`].
    pub fn append(&mut self, other: &Self) -> io::Result<()> {
        let start = self.bytes;
        self.bytes += other.bytes;
        other.pieces().try_for_each(|(at, piece)| {
            self.at = start + at;
            self.write_all(piece)
        })
    }

    /// Makes a file of it at `path`.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn store(&self, path: &Path) -> io::Result<()> {
        let file = File::create(path)?;
        file.set_len(self.bytes)?;
        self.pieces().try_for_each(|(at, piece)| file.write_all_at(piece, at))
    }

    /// What is there, and where.
    fn pieces(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.runs.iter().map(|(number, run)| {
            let at = number * RUN as u64;
            // The last run may reach beyond the end.
            (at, run.get(..within(run.len(), self.bytes - at)).unwrap_or(run))
        })
    }

    /// The run in which the next byte lies, and how many bytes of those that are `wanted` lie in it from which on.
    fn next(&self, wanted: usize) -> (u64, std::ops::Range<usize>) {
        let (number, from) = (self.at / RUN as u64, within(RUN, self.at % RUN as u64));
        let bytes = within(wanted.min(RUN - from), self.bytes.saturating_sub(self.at));
        (number, from..from + bytes)
    }
}

/// The lesser of both.
fn within(bytes: usize, limit: u64) -> usize {
    usize::try_from(limit).map_or(bytes, |limit| bytes.min(limit))
}

impl Read for Sparse {
    fn read(&mut self, wanted: &mut [u8]) -> io::Result<usize> {
        let (number, range) = self.next(wanted.len());
        let Some(to) = wanted.get_mut(..range.len()) else { return Ok(0) };
        match self.runs.get(&number).and_then(|run| run.get(range)) {
            Some(from) => to.copy_from_slice(from),
            None => to.fill(0),
        }
        self.at += to.len() as u64;
        Ok(to.len())
    }
}

impl Write for Sparse {
    fn write(&mut self, given: &[u8]) -> io::Result<usize> {
        let (number, range) = self.next(given.len());
        let Some(from) = given.get(..range.len()) else { return Ok(0) };
        if !from.is_empty() {
            let run = self.runs.entry(number).or_insert_with(|| vec![0; RUN]);
            run.get_mut(range).into_iter().for_each(|to| to.copy_from_slice(from));
        }
        self.at += from.len() as u64;
        Ok(from.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Sparse {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.bytes.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The bytes of `sparse`, all of them.
    fn all(sparse: &Sparse) -> Vec<u8> {
        let (mut bytes, mut reader) = (Vec::new(), sparse.clone());
        reader.rewind().unwrap();
        reader.read_to_end(&mut bytes).unwrap();
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_written_is_read_as_from_a_file(
            bytes in 0..4 * RUN as u64,
            writes in proptest::collection::vec((0..5 * RUN as u64, 0..2 * RUN, any::<u8>()), 0..8),
        ) {
            let mut sparse = Sparse::zeros(bytes);
            let mut plain = vec![0; bytes as usize];
            for (at, length, byte) in writes {
                let fits = (at + length as u64) <= bytes || length == 0;
                sparse.seek(SeekFrom::Start(at)).unwrap();
                prop_assert_eq!(sparse.write_all(&vec![byte; length]).is_ok(), fits);
                plain.iter_mut().skip(at as usize).take(length).for_each(|place| *place = byte);
            }
            prop_assert!(all(&sparse) == plain);
            let mut twice = sparse.clone();
            twice.append(&sparse).unwrap();
            prop_assert!(all(&twice) == [&plain[..], &plain].concat());
            let place = temp_dir::TempDir::new().unwrap();
            let file = place.path().join("file");
            twice.store(&file).unwrap();
            prop_assert!(std::fs::read(&file).unwrap() == all(&twice));
        }
    }

    #[test]
    fn zeros_take_no_memory() {
        let mut sparse = Sparse::zeros(u64::MAX / 2);
        sparse.seek(SeekFrom::End(-1)).unwrap();
        sparse.write_all(b"!").unwrap();
        assert_eq!(sparse.runs.len(), 1);
        assert!(sparse.seek(SeekFrom::Start(0)).is_ok() && sparse.seek(SeekFrom::Current(-1)).is_err());
    }
}
