//! The memory that a machine leaves, and how far stacks were used in it.

use std::io;
use std::path::{Path, PathBuf};

use super::{Outcome, System};
use crate::inspect::Dump;
use crate::inspect::left::{Left, left};
use crate::inspect::spaces::Stack;
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

    /// What the machine has left, if it had come up.
    pub fn left(&self, system: &System) -> Option<Vec<Left>> {
        let kernel = &system.images.kernel;
        let dump = Dump::of_memory(&self.file(), &parts(self.bytes), Image::of(kernel).end).ok()?;
        left(kernel, &system.report, dump)
    }

    /// Whether all stacks were used within their bounds, and what to say about it.
    pub fn judge(&self, system: &System) -> (Outcome, String) {
        match self.left(system) {
            Some(left) => judge(&left),
            None => (Outcome::NoResult, "the machine has left no memory with stacks".into()),
        }
    }
}

fn judge(left: &[Left]) -> (Outcome, String) {
    let stacks = || left.iter().flat_map(|left| left.stacks.iter().map(|stack| (left.component.as_str(), stack)));
    let beyond = stacks().filter_map(|(component, stack)| beyond(component, stack));
    let beyond: Vec<String> = beyond.collect();
    if beyond.is_empty() {
        let count = stacks().filter(|(_, stack)| stack.bound.is_some()).count();
        return (Outcome::AsDeclared, format!("{} used within their bounds", text::count(count, "stack")));
    }
    (Outcome::Otherwise, format!("stacks were used further than their bounds:\n  {}", beyond.join("\n  ")))
}

/// What to say of a stack of which more was used than is said beforehand.
fn beyond(component: &str, stack: &Stack) -> Option<String> {
    let bound = stack.bound.filter(|bound| stack.used > *bound)?;
    let Stack { thread, used, .. } = stack;
    Some(format!("`{component}`, thread {thread}: {used} bytes, at most {bound} were to be used"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_too_much_is_said() {
        let left = |used: &[(u64, Option<u64>)]| {
            let stack =
                |(used, bound): &(u64, Option<u64>)| Stack { thread: 3, bytes: 4096, used: *used, bound: *bound };
            [Left { component: "ping".into(), pages: Default::default(), stacks: used.iter().map(stack).collect() }]
        };
        let within = left(&[(456, Some(456)), (0, Some(456)), (4096, None)]);
        assert_eq!(judge(&within), (Outcome::AsDeclared, "2 stacks used within their bounds".into()));
        let (outcome, words) = judge(&left(&[(456, Some(456)), (464, Some(456))]));
        assert_eq!(outcome, Outcome::Otherwise);
        assert!(words.ends_with("\n  `ping`, thread 3: 464 bytes, at most 456 were to be used"), "{words}");
    }
}
