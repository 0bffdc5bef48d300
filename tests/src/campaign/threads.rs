//! The campaign `threads`: threads are created, wait at a blockpoint that is made for them, and end (`tests/components/threaded`). What there
//! is room for is afterwards what it was before.
//!
//! Nothing happens by chance: the seed changes nothing.

use std::time::Duration;

use indicatif::ProgressBar;

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;
use super::system::{self, Composed, image, parameters, progress};

/// Lives in a round.
const TOGETHER: u64 = 2;
/// Rounds between two lines that say how far it is.
const REPORT: u64 = 1_000;

/// Runs the campaign.
///
/// # Errors
///
/// The guest cannot be composed or started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    let system = Composed::new("threads", &graph(order))?;
    bar.set_message("lives");
    let patience = Duration::from_secs(120 + order.count / 100);
    let mut at = |line: &str| _ = lives(line).inspect(|lives| bar.set_position(*lives));
    let said = system::run(system.machine(), patience, &mut at)?;
    let mut counts = judge(&said.console, order.count);
    counts.failures.extend(said.failure);
    Ok(counts)
}

/// That of `tests/systems/lives.toml`, with other numbers.
fn graph(order: &Order) -> String {
    let words = [("name", u64::from(b'a')), ("rounds", order.count.div_ceil(TOGETHER)), ("report", REPORT)];
    let base = system::base(1);
    format!(
        r#"[system]
description = "threads that come and go"

{base}
[[components]]
name = "parent"
img = {}
params = [{{ key = "lives", value = true }}, {}]
threads = [{{}}, {{}}]
deps = [{{ srv = "sched", interface = "sched" }}, {{ srv = "console", interface = "console" }}]
"#,
        image("threaded"),
        parameters(&words)
    )
}

/// What the guest's lines come to. Whatever is no line that it has to say is a failure.
fn judge(console: &str, count: u64) -> Counts {
    let mut counts = Counts::default();
    let total = count.div_ceil(TOGETHER) * TOGETHER;
    let mut is_done = false;
    for line in console.lines().filter(|line| line.starts_with("a: ") || line.contains("panic")) {
        if line.starts_with(&format!("a: {total} lives; room for ")) && line.ends_with(", as before") {
            (counts.tried, is_done) = (total, true);
        } else if let Some(lives) = lives(line) {
            counts.tried = lives;
        } else {
            counts.failures.push(line.to_owned());
        }
    }
    if !is_done {
        counts.failures.push(format!("the guest never said that there was room after {total} lives as before"));
    }
    counts.succeeded = if counts.failures.is_empty() { counts.tried } else { 0 };
    counts
}

/// How many lives are over, if the line says that.
fn lives(line: &str) -> Option<u64> {
    progress(line, "a", "lives")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_as_much_room_as_before_is_a_success() {
        let end =
            |verdict: &str| format!("a: 2000 lives\na: 3000 lives; room for 2 threads and 9 blockpoints, {verdict}\n");
        let counts = judge(&end("as before"), 2_999);
        assert_eq!((counts.tried, counts.succeeded, counts.failures.len()), (3_000, 3_000, 0));
        assert_eq!(judge(&end("NOT as before"), 2_999).failures.len(), 2);
        let counts = judge("a: 2000 lives\n", 2_999);
        assert_eq!((counts.tried, counts.succeeded, counts.failures.len()), (2_000, 0, 1));
    }
}
