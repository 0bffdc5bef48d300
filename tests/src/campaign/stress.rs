//! The campaign `stress`: sixty-four threads of eight components on two cores work under locks, at channels, queues, conditions and permits,
//! and execute in each other's components (`tests/components/toiler`). What they do adds up in each.
//!
//! Nothing happens by chance but what the emulator's two threads do to each other: the seed changes nothing.

use std::time::Duration;

use indicatif::ProgressBar;

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;
use super::system::{self, Composed, image, parameters};

/// Cores of the machine.
const CORES: u32 = 2;
/// The components, by the letters with which their lines start; each calls the next.
const NAMES: &str = "abcdefgh";
/// Threads of each.
const THREADS: u64 = 8;
/// Operations in a round of a thread.
const KINDS: u64 = 7;

/// Runs the campaign: so many operations, all together.
///
/// # Errors
///
/// The guest cannot be composed or started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    let system = Composed::new("stress", &graph(rounds(order.count)))?;
    bar.set_message("operations");
    let patience = Duration::from_secs(300 + order.count / 500);
    let mut at = |line: &str| bar.inc(NAMES.chars().filter_map(|name| operations(line, name)).sum());
    let said = system::run(system.machine().processors(CORES), patience, &mut at)?;
    let mut counts = judge(&said.console, rounds(order.count));
    counts.failures.extend(said.failure);
    Ok(counts)
}

/// Rounds of each thread.
const fn rounds(count: u64) -> u64 {
    count.div_ceil(NAMES.len() as u64 * THREADS * KINDS)
}

fn graph(rounds: u64) -> String {
    let next = NAMES.chars().skip(1).map(Some).chain([None]);
    let components: String = NAMES.chars().zip(next).map(|(name, next)| component(name, next, rounds)).collect();
    let base = system::base(CORES);
    format!(
        r#"[system]
description = "threads of many components that work at once"
machine = {{ smp = {CORES} }}

{base}{components}"#
    )
}

fn component(name: char, next: Option<char>, rounds: u64) -> String {
    let (is_called, is_last) = (!NAMES.starts_with(name), next.is_none());
    let words = [("name", name.into()), ("rounds", rounds)];
    let flags = [("called", is_called), ("last", is_last)];
    let threads = (0..THREADS).map(|thread| format!("{{ cores = [{}] }}", thread % u64::from(CORES)));
    let next = next.map_or_else(String::new, |next| format!(r#", {{ srv = "{next}", interface = "pong" }}"#));
    format!(
        r#"
[[components]]
name = "{name}"
img = {}
{}
params = [{}, {}]
threads = [{}]
deps = [{{ srv = "sched", interface = "sched" }}, {{ srv = "console", interface = "console" }}{next}]
"#,
        image("toiler"),
        if is_called { r#"implements = [{ interface = "pong" }]"# } else { "" },
        parameters(&words),
        parameters(&flags),
        threads.collect::<Vec<_>>().join(", "),
    )
}

/// How much a component has done, if the line says that, and that it adds up.
fn operations(line: &str, name: char) -> Option<u64> {
    line.strip_prefix(name)?.strip_prefix(": ")?.strip_suffix(" operations: all adds up")?.parse().ok()
}

/// What the guest's lines come to.
fn judge(console: &str, rounds: u64) -> Counts {
    let mut counts = Counts::default();
    let each = rounds * THREADS * KINDS;
    for name in NAMES.chars() {
        counts.tried += each;
        match console.lines().find_map(|line| operations(line, name)) {
            Some(done) if done == each => counts.succeeded += each,
            _ => counts.failures.push(format!("{name} never said that its {each} operations add up")),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_components_have_to_say_that_all_adds_up() {
        let said: String = NAMES.chars().map(|name| format!("{name}: 112 operations: all adds up\n")).collect();
        let counts = judge(&said, 2);
        assert_eq!((counts.tried, counts.succeeded, counts.failures.len()), (896, 896, 0));
        for wrong in [
            said.replace("c: 112 operations: all adds up", "c: 112 operations: it does NOT add up"),
            said.replace("h: 112", "h: 56"),
        ] {
            let counts = judge(&wrong, 2);
            assert_eq!((counts.tried, counts.succeeded, counts.failures.len()), (896, 784, 1));
        }
    }
}
