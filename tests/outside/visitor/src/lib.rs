//! Visits a greeter.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use core::fmt::{self, Write};
use greeting::{Greeting, GreetingError};

/// Why a visit comes to nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum VisitError {
    /// The greeter did not greet.
    Greeter(GreetingError),
    /// Nobody takes what is written about it.
    Unwritten,
}

impl From<GreetingError> for VisitError {
    fn from(error: GreetingError) -> Self {
        Self::Greeter(error)
    }
}

impl From<fmt::Error> for VisitError {
    fn from(_: fmt::Error) -> Self {
        Self::Unwritten
    }
}

/// Has the greeter greet us `times`, and writes what it said last.
///
/// # Errors
///
/// Those of the greeter, and of the writer.
pub fn visit(greeter: &impl Greeting, times: u64, out: &mut impl Write) -> Result<(), VisitError> {
    let mut visitors = 0;
    for _ in 0..times {
        visitors = greeter.greet()?;
    }
    writeln!(out, "visitor: the greeter has greeted {visitors} visitors")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    /// A greeter that always says the same.
    struct Mock(Result<u64, GreetingError>);

    impl Greeting for Mock {
        fn greet(&self) -> Result<u64, GreetingError> {
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
        let hoarse = visit(&Mock(Err(GreetingError::Hoarse)), 3, &mut out);
        assert_eq!(hoarse, Err(VisitError::Greeter(GreetingError::Hoarse)));
        assert_eq!(out, "");
    }
}
