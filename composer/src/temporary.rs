//! Directories for what is not whole yet.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// A directory of its own, which is removed, with all that is in it, when this value goes away.
///
/// It lies where its maker says, so that what is whole can be renamed to its place: a name cannot move to another file
/// system. If the directory itself is renamed, nothing is left to remove.
#[derive(Debug)]
pub struct TemporaryDirectory {
    path: PathBuf,
}

impl TemporaryDirectory {
    /// A fresh directory in `parent`, whose name starts with `prefix`.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn create(parent: &Path, prefix: &str) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("{prefix}{}-{number}", process::id()));
            match fs::create_dir(&path) {
                // A process that was killed had the same number and left it behind.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => return result.map(|()| Self { path }),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        // Nobody is left to tell; what remains is recognised by its name.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use temp_dir::TempDir;

    fn entries(directory: &Path) -> usize {
        fs::read_dir(directory).unwrap().count()
    }

    #[test]
    fn it_goes_away_with_its_contents() {
        let place = TempDir::new().unwrap();
        let directory = TemporaryDirectory::create(place.path(), "test-").unwrap();
        fs::write(directory.path().join("file"), "text").unwrap();
        assert_eq!(directory.path().parent(), Some(place.path()));
        drop(directory);
        assert_eq!(entries(place.path()), 0);
    }

    #[test]
    fn names_are_not_used_twice() {
        let place = TempDir::new().unwrap();
        let number = |directory: &TemporaryDirectory| {
            let name = directory.path().file_name().unwrap().to_str().unwrap();
            name.rsplit_once('-').unwrap().1.parse::<u64>().unwrap()
        };
        let first = number(&TemporaryDirectory::create(place.path(), "test-").unwrap());
        // Left behind by another process of the same number; tests beside this one take a few names, too.
        for number in first..first + 100 {
            fs::create_dir(place.path().join(format!("test-{}-{number}", process::id()))).unwrap();
        }
        let fresh = TemporaryDirectory::create(place.path(), "test-").unwrap();
        assert!(number(&fresh) >= first + 100);
        assert_eq!(entries(fresh.path()), 0);
    }

    #[test]
    fn what_was_renamed_stays() {
        let place = TempDir::new().unwrap();
        let directory = TemporaryDirectory::create(place.path(), "test-").unwrap();
        fs::write(directory.path().join("file"), "text").unwrap();
        fs::rename(directory.path(), place.path().join("whole")).unwrap();
        drop(directory);
        assert_eq!(fs::read_to_string(place.path().join("whole/file")).unwrap(), "text");
    }

    #[test]
    fn a_parent_that_is_not_there_is_an_error() {
        let place = TempDir::new().unwrap();
        let error = TemporaryDirectory::create(&place.path().join("nowhere"), "test-").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
