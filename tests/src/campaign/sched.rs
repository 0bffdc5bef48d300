//! The campaign `sched`: pairs of threads wake each other under one scheduler on two cores (`tests/components/partners`), one pair on
//! each core and two across, with yields, sleeps, work and moves to the other core in between.
//!
//! The seed chooses what happens between two rounds; the emulator's own time does too, so the same seed gives rounds like
//! these and not the same.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use composer::command::build::{Arguments, System, compose};
use composer::temporary::TemporaryDirectory;
use indicatif::ProgressBar;
use qemu::{EXIT_SUCCESS, Ending, Machine, Session};

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;

/// Cores of the machine.
const CORES: u32 = 2;
/// Pairs: one on each core, and two across.
const PAIRS: u64 = 4;
/// The cores of the threads, a pair after the other.
const PLACES: [u32; 2 * PAIRS as usize] = [0, 0, 1, 1, 0, 1, 1, 0];
/// Ticks between two lines that say how far it is.
const REPORT: u64 = 1_000_000_000;

/// Runs the campaign: so many times that one blocks and another wakes it.
///
/// # Errors
///
/// The guest cannot be composed or started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    let directory = TemporaryDirectory::create(&super::directory()?, "sched-")?;
    let system = build(order, directory.path())?;
    bar.set_message("block and wake");
    let mut said = Said { bar, rest: Vec::new(), lines: Vec::new() };
    let machine = Machine::new(system.kernel(), system.bundle()).processors(CORES);
    let patience = Duration::from_secs(240 + order.count / 1_000);
    let run = Session::new(machine).timeout(patience).run(&mut said);
    let ending = match run.ending {
        Ending::Ended { code: EXIT_SUCCESS } => None,
        Ending::Ended { code } => Some(format!("the guest ended with exit status {code}")),
        Ending::TimedOut => Some("the guest did not come to its end: a wake-up may have been lost".to_owned()),
        Ending::EmulatorFailed(why) => return Err(CampaignError::Emulator(why)),
    };
    let mut counts = judge(&said.lines, order.count);
    counts.failures.extend(ending);
    Ok(counts)
}

fn build(order: &Order, directory: &Path) -> Result<System, CampaignError> {
    let (file, output) = (directory.join("sched.toml"), Some(directory.join("system")));
    fs::write(&file, graph(order))?;
    compose(&Arguments { file, output }).map_err(|failure| {
        failure.print();
        CampaignError::Build
    })
}

/// Rounds of each pair: in each, both block and are woken.
const fn rounds(count: u64) -> u64 {
    count.div_ceil(2 * PAIRS)
}

/// That of `tests/systems/migration.toml`, with other numbers.
fn graph(order: &Order) -> String {
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("components/partners");
    let words = [("pairs", PAIRS), ("rounds", rounds(order.count)), ("seed", order.seed), ("report", REPORT)];
    let words = words.map(|(key, value)| format!("{{ key = \"{key}\", value = {} }}", value.cast_signed())).join(", ");
    let threads = PLACES.map(|core| format!("{{ cores = [{core}] }}")).join(", ");
    format!(
        r#"[system]
description = "a soak of block and wake over two cores"
machine = {{ smp = {CORES} }}

[[components]]
name = "booter"
constructor = "kernel"

[[components]]
name = "console"
implements = [{{ interface = "console" }}]
devices = [{{ name = "serial", ports = 0x3f8, count = 8 }}]

[[components]]
name = "sched"
cores = [0, 1]
implements = [{{ interface = "sched" }}]

[[components]]
name = "partners"
img = {:?}
params = [{words}, {{ key = "cores", value = {CORES} }}, {{ key = "migrate", value = true }}]
threads = [{threads}]
deps = [{{ srv = "sched", interface = "sched" }}, {{ srv = "console", interface = "console" }}]
"#,
        image.display().to_string(),
    )
}

/// What the guest's lines come to. Whatever is no line that it has to say is a failure.
fn judge(lines: &[String], count: u64) -> Counts {
    let mut counts = Counts::default();
    let total = PAIRS * rounds(count);
    let mut is_done = false;
    for line in lines.iter().filter(|line| line.starts_with("partners: ") || line.contains("panic")) {
        let text = line.trim_start_matches("partners: ");
        if text.starts_with(&format!("{PAIRS} pairs woke each other {total} times; ")) {
            (counts.tried, is_done) = (2 * total, true);
        } else if let Some(rounds) = rounds_said(line) {
            counts.tried = 2 * rounds;
        } else {
            counts.failures.push(line.clone());
        }
    }
    if !is_done {
        counts.failures.push(format!("the guest never said that its pairs woke each other {total} times"));
    }
    counts.succeeded = if counts.failures.is_empty() { counts.tried } else { 0 };
    counts
}

/// How many rounds are over, if the line says that.
fn rounds_said(line: &str) -> Option<u64> {
    line.strip_prefix("partners: ")?.strip_suffix(" rounds")?.parse().ok()
}

/// Reads the guest's lines as they come.
struct Said<'b> {
    bar: &'b ProgressBar,
    rest: Vec<u8>,
    lines: Vec<String>,
}

impl Write for Said<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            rounds_said(&line).inspect(|rounds| self.bar.set_position(2 * rounds));
            self.lines.push(line);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| format!("partners: {line}")).collect()
    }

    #[test]
    fn only_a_run_that_came_to_its_end_without_complaints_succeeds() {
        let done = "4 pairs woke each other 52 times; 3 moves";
        let counts = judge(&said(&["20 rounds", done]), 100);
        assert_eq!((counts.tried, counts.succeeded, counts.failures.len()), (104, 104, 0));
        let counts = judge(&said(&["20 rounds"]), 100);
        assert_eq!((counts.tried, counts.succeeded, counts.failures.len()), (40, 0, 1));
        let counts = judge(&said(&["thread 3 failed: error 1 of the server", done]), 100);
        assert_eq!((counts.succeeded, counts.failures.len()), (0, 1));
    }
}
