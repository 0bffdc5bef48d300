//! What was in the registers whenever user level was left.

use std::ops::ControlFlow;

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
}

/// Vectors below this are exceptions.
const INTERRUPTS: u64 = 32;
const PAGE_FAULT: u8 = 14;

/// Reads entries out of the emulator's log.
#[derive(Clone, Debug)]
pub struct Reader {
    limit: usize,
    open: Option<Entry>,
    /// The entries, in their order.
    pub entries: Vec<Entry>,
}

impl Reader {
    /// Reads up to `limit` entries.
    pub const fn new(limit: usize) -> Self {
        Self { limit, open: None, entries: Vec::new() }
    }

    /// Reads a line of the log.
    pub fn read(&mut self, line: &str) -> ControlFlow<()> {
        if line.starts_with("Trace ") {
            self.open =
                Some(Entry { cause: Cause::SystemCall, instruction: 0, stack: 0, page_table: 0, words: [0; 5] });
        } else if line.contains(": v=") {
            self.open = interrupted(line);
        } else if line.starts_with("Stopped execution") {
            // The instruction of the last record was not executed yet. It is logged again when it is.
            self.entries.pop();
        } else if let Some(entry) = &mut self.open {
            note(entry, line);
            // The last line of all registers.
            if line.starts_with("EFER=") {
                self.entries.extend(self.open.take());
            }
        }
        if self.entries.len() < self.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
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
    Some(Entry { cause, instruction: number("pc=")?, stack, page_table: 0, words: [0; 5] })
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
    for (name, place, _) in wanted.into_iter().filter(|(.., is_wanted)| *is_wanted) {
        if let Some(value) = hexadecimal(line, name) {
            *place = value;
        }
    }
}

/// The number behind `name` in `line`.
fn hexadecimal(line: &str, name: &str) -> Option<u64> {
    let (_, rest) = line.split_once(name)?;
    let end = rest.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(rest.len());
    u64::from_str_radix(rest.get(..end)?, 16).ok()
}
