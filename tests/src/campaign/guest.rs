//! One run of the fuzzing guest (`tests/components/fuzzer`), and what it reports.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use composer::command::build::{Arguments, System, compose};
use composer::temporary::TemporaryDirectory;
use play::world::Code;
use qemu::{EXIT_SUCCESS, Ending, Machine, Session};

use super::error::CampaignError;

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
    /// First call of the part that is to be listed.
    pub list: Option<u64>,
}

/// What the guest reported.
#[derive(Clone, Debug, Default)]
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

/// A guest that has been composed.
pub struct Guest {
    system: System,
    parameters: Parameters,
    _directory: TemporaryDirectory,
}

impl Guest {
    /// Composes the guest with these parameters, in `directory`.
    ///
    /// # Errors
    ///
    /// [`CampaignError::Build`], [`CampaignError::Files`].
    pub fn compose(parameters: Parameters, directory: &Path) -> Result<Self, CampaignError> {
        let directory = TemporaryDirectory::create(directory, "campaign-")?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = directory.path().join("fuzzer.toml");
        fs::write(&file, graph(&root.join("components/fuzzer"), &parameters))?;
        let output = Some(directory.path().join("system"));
        let system = compose(&Arguments { file, output }).map_err(|failure| {
            failure.print();
            CampaignError::Build
        })?;
        Ok(Self { system, parameters, _directory: directory })
    }

    /// Boots it. `at` is told how many calls have been made.
    ///
    /// # Errors
    ///
    /// [`CampaignError::Emulator`].
    pub fn run(&self, at: &mut dyn FnMut(u64)) -> Result<Report, CampaignError> {
        let Parameters { calls, cores, .. } = self.parameters;
        let memory = 1 << 30;
        let machine = Machine::new(self.system.kernel(), self.system.bundle()).processors(cores as u32).memory(memory);
        let patience = Duration::from_secs(120 + calls / 5_000);
        let mut lines = Lines { report: Report::default(), rest: Vec::new(), at };
        let run = Session::new(machine).timeout(patience).run(&mut lines);
        let mut report = lines.report;
        if run.ending != (Ending::Ended { code: EXIT_SUCCESS }) {
            report.complaints.push(last_lines(&run.console));
        }
        match run.ending {
            Ending::Ended { code: EXIT_SUCCESS } => {}
            Ending::EmulatorFailed(why) => return Err(CampaignError::Emulator(why)),
            Ending::Ended { code } => report.complaints.push(format!("the guest ended with exit status {code}")),
            Ending::TimedOut => report.complaints.push("the guest did not come to its end".to_owned()),
        }
        Ok(report)
    }
}

/// What was printed last.
fn last_lines(console: &[u8]) -> String {
    const LINES: usize = 12;
    let text = String::from_utf8_lossy(console);
    let lines: Vec<_> = text.lines().collect();
    let last = lines.iter().skip(lines.len().saturating_sub(LINES)).map(|line| line.escape_default().to_string());
    format!("the last lines were:\n{}", last.collect::<Vec<_>>().join("\n"))
}

fn graph(image: &Path, parameters: &Parameters) -> String {
    let Parameters { calls, part, seed, timed, neighbours, cores, list } = *parameters;
    let list = list.unwrap_or(u64::MAX);
    let words = [("calls", calls), ("part", part), ("seed", seed), ("cores", cores), ("list", list)];
    let flags = [("timed", timed), ("neighbours", neighbours)];
    let words = words.map(|(key, value)| format!("{{ key = \"{key}\", value = {} }}", value.cast_signed()));
    let flags = flags.map(|(key, value)| format!("{{ key = \"{key}\", value = {value} }}"));
    let parameters = [words.join(", "), flags.join(", ")].join(", ");
    format!(
        "[system]\ndescription = \"random system calls\"\n\n[[components]]\nname = \"fuzzer\"\nimg = {:?}\n\
         constructor = \"kernel\"\nparams = [{parameters}]\n",
        image.display().to_string()
    )
}

/// Reads the guest's lines as they come.
struct Lines<'f> {
    report: Report,
    rest: Vec<u8>,
    at: &'f mut dyn FnMut(u64),
}

impl Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.report.add(&String::from_utf8_lossy(&line));
            if let Some((calls, _)) = self.report.parts.last() {
                (self.at)(*calls);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
