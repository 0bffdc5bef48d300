//! The campaign `recycle`: components are destroyed while another core is inside them (`tests/components/recycler`).
//!
//! The seed chooses how long the two cores stay where, and so when each component ends; the emulator's own time does too, so
//! the same seed gives lives like these and not the same.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use indicatif::ProgressBar;

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;
use super::system::{self, Composed, image, parameters, progress};

/// Cores of the machine: one that destroys, one that is inside and uses all that it holds, and one that invokes all the time if
/// the host has one for it. Cores that take turns are inside for as long as their turns are, and lives take as long.
fn cores() -> u32 {
    let hosts = thread::available_parallelism().map_or(2, NonZero::get);
    if hosts > 2 { 3 } else { 2 }
}

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
    let system = Composed::new("recycle", &graph(order))?;
    bar.set_message("lives");
    let patience = Duration::from_secs(120 + order.count / 5);
    let mut at = |line: &str| _ = lives(line).inspect(|lives| bar.set_position(*lives));
    let said = system::run(system.machine().processors(cores()), patience, &mut at)?;
    let mut counts = judge(&said.console, order.count);
    counts.failures.extend(said.failure);
    Ok(counts)
}

/// That of `tests/systems/recycle-cores.toml`, with other numbers.
fn graph(order: &Order) -> String {
    let numbers = [("rounds", order.count), ("seed", order.seed), ("others", u64::from(cores()) - 2)];
    format!(
        "[system]\ndescription = \"components destroyed while another core is inside\"\n\n[[components]]\n\
         name = \"recycler\"\nimg = {}\nconstructor = \"kernel\"\n\
         params = [{{ key = \"cores\", value = true }}, {}]\n",
        image("recycler"),
        parameters(&numbers)
    )
}

/// What the guest's lines come to. Whatever is no line that it has to say is a failure.
fn judge(console: &str, count: u64) -> Counts {
    let mut counts = Counts::default();
    for line in console.lines().filter(|line| line.starts_with("recycler: ") || line.contains("panic")) {
        let text = line.trim_start_matches("recycler: ");
        if text == DONE {
            counts.tried = count;
        } else if let Some(lives) = lives(line) {
            counts.tried = lives;
        } else if text != LAST && !text.ends_with(" preempted") {
            counts.failures.push(line.to_owned());
        }
    }
    for expected in [DONE, LAST] {
        if !console.lines().any(|line| line.trim_start_matches("recycler: ") == expected) {
            counts.failures.push(format!("the guest never said `{expected}`"));
        }
    }
    counts.succeeded = if counts.failures.is_empty() { counts.tried } else { 0 };
    counts
}

/// How many lives are over, if the line says that.
fn lives(line: &str) -> Option<u64> {
    progress(line, "recycler", "lives")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[&str]) -> String {
        lines.iter().map(|line| format!("recycler: {line}\n")).collect()
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
