//! The campaign `recycle`: components are destroyed while another core is inside them (`tests/components/recycler`).
//!
//! The seed chooses how long the two cores stay where, and so when each component ends; the emulator's own time does too, so
//! the same seed gives lives like these and not the same.

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

/// Cores of the machine: one that destroys, one that is inside and uses all that it holds, and one that invokes all the time.
const CORES: u32 = 3;
/// What the guest says last if every frame is there.
const LAST: &str = "64 of 64 frames can be used again";
/// What the guest says when the lives are over.
const DONE: &str = "whole components, with another core inside: done";

/// Runs the campaign.
///
/// # Errors
///
/// The guest cannot be composed or started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    let directory = TemporaryDirectory::create(&super::directory()?, "recycle-")?;
    let system = build(order, directory.path())?;
    bar.set_message("lives");
    let mut said = Said { bar, rest: Vec::new(), lines: Vec::new() };
    let machine = Machine::new(system.kernel(), system.bundle()).processors(CORES);
    let patience = Duration::from_secs(120 + order.count / 5);
    let run = Session::new(machine).timeout(patience).run(&mut said);
    let ending = match run.ending {
        Ending::Ended { code: EXIT_SUCCESS } => None,
        Ending::Ended { code } => Some(format!("the guest ended with exit status {code}")),
        Ending::TimedOut => Some("the guest did not come to its end".to_owned()),
        Ending::EmulatorFailed(why) => return Err(CampaignError::Emulator(why)),
    };
    let mut counts = judge(&said.lines, order.count);
    counts.failures.extend(ending);
    Ok(counts)
}

fn build(order: &Order, directory: &Path) -> Result<System, CampaignError> {
    let (file, output) = (directory.join("recycle.toml"), Some(directory.join("system")));
    fs::write(&file, graph(order))?;
    compose(&Arguments { file, output }).map_err(|failure| {
        failure.print();
        CampaignError::Build
    })
}

/// That of `tests/systems/recycle-cores.toml`, with other numbers.
fn graph(order: &Order) -> String {
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("components/recycler");
    let numbers = [("rounds", order.count), ("seed", order.seed), ("others", u64::from(CORES) - 2)];
    let numbers = numbers.map(|(key, value)| format!("{{ key = \"{key}\", value = {} }}", value.cast_signed()));
    format!(
        "[system]\ndescription = \"components destroyed while another core is inside\"\n\n[[components]]\n\
         name = \"recycler\"\nimg = {:?}\nconstructor = \"kernel\"\n\
         params = [{{ key = \"cores\", value = true }}, {}]\n",
        image.display().to_string(),
        numbers.join(", ")
    )
}

/// What the guest's lines come to. Whatever is no line that it has to say is a failure.
fn judge(lines: &[String], count: u64) -> Counts {
    let mut counts = Counts::default();
    for line in lines.iter().filter(|line| line.starts_with("recycler: ") || line.contains("panic")) {
        let text = line.trim_start_matches("recycler: ");
        if text == DONE {
            counts.tried = count;
        } else if let Some(lives) = lives(line) {
            counts.tried = lives;
        } else if text != LAST && !text.ends_with(" preempted") {
            counts.failures.push(line.clone());
        }
    }
    for expected in [DONE, LAST] {
        if !lines.iter().any(|line| line.trim_start_matches("recycler: ") == expected) {
            counts.failures.push(format!("the guest never said `{expected}`"));
        }
    }
    counts.succeeded = if counts.failures.is_empty() { counts.tried } else { 0 };
    counts
}

/// How many lives are over, if the line says that.
fn lives(line: &str) -> Option<u64> {
    line.strip_prefix("recycler: ")?.strip_suffix(" lives")?.parse().ok()
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
            lives(&line).inspect(|lives| self.bar.set_position(*lives));
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
        lines.iter().map(|line| format!("recycler: {line}")).collect()
    }

    #[test]
    fn only_a_run_that_came_to_its_end_without_complaints_succeeds() {
        let all = ["100 lives", "9 visits, 3 unwound, 4 preempted", DONE, LAST];
        let counts = judge(&said(&all), 150);
        assert_eq!((counts.tried, counts.succeeded, counts.failures.len()), (150, 150, 0));
        let counts = judge(&said(&all[..2]), 150);
        assert_eq!((counts.tried, counts.succeeded, counts.failures.len()), (100, 0, 2));
        for wrong in ["somebody has written to frame 7", "63 of 64 frames can be used again"] {
            let lines = said(&[DONE, wrong, LAST]);
            assert_eq!(judge(&lines, 150).failures, [format!("recycler: {wrong}")]);
        }
    }
}
