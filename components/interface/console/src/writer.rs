//! Text of any length, by calls of up to 32 bytes.

use crate::Console;
use core::fmt;
use runtime::Result;
use runtime::pieces::{Pieces, Sink};

/// Writes to a console, line by line: text is sent at the end of a line, when
/// there is enough for a call, and when the writer is dropped.
pub struct Writer<'a, C: Console + ?Sized>(Pieces<Onto<'a, C>>);

struct Onto<'a, C: ?Sized>(&'a C);

impl<C: Console + ?Sized> Sink for Onto<'_, C> {
    fn write(&self, [first, second, third, fourth]: [u64; 4]) -> Result<()> {
        Ok(self.0.write(first, second, third, fourth)?)
    }
}

impl<'a, C: Console + ?Sized> Writer<'a, C> {
    /// A writer with nothing written.
    pub const fn new(console: &'a C) -> Self {
        Self(Pieces::new(Onto(console)))
    }

    /// Sends what has been written so far.
    ///
    /// # Errors
    ///
    /// The console's; what could not be sent is dropped.
    pub fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

#[cfg(feature = "embedded-io")]
impl<C: Console + ?Sized> Writer<'_, C> {
    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write(bytes)
    }
}

impl<C: Console + ?Sized> fmt::Write for Writer<'_, C> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{ConsoleError, Result, Text};
    use core::fmt::Write;
    use std::string::String;
    use std::sync::Mutex;
    use std::vec::Vec;

    /// A console that keeps each call's text, or refuses them all.
    #[derive(Default)]
    pub struct Kept {
        pub calls: Mutex<Vec<String>>,
        pub stuck: bool,
    }

    impl Console for Kept {
        fn write(&self, first: u64, second: u64, third: u64, fourth: u64) -> Result<()> {
            if self.stuck {
                return Err(ConsoleError::Stuck);
            }
            let text = Text::from_words([first, second, third, fourth]);
            let text = String::from_utf8(text.bytes().to_vec()).unwrap();
            self.calls.lock().unwrap().push(text);
            Ok(())
        }

        fn read(&self) -> Result<(bool, u8)> {
            Ok((false, 0))
        }

        fn wait(&self) -> Result<u8> {
            Ok(0)
        }
    }

    #[test]
    fn a_short_line_is_one_call() {
        let console = Kept::default();
        writeln!(Writer::new(&console), "{} and {}", 1, 2).unwrap();
        assert_eq!(*console.calls.lock().unwrap(), ["1 and 2\n"]);
    }

    #[test]
    fn a_long_line_is_cut_at_32_bytes() {
        let console = Kept::default();
        writeln!(Writer::new(&console), "{:a<40}", "").unwrap();
        assert_eq!(*console.calls.lock().unwrap(), ["a".repeat(32), "a".repeat(8) + "\n"]);
    }

    #[test]
    fn what_is_left_is_sent_when_the_writer_is_dropped() {
        let console = Kept::default();
        let mut writer = Writer::new(&console);
        write!(writer, "no line\0 end").unwrap();
        assert!(console.calls.lock().unwrap().is_empty());
        drop(writer);
        assert_eq!(*console.calls.lock().unwrap(), ["no line end"]);
    }

    #[test]
    fn what_a_console_keeps_for_the_rest_of_a_line_is_ended_by_nothing_if_there_is_no_rest() {
        let console = Kept::default();
        let mut writer = Writer::new(&console);
        write!(writer, "{:a<32}", "").unwrap();
        writer.flush().unwrap();
        writer.flush().unwrap();
        writeln!(writer, "{:a<31}", "").unwrap();
        drop(writer);
        assert_eq!(*console.calls.lock().unwrap(), ["a".repeat(32), String::new(), "a".repeat(31) + "\n"]);
    }

    #[test]
    fn a_stuck_console_is_an_error() {
        let console = Kept { stuck: true, ..Kept::default() };
        assert!(writeln!(Writer::new(&console), "anyone?").is_err());
        let mut writer = Writer::new(&console);
        write!(writer, "anyone?").unwrap();
        assert_eq!(writer.flush(), Err(ConsoleError::Stuck.into()));
        assert_eq!(writer.flush(), Ok(()), "what could not be sent is dropped");
    }
}
