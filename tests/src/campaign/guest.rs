//! One run of the fuzzing guest (`tests/components/fuzzer`), and what it reports.

use std::collections::BTreeMap;
use std::time::Duration;

use play::world::Code;

use super::error::CampaignError;
use super::system::{self, Composed, image, parameters};

/// What the guest is told, by the names of its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    /// Calls that players make.
    pub calls: u64,
    /// Calls after which the guest says how far it is, and lets neighbours work.
    pub part: u64,
    /// What the calls depend on.
    pub seed: u64,
    /// Whether threads may be given times.
    pub timed: bool,
    /// Whether there are neighbours.
    pub neighbours: bool,
    /// Cores that are used.
    pub cores: u64,
    /// Whether cores take turns, by a clock that counts instructions: then everything happens again in the same way.
    pub by_turns: bool,
    /// First call of the part that is to be listed.
    pub list: Option<u64>,
}

/// What the guest reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Where its code lies.
    pub code: Option<Code>,
    /// Calls so far, and the sum over their answers, after each part.
    pub parts: Vec<(u64, u64)>,
    /// The calls listed: number, capability word, words, status, words.
    pub answers: Vec<Vec<u64>>,
    /// How often each status was answered to a player.
    pub statuses: BTreeMap<u64, u64>,
    /// How often an operation had a status, by kind, number and status.
    pub outcomes: BTreeMap<(u64, u64, u64), u64>,
    /// Calls that were tried and that were answered, and players that ended before their time.
    pub tally: Option<[u64; 3]>,
    /// Rounds that neighbours worked, and wrong ones among them.
    pub neighbours: Option<[u64; 2]>,
    /// Everything else that is not as it should be.
    pub complaints: Vec<String>,
}

/// Composes and boots a guest with these parameters. `at` is told how many calls have been made.
///
/// # Errors
///
/// [`CampaignError::Build`], [`CampaignError::Files`], [`CampaignError::Emulator`].
pub fn run(parameters: &Parameters, at: &mut dyn FnMut(u64)) -> Result<Report, CampaignError> {
    /// What the guest's memory has to be: the frames that players play with lie far up.
    const MEMORY: u64 = 1 << 30;
    let system = Composed::new("fuzzer", &graph(parameters))?;
    let machine =
        system.machine().processors(parameters.cores as u32).memory(MEMORY).counts_instructions(parameters.by_turns);
    let patience = Duration::from_secs(300 + parameters.calls / 500);
    let mut report = Report::default();
    let mut line = |line: &str| {
        report.add(line);
        if let Some((calls, _)) = report.parts.last() {
            at(*calls);
        }
    };
    let said = system::run(machine, patience, &mut line)?;
    report.complaints.extend(said.failure);
    Ok(report)
}

fn graph(parameters: &Parameters) -> String {
    let Parameters { calls, part, seed, timed, neighbours, cores, list, .. } = *parameters;
    let list = list.unwrap_or(u64::MAX);
    let words = [("calls", calls), ("part", part), ("seed", seed), ("cores", cores), ("list", list)];
    let flags = [("timed", timed), ("neighbours", neighbours)];
    format!(
        "[system]\ndescription = \"random system calls\"\n\n[[components]]\nname = \"fuzzer\"\nimg = {}\n\
         constructor = \"kernel\"\nparams = [{}, {}]\n",
        image("fuzzer"),
        self::parameters(&words),
        self::parameters(&flags)
    )
}

impl Report {
    /// Adds a line of the console. What the kernel says of components that fault is part of the game; a panic is not.
    fn add(&mut self, line: &str) {
        // Players print, too: what they print may be in front.
        let Some((_, text)) = line.trim_end().rsplit_once("fuzz: ") else {
            if line.contains("panic") || line.contains("kernel bug") {
                self.complaints.push(line.trim_end().to_owned());
            }
            return;
        };
        if self.read(text).is_none() {
            self.complaints.push(format!("the guest said `{text}`"));
        }
    }

    fn read(&mut self, text: &str) -> Option<()> {
        let mut fields = text.split(' ');
        let what = fields.next()?;
        let radix = if what == "answer" { 16 } else { 10 };
        let last_radix = if what == "at" { 16 } else { radix };
        let texts: Vec<_> = fields.collect();
        let radices = texts.iter().enumerate().map(|(at, _)| if at + 1 == texts.len() { last_radix } else { radix });
        let numbers: Option<Vec<u64>> =
            texts.iter().zip(radices).map(|(text, radix)| u64::from_str_radix(text, radix).ok()).collect();
        match (what, numbers?.as_slice()) {
            ("code", &[returns, unwinds, deepens, player]) => {
                self.code = Some(Code { returns, unwinds, deepens, player });
            }
            ("at", [calls, sum]) => self.parts.push((*calls, *sum)),
            ("answer", numbers @ [_, _, _, _, _, _, _, _, _]) => self.answers.push(numbers.to_vec()),
            ("status", [status, count]) => _ = self.statuses.insert(*status, *count),
            ("outcome", [kind, number, status, count]) => {
                self.outcomes.insert((*kind, *number, *status), *count);
            }
            ("tally", [tried, answered, deaths]) => self.tally = Some([*tried, *answered, *deaths]),
            ("neighbours", [rounds, wrong]) => self.neighbours = Some([*rounds, *wrong]),
            _ => return None,
        }
        Some(())
    }
}
