//! What the campaign is told.

use abi::boot;
use core::fmt::{Arguments, Write};
use play::Tally;
use play::world::{self, Code};
use runtime::{Constructor, DebugConsole};

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
        // One text goes out in as few calls as it takes; several players write at once.
        let mut line = heapless::String::<256>::new();
        let _ = writeln!(line, "fuzz: {text}");
        let _ = DebugConsole::at(self.0, console).write_str(&line);
    }
}
