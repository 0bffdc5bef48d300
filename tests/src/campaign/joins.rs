//! The campaign `joins`: threads are started and waited for, and allocate (`tests/components/spawner`). There is as much memory as before
//! afterwards, and room for as many threads.
//!
//! Nothing happens by chance: the seed changes nothing.

use std::time::Duration;

use indicatif::ProgressBar;

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;
use super::system::{self, Composed, image, parameters, progress};

/// Threads between two lines that say how far it is.
const REPORT: u64 = 2_000;

/// Runs the campaign.
///
/// # Errors
///
/// The guest cannot be composed or started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    let system = Composed::new("joins", &graph(order))?;
    bar.set_message("threads");
    let patience = Duration::from_secs(120 + order.count / 100);
    let mut at = |line: &str| _ = progress(line, "spawner", "threads").inspect(|threads| bar.set_position(*threads));
    let said = system::run(system.machine(), patience, &mut at)?;
    let mut counts = judge(&said.console, order.count.next_multiple_of(2));
    counts.failures.extend(said.failure);
    Ok(counts)
}

fn graph(order: &Order) -> String {
    let base = system::base(1);
    format!(
        r#"[system]
description = "threads that are started and waited for"

{base}
[[components]]
name = "memory"
implements = [{{ interface = "memory" }}]

[[components]]
name = "spawner"
img = {}
memory = "256KiB"
params = [{}]
threads = [{{}}, {{}}]
deps = [
    {{ srv = "sched", interface = "sched" }}, {{ srv = "console", interface = "console" }},
    {{ srv = "memory", interface = "memory" }},
]
"#,
        image("spawner"),
        parameters(&[("threads", order.count), ("report", REPORT)])
    )
}

/// What the guest's lines come to.
fn judge(console: &str, count: u64) -> Counts {
    let begin = format!("spawner: {count} threads joined, 0 astray; ");
    let is_done = console.lines().any(|line| line.starts_with(&begin) && line.ends_with(" left, as before"));
    let said = || console.lines().filter(|line| line.contains("spawner")).collect::<Vec<_>>().join("\n");
    let failures =
        if is_done { Vec::new() } else { vec![format!("not all is as before after {count} threads:\n{}", said())] };
    Counts { tried: count, succeeded: if is_done { count } else { 0 }, failures, ..Counts::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_as_much_left_as_before_is_a_success() {
        let said = |astray: u64, verdict: &str| {
            format!("spawner: 20 threads joined, {astray} astray; 9 pages left, {verdict}\n")
        };
        assert_eq!(judge(&said(0, "as before"), 20).succeeded, 20);
        for wrong in [said(1, "as before"), said(0, "NOT as before"), String::new()] {
            assert_eq!(judge(&wrong, 20).failures.len(), 1, "{wrong}");
        }
    }
}
