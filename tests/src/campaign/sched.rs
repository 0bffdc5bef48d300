//! The campaign `sched`: pairs of threads wake each other under one scheduler on two cores (`tests/components/partners`), one pair on
//! each core and two across, with yields, sleeps, work and moves to the other core in between.
//!
//! The seed chooses what happens between two rounds. Half of them are on cores that take turns by a clock that counts instructions: the seed
//! repeats those to the last instruction. The other half are on cores that execute at once, where the emulator's own time says when they meet.

use std::time::Duration;

use indicatif::ProgressBar;

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;
use super::system::{self, Composed, Said, image, parameters, progress};

/// Cores of the machine.
const CORES: u32 = 2;
/// Pairs: one on each core, and two across.
const PAIRS: u64 = 4;
/// The cores of the threads, a pair after the other.
const PLACES: [u32; 2 * PAIRS as usize] = [0, 0, 1, 1, 0, 1, 1, 0];
/// Ticks between two lines that say how far it is.
const REPORT: u64 = 1_000_000_000;

/// Runs the campaign: so many times that one blocks and another wakes it, half of them with the cores taking turns.
///
/// # Errors
///
/// The guest cannot be composed or started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    let half = Order { count: order.count.div_ceil(2), ..*order };
    let mut counts = Counts::default();
    for (what, by_turns) in [("by turns", true), ("at once", false)] {
        bar.set_message(what);
        let before = counts.tried;
        let mut at = |rounds| bar.set_position(before + 2 * rounds);
        let said = boot(&half, by_turns, &mut at)?;
        let judged = judge(&said.console, half.count);
        counts.tried += judged.tried;
        counts.succeeded += judged.succeeded;
        counts.failures.extend(judged.failures.into_iter().chain(said.failure).map(|line| format!("{what}: {line}")));
    }
    Ok(counts)
}

/// Boots the pairs, on cores that take turns or at once; `at` is told how many rounds are over.
///
/// # Errors
///
/// As above.
pub fn boot(order: &Order, by_turns: bool, at: &mut dyn FnMut(u64)) -> Result<Said, CampaignError> {
    let system = Composed::new("sched", &graph(order))?;
    let patience = Duration::from_secs(240 + order.count / 1_000);
    let machine = system.machine().processors(CORES).counts_instructions(by_turns);
    system::run(machine, patience, &mut |line| _ = rounds_said(line).map(&mut *at))
}

/// Rounds of each pair: in each, both block and are woken.
const fn rounds(count: u64) -> u64 {
    count.div_ceil(2 * PAIRS)
}

/// That of `tests/systems/migration.toml`, with other numbers.
fn graph(order: &Order) -> String {
    let words = [
        ("pairs", PAIRS),
        ("rounds", rounds(order.count)),
        ("seed", order.seed),
        ("report", REPORT),
        ("cores", CORES.into()),
    ];
    let words = parameters(&words);
    let threads = PLACES.map(|core| format!("{{ cores = [{core}] }}")).join(", ");
    let base = system::base(CORES);
    format!(
        r#"[system]
description = "a soak of block and wake over two cores"
machine = {{ smp = {CORES} }}

{base}
[[components]]
name = "partners"
img = {}
params = [{words}, {{ key = "migrate", value = true }}]
threads = [{threads}]
deps = [{{ srv = "sched", interface = "sched" }}, {{ srv = "console", interface = "console" }}]
"#,
        image("partners"),
    )
}

/// What the guest's lines come to. Whatever is no line that it has to say is a failure.
fn judge(console: &str, count: u64) -> Counts {
    let mut counts = Counts::default();
    let total = PAIRS * rounds(count);
    let mut is_done = false;
    for line in console.lines().filter(|line| line.starts_with("partners: ") || line.contains("panic")) {
        let text = line.trim_start_matches("partners: ");
        if text.starts_with(&format!("{PAIRS} pairs woke each other {total} times; ")) {
            (counts.tried, is_done) = (2 * total, true);
        } else if let Some(rounds) = rounds_said(line) {
            counts.tried = 2 * rounds;
        } else {
            counts.failures.push(line.to_owned());
        }
    }
    if !is_done {
        counts
            .failures
            .push(format!("the guest never said that its pairs woke each other {total} times: a wake-up may be lost"));
    }
    counts.succeeded = if counts.failures.is_empty() { counts.tried } else { 0 };
    counts
}

/// How many rounds are over, if the line says that.
fn rounds_said(line: &str) -> Option<u64> {
    progress(line, "partners", "rounds")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[&str]) -> String {
        lines.iter().map(|line| format!("partners: {line}\n")).collect()
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
