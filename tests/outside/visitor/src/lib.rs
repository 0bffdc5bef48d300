//! Visits a greeter.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use core::fmt::Write;
use greeting::Greeting;
use runtime::Result;

/// Has the greeter greet us `times`, and writes what it said last.
///
/// # Errors
///
/// Those of the greeter.
pub fn visit(greeter: &impl Greeting, times: u64, out: &mut impl Write) -> Result<()> {
    let mut visitors = 0;
    for _ in 0..times {
        visitors = greeter.greet()?;
    }
    // Whether anyone can read it does not change the visit.
    let _ = writeln!(out, "visitor: the greeter has greeted {visitors} visitors");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::Error;
    use std::string::String;

    /// A greeter that always says the same.
    struct Mock(Result<u64>);

    impl Greeting for Mock {
        fn greet(&self) -> Result<u64> {
            self.0
        }
    }

    #[test]
    fn the_last_greeting_is_written() {
        let mut out = String::new();
        assert_eq!(visit(&Mock(Ok(7)), 3, &mut out), Ok(()));
        assert_eq!(out, "visitor: the greeter has greeted 7 visitors\n");
    }

    #[test]
    fn a_visit_without_a_greeting_is_not_written() {
        let mut out = String::new();
        let faulted = Error::Server(9);
        assert_eq!(visit(&Mock(Err(faulted)), 3, &mut out), Err(faulted));
        assert_eq!(out, "");
    }
}
