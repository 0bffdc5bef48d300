//! The memory that a machine leaves, and how far stacks were used in it.

use std::io;
use std::path::{Path, PathBuf};

use super::{Outcome, System};
use crate::inspect::Dump;
use crate::inspect::marks::{Mark, marks};
use crate::pass::memory::{Image, parts};
use crate::temporary::TemporaryDirectory;
use crate::text;

/// A machine's memory, in a file that goes away with this.
pub struct Memory {
    directory: TemporaryDirectory,
    bytes: u64,
}

impl Memory {
    /// A place for so many bytes of memory, beside the system.
    ///
    /// # Errors
    ///
    /// The file system's.
    pub fn create(system: &System, bytes: u64) -> io::Result<Self> {
        let place = system.directory.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { directory: TemporaryDirectory::create(place, ".memory-")?, bytes })
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("memory")
    }

    /// Whether all stacks were used within their bounds, and what to say about it.
    pub fn judge(&self, system: &System) -> (Outcome, String) {
        let kernel = &system.images.kernel;
        let left = Dump::of_memory(&self.file(), &parts(self.bytes), Image::of(kernel).end);
        match left.ok().and_then(|left| marks(kernel, &system.report, left)) {
            Some(marks) => judge(&marks),
            None => (Outcome::NoResult, "the machine has left no memory with stacks".into()),
        }
    }
}

fn judge(marks: &[Mark]) -> (Outcome, String) {
    let beyond: Vec<String> = marks.iter().filter(|mark| mark.is_beyond()).map(describe).collect();
    if beyond.is_empty() {
        let count = marks.iter().filter(|mark| mark.stack.bound.is_some()).count();
        return (Outcome::AsDeclared, format!("{} used within their bounds", text::count(count, "stack")));
    }
    (Outcome::Otherwise, format!("stacks were used further than their bounds:\n  {}", beyond.join("\n  ")))
}

fn describe(mark: &Mark) -> String {
    let Mark { component, stack } = mark;
    let bound = stack.bound.unwrap_or(0);
    format!("`{component}`, thread {}: {} bytes, at most {bound} were to be used", stack.thread, stack.used)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::spaces::Stack;

    #[test]
    fn one_byte_too_much_is_said() {
        let mark =
            |used| Mark { component: "ping".into(), stack: Stack { thread: 3, bytes: 4096, used, bound: Some(456) } };
        assert_eq!(judge(&[mark(456), mark(0)]), (Outcome::AsDeclared, "2 stacks used within their bounds".into()));
        let (outcome, words) = judge(&[mark(456), mark(464)]);
        assert_eq!(outcome, Outcome::Otherwise);
        assert!(words.ends_with("\n  `ping`, thread 3: 464 bytes, at most 456 were to be used"), "{words}");
        let unchecked = Mark { stack: Stack { bound: None, ..mark(4096).stack }, ..mark(0) };
        assert_eq!(judge(&[unchecked]).0, Outcome::AsDeclared);
    }
}
