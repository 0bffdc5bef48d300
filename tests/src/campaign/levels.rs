//! The campaign `levels`: three schedulers below each other, with shares by chance, over a client that never gives the core back. At each
//! level a watcher (`tests/components/glutton`) finds out how much of the time others had: their share, and no more.
//!
//! The seed chooses the shares. The clock counts instructions, so it repeats all of it.

use std::time::Duration;

use indicatif::ProgressBar;
use simulator::random::Random;

use super::Order;
use super::counts::Counts;
use super::error::CampaignError;
use super::system::{self, Composed, image, parameters};

/// Milliseconds for which shares are watched, before others are drawn.
const PART: u64 = 2_000;
/// Milliseconds that the watcher of each level looks on after the one of the level above.
const LONGER: u64 = 100;

/// The shares of one part, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shares {
    /// All periods: a budget below is there when the one above is.
    period: u64,
    /// Budgets of the second scheduler, of the third, and of who is greedy.
    budgets: [u64; 3],
}

/// Runs the campaign: so many milliseconds by the guest's clock, rounded up to whole parts.
///
/// # Errors
///
/// The guest cannot be composed or started.
pub fn run(order: &Order, bar: &ProgressBar) -> Result<Counts, CampaignError> {
    bar.set_message("milliseconds");
    let mut counts = Counts::default();
    for part in 0..order.count.div_ceil(PART) {
        let seed = order.seed.wrapping_add(part);
        let shares = Shares::draw(&mut Random::new(seed));
        let system = Composed::new("levels", &shares.graph())?;
        let machine = system.machine().counts_instructions(true);
        let said = system::run(machine, Duration::from_secs(300), &mut |_| ())?;
        counts.tried += PART;
        match judge(&said.console).or(said.failure) {
            None => counts.succeeded += PART,
            Some(wrong) => counts.failures.push(format!("--count {PART} --seed {seed}: {shares:?}: {wrong}")),
        }
        bar.inc(PART);
    }
    Ok(counts)
}

impl Shares {
    fn draw(random: &mut Random) -> Self {
        const PERIODS: [u64; 3] = [1_000, 2_000, 5_000];
        let period = PERIODS[random.between(0, 2) as usize];
        // No less than two tenths of the level above, and no more than eight.
        let mut below = |all: u64| all / 10 * random.between(2, 8);
        let second = below(period);
        let third = below(second);
        Self { period, budgets: [second, third, below(third).max(10)] }
    }

    fn graph(&self) -> String {
        let Self { period, budgets: [second, third, greedy] } = *self;
        let watched = [period - second, second - third, third - greedy];
        let mut components = String::new();
        for (level, (has, above)) in watched.into_iter().zip(["sched", "second", "third"]).enumerate() {
            let watch = (PART + LONGER * level as u64) * 1_000;
            let words = parameters(&[("watch", watch), ("taken", watch / period * (period - has))]);
            components += &client(&format!("watcher-{level}"), above, "", &words);
        }
        let share = |budget| format!("priority = 1\nbudget = {budget}\nperiod = {period}\n");
        components += &client("greedy", "third", &share(greedy), &parameters(&[("greedy", true)]));
        format!(
            "[system]\ndescription = \"shares by chance\"\nmachine = {{ icount = true }}\n\n{}{}{}{components}",
            system::base(1),
            scheduler("second", "sched", &share(second)),
            scheduler("third", "second", &share(third)),
        )
    }
}

fn scheduler(name: &str, above: &str, share: &str) -> String {
    format!(
        r#"
[[components]]
name = "{name}"
img = "sched"
{share}implements = [{{ interface = "sched" }}]
deps = [{{ srv = "{above}", interface = "sched" }}]
"#
    )
}

fn client(name: &str, scheduler: &str, share: &str, words: &str) -> String {
    format!(
        r#"
[[components]]
name = "{name}"
img = {}
{share}params = [{words}]
deps = [{{ srv = "{scheduler}", interface = "sched" }}, {{ srv = "console", interface = "console" }}]
"#,
        image("glutton"),
    )
}

/// What is wrong with what the guest said, if anything: all three watchers have to be content.
fn judge(console: &str) -> Option<String> {
    let said: Vec<_> = console.lines().filter(|line| line.starts_with("watcher: ")).collect();
    let is_good = said.len() == 3 && said.iter().all(|line| line.ends_with(" microseconds, as it was to be"));
    (!is_good).then(|| format!("not all watchers are content: {}", said.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_watchers_have_to_be_content() {
        let content = "watcher: others took 10 of 20 microseconds, as it was to be\n";
        assert_eq!(judge(&content.repeat(3)), None);
        assert!(judge(&content.repeat(2)).is_some());
        assert!(judge(&format!("{}{}", content.repeat(2), content.replace("as it", "NOT as it"))).is_some());
    }

    #[test]
    fn each_level_has_some_of_the_one_above() {
        for seed in 0..1_000 {
            let Shares { period, budgets: [second, third, greedy] } = Shares::draw(&mut Random::new(seed));
            assert!(greedy >= 10 && greedy < third && third < second && second < period);
        }
    }
}
