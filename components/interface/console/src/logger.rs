//! A logger for the `log` crate.

use crate::{Console, Writer};
use core::fmt::Write;
use log::{LevelFilter, Log, Metadata, Record};

/// Writes what is logged to a console, a line for each record: where it comes
/// from, and what it says.
pub struct Logger<C: 'static> {
    console: &'static C,
}

impl<C: Console + Sync> Logger<C> {
    /// A logger that writes to `console`.
    pub const fn new(console: &'static C) -> Self {
        Self { console }
    }

    /// Makes this the component's logger, unless it has one.
    pub fn install(&'static self, level: LevelFilter) {
        // A second logger is refused; the first one goes on.
        if log::set_logger(self).is_ok() {
            log::set_max_level(level);
        }
    }
}

impl<C: Console + Sync> Log for Logger<C> {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // A console that does not take it is no reason to stop.
        let _ = writeln!(Writer::new(self.console), "{}: {}", record.target(), record.args());
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer::tests::Kept;
    use std::boxed::Box;

    #[test]
    fn a_record_is_a_line() {
        let console: &Kept = Box::leak(Box::default());
        let logger = Logger::new(console);
        let arguments = format_args!("{} calls", 3);
        logger.log(&Record::builder().target("ping").args(arguments).build());
        assert_eq!(*console.calls.lock().unwrap(), ["ping: 3 calls\n"]);
    }
}
