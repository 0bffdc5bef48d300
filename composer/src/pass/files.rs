//! The files that components start with: read beside the graph, and put into an archive in the component's memory. See
//! [`abi::files`].

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use abi::files::{FILE_WORDS, HEADER_WORDS};
use abi::layout::READ;

use super::layout::Space;
use crate::code::UNREADABLE_FILES;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::elf::Segment;
use crate::graph::{Component, Files, Graph};
use crate::text;

/// Bytes that the files of a component may have.
const LIMIT: u64 = 64 << 20;
/// Directories within each other.
const DEPTH: usize = 16;

/// Reads the files of all components, by their paths from `directory`.
pub fn read(graph: &mut Graph, directory: &Path, found: &mut Diagnostics) {
    for files in graph.components.iter_mut().filter_map(|component| component.initfs.as_mut()) {
        let path = directory.join(&files.path.value);
        let mut all = Vec::new();
        match collect(&path, "", DEPTH, &mut LIMIT.clone(), &mut all) {
            Ok(()) => {
                all.sort();
                files.files = all;
            }
            Err(error) => found.push(unreadable(files, &error)),
        }
    }
}

fn unreadable(files: &Files, error: &io::Error) -> Diagnostic {
    let message = format!("cannot read the files in {}: {error}", text::quote(&files.path.value));
    let complaint = Diagnostic::error(UNREADABLE_FILES, message).label(&files.path.span, "a path from the graph file");
    complaint.help(format!("a directory, or a file, of together at most {}", text::size(LIMIT)))
}

/// The file at `path`, or the files in the directory there; `left` is how many bytes there may still be.
fn collect(path: &Path, name: &str, depth: usize, left: &mut u64, all: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    let own = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidFilename)?;
    if metadata.is_file() {
        let mut contents = Vec::new();
        File::open(path)?.take(*left + 1).read_to_end(&mut contents)?;
        *left = left.checked_sub(contents.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        all.push((if name.is_empty() { own.to_owned() } else { name.to_owned() }, contents));
        return Ok(());
    }
    if !metadata.is_dir() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let depth = depth.checked_sub(1).ok_or(io::ErrorKind::QuotaExceeded)?;
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let own = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidFilename)?;
        let name = if name.is_empty() { own.to_owned() } else { format!("{name}/{own}") };
        collect(&path, &name, depth, left, all)?;
    }
    Ok(())
}

/// Bytes of the archive of a component's files.
pub fn length(files: &Files) -> u64 {
    let words = HEADER_WORDS + FILE_WORDS * files.files.len();
    let contents = files.files.iter().map(|(name, contents)| (name.len() + contents.len()) as u64);
    8 * words as u64 + contents.sum::<u64>()
}

/// The archive, as memory; `None` if the component has no files.
pub fn segment(component: &Component, space: &Space) -> Option<Segment> {
    let (files, (address, length)) = (component.initfs.as_ref()?, space.files?);
    let memory_bytes = length.next_multiple_of(abi::layout::PAGE);
    Some(Segment { address, memory_bytes, contents: archive(files), rights: READ })
}

fn archive(files: &Files) -> Vec<u8> {
    let mut words = vec![files.files.len() as u64];
    let mut at = 8 * (HEADER_WORDS + FILE_WORDS * files.files.len()) as u64;
    for part in files.files.iter().flat_map(|(name, contents)| [name.as_bytes(), contents]) {
        words.extend([at, part.len() as u64]);
        at += part.len() as u64;
    }
    let table = words.iter().flat_map(|word| word.to_le_bytes());
    let parts = files.files.iter().flat_map(|(name, contents)| name.bytes().chain(contents.iter().copied()));
    table.chain(parts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Spanned;
    use abi::files::Archive;

    #[test]
    fn an_archive_is_read_as_it_was_written() {
        let place = temp_dir::TempDir::new().unwrap();
        fs::create_dir(place.child("sub")).unwrap();
        fs::write(place.child("b"), "second").unwrap();
        fs::write(place.child("sub/a"), "first").unwrap();
        let mut all = Vec::new();
        collect(place.path(), "", DEPTH, &mut 100, &mut all).unwrap();
        all.sort();
        let path = Spanned { value: String::new(), span: 0..0 };
        let bytes = archive(&Files { path: path.clone(), files: all.clone() });
        assert_eq!(bytes.len() as u64, length(&Files { path, files: all }));
        let archive = Archive(&bytes);
        let names: Vec<_> = archive.files().map(|file| file.name).collect();
        assert_eq!(names, ["b", "sub/a"]);
        assert_eq!(archive.get("sub/a"), Some(&b"first"[..]));
        assert!(collect(place.path(), "", DEPTH, &mut 10, &mut Vec::new()).is_err(), "too large");
        assert!(collect(&place.child("nowhere"), "", DEPTH, &mut 10, &mut Vec::new()).is_err());
    }
}
