//! What was in the registers whenever user level was left.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;

use super::line::{executed, hexadecimal, is_taken_back};

/// Why user level was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It asked for something.
    SystemCall,
    /// A device, a timer or another core.
    Interrupt(u8),
    /// A fault or a trap, with the address of a page fault.
    Exception(u8, u64),
}

/// User level is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Why.
    pub cause: Cause,
    /// Address of user level's next instruction.
    pub instruction: u64,
    /// User level's stack pointer.
    pub stack: u64,
    /// The root of the page table that is loaded.
    pub page_table: u64,
    /// What was asked: capability and method, and four words.
    pub words: [u64; 5],
    /// Address of the kernel's instruction that takes a system call; none of an interrupt.
    pub entry: Option<u64>,
    /// The task register, of which each core has one of its own.
    pub task: u64,
}

impl Entry {
    const fn new(cause: Cause, entry: Option<u64>) -> Self {
        Self { cause, instruction: 0, stack: 0, page_table: 0, words: [0; 5], entry, task: 0 }
    }
}

/// Vectors below this are exceptions.
const INTERRUPTS: u64 = 32;
const PAGE_FAULT: u8 = 14;

/// Reads entries out of the emulator's log.
#[derive(Clone, Debug)]
pub struct Reader {
    limit: usize,
    open: Option<Entry>,
    /// The core that the open entry is known to be of.
    core: Option<usize>,
    /// The entries, in their order.
    pub entries: Vec<Entry>,
    /// The cores, by their task registers: which one it is, the log says only where there was a system call.
    pub tasks: BTreeMap<u64, usize>,
}

impl Reader {
    /// Reads up to `limit` entries.
    pub const fn new(limit: usize) -> Self {
        Self { limit, open: None, core: None, entries: Vec::new(), tasks: BTreeMap::new() }
    }

    /// Reads a line of the log.
    pub fn read(&mut self, line: &str) -> ControlFlow<()> {
        if line.starts_with("Trace ") {
            let executed = executed(line);
            self.core = executed.map(|executed| executed.core);
            self.open = executed.map(|executed| Entry::new(Cause::SystemCall, Some(executed.address)));
        } else if line.contains(": v=") {
            (self.open, self.core) = (interrupted(line), None);
        } else if is_taken_back(line) {
            // The instruction of the last record was not executed yet. It is logged again when it is.
            self.entries.pop();
        } else if let Some(entry) = &mut self.open {
            note(entry, line);
            // The last line of all registers.
            if line.starts_with("EFER=") {
                self.tasks.extend(self.core.map(|core| (entry.task, core)));
                self.entries.extend(self.open.take());
            }
        }
        if self.entries.len() < self.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    /// The entries of each core, in their order.
    pub fn by_core(&self) -> BTreeMap<usize, VecDeque<Entry>> {
        let mut cores: BTreeMap<usize, VecDeque<Entry>> = BTreeMap::new();
        for entry in &self.entries {
            if let Some(core) = self.tasks.get(&entry.task) {
                cores.entry(*core).or_default().push_back(*entry);
            }
        }
        cores
    }
}

/// The entry that starts with `line`, if the interrupt or exception struck at user level.
fn interrupted(line: &str) -> Option<Entry> {
    let number = |name: &str| hexadecimal(line, name);
    if number("cpl=")? != 3 {
        return None;
    }
    let (vector, stack) = (number(" v=")?, line.split_once("SP=")?.1);
    let code = vector as u8;
    let cause = match code {
        PAGE_FAULT => Cause::Exception(code, number("CR2=").unwrap_or(0)),
        _ if vector < INTERRUPTS => Cause::Exception(code, 0),
        _ => Cause::Interrupt(code),
    };
    let stack = hexadecimal(stack, ":")?;
    Some(Entry { instruction: number("pc=")?, stack, ..Entry::new(cause, None) })
}

fn note(entry: &mut Entry, line: &str) {
    let is_asked = entry.cause == Cause::SystemCall;
    let [capability, rdi, rsi, rdx, r10] = &mut entry.words;
    let wanted = [
        ("RAX=", capability, is_asked),
        ("RDI=", rdi, is_asked),
        ("RSI=", rsi, is_asked),
        ("RDX=", rdx, is_asked),
        ("R10=", r10, is_asked),
        ("RSP=", &mut entry.stack, is_asked),
        ("RCX=", &mut entry.instruction, is_asked),
        ("CR3=", &mut entry.page_table, true),
    ];
    if let Some(task) = line.strip_prefix("TR =") {
        entry.task = hexadecimal(task, " ").unwrap_or_default();
    }
    for (name, place, _) in wanted.into_iter().filter(|(.., is_wanted)| *is_wanted) {
        if let Some(value) = hexadecimal(line, name) {
            *place = value;
        }
    }
}
