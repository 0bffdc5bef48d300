//! When user level was left and entered again: how many instructions the machine had executed.

use std::ops::ControlFlow;

/// A stay in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// Instructions executed before it.
    pub left: u64,
    /// Address of the kernel's first instruction.
    pub entry: u64,
    /// Instructions executed when it ended; none if it did not, as far as was counted.
    pub entered: Option<u64>,
}

/// Counts the instructions in the emulator's log.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Instructions executed so far.
    pub instructions: u64,
    /// Those after which nothing more is counted.
    limit: u64,
    is_at_user_level: bool,
    /// The stays in the kernel that began at user level.
    pub crossings: Vec<Crossing>,
    /// When user level was entered for the first time.
    pub start: Option<u64>,
}

impl Counter {
    /// Counts up to `limit` instructions.
    pub const fn new(limit: u64) -> Self {
        Self { instructions: 0, limit, is_at_user_level: false, crossings: Vec::new(), start: None }
    }

    /// Reads a line of the log.
    pub fn read(&mut self, line: &str) -> ControlFlow<()> {
        if let Some((address, is_at_user_level)) = executed(line) {
            self.note(address, is_at_user_level);
            self.instructions += 1;
        } else if is_taken_back(line) {
            self.instructions = self.instructions.saturating_sub(1);
        }
        if self.instructions < self.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// Whether it stopped at its limit.
    pub const fn is_cut_short(&self) -> bool {
        self.instructions >= self.limit
    }

    fn note(&mut self, address: u64, is_at_user_level: bool) {
        let now = self.instructions;
        match (self.is_at_user_level, is_at_user_level) {
            (true, false) => self.crossings.push(Crossing { left: now, entry: address, entered: None }),
            (false, true) => match self.crossings.last_mut() {
                Some(last) => last.entered = Some(now),
                None => self.start = Some(now),
            },
            (true, true) | (false, false) => {}
        }
        self.is_at_user_level = is_at_user_level;
    }
}

/// The address of the instruction that `line` says is about to be executed, and whether that is at user level.
fn executed(line: &str) -> Option<(u64, bool)> {
    const PRIVILEGE_LEVEL: u64 = 3;
    let fields = line.strip_prefix("Trace ")?.split_once('[')?.1;
    let mut fields = fields.split(['/', ']']);
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    let (address, flags) = (number(fields.nth(1)?)?, number(fields.next()?)?);
    Some((address, flags & PRIVILEGE_LEVEL == PRIVILEGE_LEVEL))
}

/// Whether the instruction of the line before was not executed after all: it is logged again when it is.
fn is_taken_back(line: &str) -> bool {
    line.starts_with("Stopped execution of TB chain before") || line.starts_with("cpu_io_recompile: rewound")
}
