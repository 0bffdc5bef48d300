//! The campaign `joins`: threads are started and waited for, and allocate (`tests/components/spawner`); and others of which nobody has the
//! handle any more, as who had it has faulted (`tests/components/bereaved`). There is as much memory as before afterwards, and room for as many
//! threads.
//!
//! Nothing happens by chance: the seed changes nothing.

use std::time::Duration;

use indicatif::ProgressBar;

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;
use super::system::{self, Composed, image, parameters, progress};

/// How many more holders fault, before anything is counted.
const RESULTS: u64 = 32;

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
    let mut counts = judge(&said.console, order.count);
    counts.failures.extend(said.failure);
    Ok(counts)
}

fn graph(order: &Order) -> String {
    let (base, bereaved) = (system::base(1), image("bereaved"));
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

[[components]]
name = "server"
img = {bereaved}
memory = "256KiB"
threads = [{{}}]
implements = [{{ interface = "pong" }}]
deps = [
    {{ srv = "sched", interface = "sched" }}, {{ srv = "console", interface = "console" }},
    {{ srv = "memory", interface = "memory" }},
]

[[components]]
name = "client"
img = {bereaved}
memory = "64KiB"
params = [{}]
deps = [
    {{ srv = "server", interface = "pong" }}, {{ srv = "sched", interface = "sched" }},
    {{ srv = "console", interface = "console" }}, {{ srv = "memory", interface = "memory" }},
]
"#,
        image("spawner"),
        parameters(&[("threads", order.count), ("report", REPORT)]),
        parameters(&[("calls", order.count)]),
    )
}

/// What the guest's lines come to.
fn judge(console: &str, count: u64) -> Counts {
    let joined = format!("spawner: {} threads joined, 0 astray; ", count.next_multiple_of(2));
    let faulted = format!("bereaved: {} holders faulted; ", count + RESULTS);
    let says = |begin: &str| console.lines().any(|line| line.starts_with(begin) && line.ends_with(" left, as before"));
    let is_done = says(&joined) && says(&faulted);
    let is_meant = |line: &&str| line.starts_with("spawner: ") || line.starts_with("bereaved: ");
    let said = || console.lines().filter(is_meant).collect::<Vec<_>>().join("\n");
    let failures =
        if is_done { Vec::new() } else { vec![format!("not all is as before after {count} threads:\n{}", said())] };
    Counts { tried: count, succeeded: if is_done { count } else { 0 }, failures, ..Counts::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_as_much_left_as_before_is_a_success() {
        let joined = |astray: u64, verdict: &str| {
            format!("spawner: 20 threads joined, {astray} astray; 9 pages left, {verdict}\n")
        };
        let said = |astray, one: &str, other: &str| {
            format!("{}bereaved: 52 holders faulted; 9 pages left, {other}\n", joined(astray, one))
        };
        let (good, bad) = ("as before", "NOT as before");
        assert_eq!(judge(&said(0, good, good), 20).succeeded, 20);
        for wrong in [said(1, good, good), said(0, bad, good), said(0, good, bad), joined(0, good), String::new()] {
            assert_eq!(judge(&wrong, 20).failures.len(), 1, "{wrong}");
        }
    }
}
