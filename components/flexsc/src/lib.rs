//! The first demonstration of FlexSC for the teaching system JOS, as a component: lines that nobody waits for, then calls whose
//! results are wanted, all by pages. What is said is the same by any implementation of the interfaces.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use console_interface::{Console, ConsoleError, ConsolePosts, Writer};
use core::fmt::Write;
use mailbox::Mailbox;
use runtime::page::{PageError, Scheduler};
use runtime::{CallError, Result};
use timer_interface::Timer;

/// Lines that nobody waits for.
pub const LINES: usize = 10;

/// How often the time is asked for.
pub const TIMES: usize = 5;

/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;

/// A console that is posted to: a line is written when the page is served, and its writer goes on at once.
pub struct Posting<'p, S> {
    console: &'p ConsolePosts<'p>,
    scheduler: &'p S,
}

impl<'p, S: Scheduler> Posting<'p, S> {
    /// Posts to this page, which `scheduler` has served when it is full, and when a result is wanted.
    pub const fn new(console: &'p ConsolePosts<'p>, scheduler: &'p S) -> Self {
        Self { console, scheduler }
    }
}

impl<S: Scheduler> Console for Posting<'_, S> {
    fn write(&self, first: u64, second: u64, third: u64, fourth: u64) -> console_interface::Result<()> {
        loop {
            match self.console.post().write(first, second, third, fourth) {
                Err(CallError::Page(PageError::Exhausted)) => self.console.wait(self.scheduler).map(drop)?,
                posted => return Ok(posted.map(drop)?),
            }
        }
    }

    fn read(&self) -> console_interface::Result<(bool, u8)> {
        self.console.post().read()?.wait(self.scheduler)
    }

    fn wait(&self) -> console_interface::Result<u8> {
        self.console.post().wait()?.wait(self.scheduler)
    }
}

/// Writes one line.
///
/// # Errors
///
/// The console's.
pub fn say(console: &impl Console, line: core::fmt::Arguments<'_>) -> Result<()> {
    let mut out = Writer::new(console);
    writeln!(out, "{line}").map_err(|_| ConsoleError::Stuck)?;
    out.flush()
}

/// The lines that nobody waits for.
///
/// # Errors
///
/// The console's.
pub fn lines(console: &impl Console) -> Result<()> {
    (0..LINES).try_for_each(|_| say(console, format_args!("This is a FlexSC test")))
}

/// Calls whose results are said.
///
/// # Errors
///
/// Those of who is called.
pub fn results(console: &impl Console, timer: &impl Timer, mailbox: &impl Mailbox) -> Result<()> {
    for _ in 0..TIMES {
        let milliseconds = timer.now()? / MILLISECOND;
        say(console, format_args!("Time is {milliseconds}"))?;
    }
    say(console, format_args!("My address is {:08x}", mailbox.address()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use console_interface::Text;
    use std::string::String;
    use std::sync::Mutex;

    /// All three, for one who reads along.
    #[derive(Default)]
    struct Played {
        said: Mutex<String>,
        is_stuck: bool,
    }

    impl Console for Played {
        fn write(&self, first: u64, second: u64, third: u64, fourth: u64) -> console_interface::Result<()> {
            if self.is_stuck {
                return Err(console_interface::ConsoleError::Stuck);
            }
            let text = Text::from_words([first, second, third, fourth]);
            self.said.lock().unwrap().push_str(core::str::from_utf8(text.bytes()).unwrap());
            Ok(())
        }

        fn read(&self) -> console_interface::Result<(bool, u8)> {
            Ok((false, 0))
        }

        fn wait(&self) -> console_interface::Result<u8> {
            Err(CallError::Unknown.into())
        }
    }

    impl Timer for Played {
        fn now(&self) -> timer_interface::Result<u64> {
            Ok(40_999_999)
        }

        fn sleep_until(&self, _: u64) -> timer_interface::Result<()> {
            Err(CallError::Unknown.into())
        }

        fn next(&self, _: u64, _: u64) -> timer_interface::Result<u64> {
            Err(CallError::Unknown.into())
        }
    }

    impl Mailbox for Played {
        fn address(&self) -> mailbox::Result<u64> {
            Ok(0x1001)
        }

        fn try_send(&self, _: u64, _: u64) -> mailbox::Result<()> {
            Err(CallError::Unknown.into())
        }

        fn receive(&self) -> mailbox::Result<(u64, u64)> {
            Err(CallError::Unknown.into())
        }
    }

    #[test]
    fn the_demonstration_says_what_it_always_said() {
        let all = Played::default();
        lines(&all).unwrap();
        results(&all, &all, &all).unwrap();
        let expected = "This is a FlexSC test\n".repeat(10) + &"Time is 40\n".repeat(5) + "My address is 00001001\n";
        assert_eq!(*all.said.lock().unwrap(), expected);
    }

    #[test]
    fn a_console_that_is_stuck_is_an_error() {
        let stuck = Played { is_stuck: true, ..Played::default() };
        assert_eq!(lines(&stuck), Err(console_interface::ConsoleError::Stuck.into()));
    }
}
