//! What the campaign is told.

use abi::boot;
use abi::operation::DebugConsoleOperation;
use core::fmt::{Arguments, Write};
use play::Tally;
use play::world::{self, Code};
use runtime::Constructor;

/// Prints to the kernel's console.
pub struct Report(pub &'static Constructor);

impl Report {
    /// Prints a line, by the director's capability.
    pub fn line(&self, text: Arguments) {
        self.print(boot::slot::DEBUG_CONSOLE, text);
    }

    /// Prints a line, by a player's capability.
    pub fn line_of_player(&self, text: Arguments) {
        self.print(world::slot::CONSOLE, text);
    }

    /// Says where code lies.
    pub fn code(&self, Code { returns, unwinds, deepens, player }: &Code) {
        self.line(format_args!("code {returns} {unwinds} {deepens} {player}"));
    }

    /// Prints all that was counted.
    pub fn tally(&self, tally: &Tally, deaths: u64) {
        for (status, count) in tally.statuses.iter().enumerate() {
            self.line(format_args!("status {status} {count}"));
        }
        for (kind, operations) in tally.outcomes.iter().enumerate() {
            for (operation, statuses) in operations.iter().enumerate() {
                for (status, count) in statuses.iter().enumerate().filter(|(_, count)| **count > 0) {
                    self.line(format_args!("outcome {kind} {operation} {status} {count}"));
                }
            }
        }
        self.line(format_args!("tally {} {} {deaths}", tally.tried, tally.answered));
    }

    fn print(&self, console: u32, text: Arguments) {
        let mut line = Line { text: [0; 256], used: 0 };
        let _ = writeln!(line, "fuzz: {text}");
        for part in line.text[..line.used].chunks(32) {
            let mut words = [0; 4];
            for (word, bytes) in words.iter_mut().zip(part.chunks(8)) {
                *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            }
            let _ = self.0.operate(console, DebugConsoleOperation::Write as u16, words);
        }
    }
}

/// A line, which goes out in as few calls as it takes.
struct Line {
    text: [u8; 256],
    used: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let room = self.text.get_mut(self.used..self.used + text.len()).ok_or(core::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.used += text.len();
        Ok(())
    }
}
