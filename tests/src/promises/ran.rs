//! The tests that ran, from what Rust's test runner prints.

use std::collections::{BTreeMap, BTreeSet};

/// The tests that ran.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    times: BTreeMap<String, usize>,
    ignored: BTreeSet<String>,
}

impl Ran {
    /// Reads the output of `cargo test`: lines such as `test NAME ... ok`. Whether a test failed is not asked: then
    /// there is nothing left to ask.
    pub fn read(output: &str) -> Self {
        let mut ran = Self::default();
        for line in output.lines() {
            let Some((name, result)) = line.strip_prefix("test ").and_then(|line| line.split_once(" ... ")) else {
                continue;
            };
            let name = name.trim_end().trim_end_matches(" - should panic").to_owned();
            if result.starts_with("ignored") {
                ran.ignored.insert(name);
            } else {
                *ran.times.entry(name).or_default() += 1;
            }
        }
        ran
    }

    /// How many tests of this name ran.
    pub fn times(&self, name: &str) -> usize {
        self.times.get(name).copied().unwrap_or(0)
    }

    /// Whether a test of this name was left out.
    pub fn is_ignored(&self, name: &str) -> bool {
        self.ignored.contains(name)
    }

    /// The number of tests that ran.
    pub fn count(&self) -> usize {
        self.times.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runners_lines_are_read() {
        let output = "\n\
            running 4 tests\n\
            test one ... ok\n\
            test deep::two - should panic ... ok\n\
            test three ... something that it printed itself\n\
            ok\n\
            test four  ... ignored\n\
            test fifth::padded   ... ok\n\
            test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        let ran = Ran::read(output);
        assert_eq!(
            ["one", "deep::two", "three", "four", "fifth::padded", "six"].map(|name| ran.times(name)),
            [1, 1, 1, 0, 1, 0]
        );
        assert!(ran.is_ignored("four") && !ran.is_ignored("one"));
        assert_eq!(ran.count(), 4);
    }
}
