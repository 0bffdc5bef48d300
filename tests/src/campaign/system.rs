//! A system that a campaign composes, boots and reads.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use composer::command::build::{Arguments, System, compose};
use composer::temporary::TemporaryDirectory;
use qemu::{EXIT_SUCCESS, Ending, Machine, Session};

use super::error::CampaignError;

/// A system that has been composed. Its files are there for as long as it is.
pub struct Composed {
    system: System,
    _directory: TemporaryDirectory,
}

impl Composed {
    /// Composes `graph` under this name.
    ///
    /// # Errors
    ///
    /// [`CampaignError::Build`], [`CampaignError::Files`].
    pub fn new(name: &str, graph: &str) -> Result<Self, CampaignError> {
        let directory = TemporaryDirectory::create(&super::directory()?, &format!("{name}-"))?;
        let (file, output) = (directory.path().join(format!("{name}.toml")), Some(directory.path().join("system")));
        fs::write(&file, graph)?;
        let system = compose(&Arguments { file, output }).map_err(|failure| {
            failure.print();
            CampaignError::Build
        })?;
        Ok(Self { system, _directory: directory })
    }

    /// A machine that boots it.
    pub fn machine(&self) -> Machine {
        Machine::new(self.system.kernel(), self.system.bundle())
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// All that was printed.
    pub console: String,
    /// What is wrong with how it ended, if anything, and what was printed last.
    pub failure: Option<String>,
}

/// Boots `machine`, for so long at most. `line` is told each line as it comes.
///
/// # Errors
///
/// [`CampaignError::Emulator`].
pub fn run(machine: Machine, patience: Duration, line: &mut dyn FnMut(&str)) -> Result<Said, CampaignError> {
    let run = Session::new(machine).timeout(patience).run(&mut Lines { rest: Vec::new(), line });
    let failure = match run.ending {
        Ending::Ended { code: EXIT_SUCCESS } => None,
        Ending::Ended { code } => Some(format!("the guest ended with exit status {code}")),
        Ending::TimedOut => Some("the guest did not come to its end".to_owned()),
        Ending::EmulatorFailed(why) => return Err(CampaignError::Emulator(why)),
    };
    let console = String::from_utf8_lossy(&run.console).into_owned();
    let failure = failure.map(|failure| format!("{failure}; the last lines were:\n{}", last_lines(&console)));
    Ok(Said { console, failure })
}

/// What was printed last.
fn last_lines(console: &str) -> String {
    const LINES: usize = 12;
    let count = console.lines().count();
    let last = console.lines().skip(count.saturating_sub(LINES)).map(|line| line.escape_default().to_string());
    last.collect::<Vec<_>>().join("\n")
}

/// Reads the guest's lines as they come.
struct Lines<'l> {
    rest: Vec<u8>,
    line: &'l mut dyn FnMut(&str),
}

impl Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            (self.line)(String::from_utf8_lossy(&line).trim_end());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The number in a line that says how far the component `who` is, in such units: `who: 100 lives`.
pub fn progress(line: &str, who: &str, unit: &str) -> Option<u64> {
    line.strip_prefix(who)?.strip_prefix(": ")?.strip_suffix(unit)?.strip_suffix(' ')?.parse().ok()
}

/// What each graph begins with: booter, console, and a scheduler on so many cores.
pub fn base(cores: u32) -> String {
    let cores: Vec<_> = (0..cores).collect();
    format!(
        r#"[[components]]
name = "booter"
constructor = "kernel"

[[components]]
name = "console"
implements = [{{ interface = "console" }}]
devices = [{{ name = "serial", ports = 0x3f8, count = 8 }}]

[[components]]
name = "sched"
cores = {cores:?}
implements = [{{ interface = "sched" }}]
"#
    )
}

/// A component of the tests, as a graph names it.
pub fn image(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("components").join(name);
    format!("{:?}", path.display().to_string())
}

/// Numbers, or whether something is so, as a graph gives them to a component.
pub fn parameters(values: &[(&str, impl fmt::Display)]) -> String {
    let one = |(key, value): &(&str, _)| format!("{{ key = \"{key}\", value = {value} }}");
    values.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_when_they_are_whole() {
        let mut told = Vec::new();
        let mut each = |line: &str| told.push(line.to_owned());
        let mut lines = Lines { rest: Vec::new(), line: &mut each };
        for piece in ["one\r\nt", "wo", "\n\nthree"] {
            lines.write_all(piece.as_bytes()).unwrap();
        }
        assert_eq!(told, ["one", "two", ""]);
    }

    #[test]
    fn the_last_lines_are_shown_as_text() {
        let console: String = (1..=20).map(|number| format!("line {number}\u{7}\n")).collect();
        let last = last_lines(&console);
        assert_eq!(last.lines().count(), 12);
        assert!(last.starts_with("line 9\\u{7}") && last.ends_with("line 20\\u{7}"), "{last}");
    }

    #[test]
    fn how_far_a_component_is_is_read_from_its_own_lines_only() {
        assert_eq!(progress("recycler: 100 lives", "recycler", "lives"), Some(100));
        for other in ["recycler: 100 rounds", "partners: 100 lives", "recycler: many lives", "recycler: 100lives"] {
            assert_eq!(progress(other, "recycler", "lives"), None, "{other}");
        }
    }

    #[test]
    fn numbers_are_given_as_signed_words() {
        let words = parameters(&[("rounds", 3), ("list", u64::MAX)]);
        assert_eq!(words, "{ key = \"rounds\", value = 3 }, { key = \"list\", value = 18446744073709551615 }");
    }
}
