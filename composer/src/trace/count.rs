//! When user level was left and entered again: how many instructions the machine had executed.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::line::{executed, hexadecimal, is_taken_back};

/// A stay in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The core's number.
    pub core: usize,
    /// Instructions that all cores had executed before it.
    pub left: u64,
    /// Address of the kernel's first instruction; none if user level was left again before it had executed one.
    pub entry: Option<u64>,
    /// Instructions executed when it ended; none if it did not, as far as was counted.
    pub entered: Option<u64>,
}

/// What a core has done so far.
#[derive(Clone, Debug, Default)]
struct Core {
    is_at_user_level: bool,
    /// Its stays in the kernel that began at user level.
    crossings: Vec<Crossing>,
    /// When it entered user level for the first time.
    start: Option<u64>,
}

/// An interrupt or an exception at user level. Which core's it is, only its task register tells.
#[derive(Clone, Debug)]
struct Interruption {
    task: u64,
    at: u64,
    /// Of each core, how often it had left user level, if it was not there at that moment as far as was executed.
    in_kernel: Vec<Option<usize>>,
}

/// Counts the instructions in the emulator's log.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Instructions executed so far, by all cores.
    pub instructions: u64,
    /// Those after which nothing more is counted.
    limit: u64,
    cores: Vec<Core>,
    interruptions: Vec<Interruption>,
    is_interrupted: bool,
}

impl Counter {
    /// Counts up to `limit` instructions.
    pub const fn new(limit: u64) -> Self {
        Self { instructions: 0, limit, cores: Vec::new(), interruptions: Vec::new(), is_interrupted: false }
    }

    /// Reads a line of the log.
    pub fn read(&mut self, line: &str) -> ControlFlow<()> {
        if let Some(executed) = executed(line) {
            self.note(executed.core, executed.address, executed.is_at_user_level);
            self.instructions += 1;
        } else if is_taken_back(line) {
            self.instructions = self.instructions.saturating_sub(1);
        } else if line.contains(": v=") {
            self.is_interrupted = hexadecimal(line, "cpl=") == Some(3);
        } else if let (true, Some(task)) = (self.is_interrupted, line.strip_prefix("TR =")) {
            self.interruptions.extend(hexadecimal(task, " ").map(|task| self.interruption(task)));
            self.is_interrupted = false;
        }
        if self.instructions < self.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn interruption(&self, task: u64) -> Interruption {
        let in_kernel = |core: &Core| (!core.is_at_user_level).then_some(core.crossings.len());
        Interruption { task, at: self.instructions, in_kernel: self.cores.iter().map(in_kernel).collect() }
    }

    /// Whether it stopped at its limit.
    pub const fn is_cut_short(&self) -> bool {
        self.instructions >= self.limit
    }

    /// How often user level was left, at most.
    pub fn most_crossings(&self) -> usize {
        self.cores.iter().map(|core| core.crossings.len()).sum::<usize>() + self.interruptions.len()
    }

    /// When `core` entered user level for the first time.
    pub fn start(&self, core: usize) -> Option<u64> {
        self.cores.get(core)?.start
    }

    /// The stays in the kernel that began at user level, in their order; `tasks` are the cores by their task registers. Among them are those
    /// whose beginning was not seen, as another interrupt came before user level had executed one instruction.
    pub fn crossings(&self, tasks: &BTreeMap<u64, usize>) -> Vec<Crossing> {
        let mut cores: Vec<Vec<Crossing>> = self.cores.iter().map(|core| core.crossings.clone()).collect();
        // From the last one on, so that the places of those before stay what they are.
        for Interruption { task, at, in_kernel } in self.interruptions.iter().rev() {
            let Some(core) = tasks.get(task).copied() else { continue };
            let Some(place) = in_kernel.get(core).copied().flatten() else { continue };
            let Some(crossings) = cores.get_mut(core).filter(|crossings| place <= crossings.len()) else { continue };
            crossings.insert(place, Crossing { core, left: *at, entry: None, entered: Some(*at) });
            // The stay before it ended when it began, and this one when that was seen to end.
            if let Some(before) = place.checked_sub(1).and_then(|before| crossings.get_mut(before)) {
                let ended = before.entered.replace(*at);
                crossings.get_mut(place).into_iter().for_each(|this| this.entered = ended);
            }
        }
        let mut all = cores.concat();
        all.sort_by_key(|crossing| crossing.left);
        all
    }

    fn note(&mut self, core: usize, address: u64, is_at_user_level: bool) {
        let now = self.instructions;
        if self.cores.len() <= core {
            self.cores.resize_with(core + 1, Core::default);
        }
        let Some(state) = self.cores.get_mut(core) else { return };
        match (state.is_at_user_level, is_at_user_level) {
            (true, false) => {
                state.crossings.push(Crossing { core, left: now, entry: Some(address), entered: None });
            }
            (false, true) => match state.crossings.last_mut() {
                Some(last) => last.entered = Some(now),
                None => state.start = Some(now),
            },
            (true, true) | (false, false) => {}
        }
        state.is_at_user_level = is_at_user_level;
    }
}
