//! The interface `capabilities`: components that are made, run and ended while the system runs, and who holds what.
//!
//! The graph names the server of this interface as the `constructor` of the components that it manages. A component is
//! named by its token, the number by which servers know it (`runtime::Caller::token`); [`find`](Capabilities::find)
//! answers it.
#![no_std]

#[cfg(test)]
extern crate std;

use core::fmt;
use runtime::{Answer, Error, Result};

/// Manages components.
#[runtime::interface]
pub trait Capabilities {
    /// Makes `component` as the graph describes it, if the caller's quota allows one more, and lets it initialise, on the caller's thread. Its clients can call it
    /// from then on.
    fn create(&self, component: u64) -> Result<()>;

    /// Ends `component`: every capability to it is void, its memory is cleared before anybody else has it. Calls that
    /// are inside return to their clients with an error.
    fn destroy(&self, component: u64) -> Result<()>;

    /// Ends `component`, if it lives, and makes it anew, of the quota of whoever had it made first.
    fn recreate(&self, component: u64) -> Result<()>;

    /// Lets `component` run its main phase, on the caller's thread; answers the status with which it ended.
    fn run(&self, component: u64) -> Result<u64>;

    /// Answers whether `component` lives, and how often it was made.
    fn state(&self, component: u64) -> Result<State>;

    /// Answers the token of the first component, from `from` on, that can invoke `component`, and the methods that
    /// it may call, a bit each; or [`NOBODY`].
    fn holder(&self, component: u64, from: u64) -> Result<(u64, u64)>;

    /// Takes from `holder` every capability to invoke `component`; answers how many. It has them again when
    /// `component` is made anew.
    fn revoke(&self, component: u64, holder: u64) -> Result<u64>;

    /// Answers the token of the component whose name, padded with zeros, these words are.
    fn find(&self, first: u64, second: u64, third: u64, fourth: u64) -> Result<u64>;
}

/// What is known of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Whether it lives.
    pub lives: bool,
    /// How often it was made.
    pub made: u64,
}

impl Answer for State {
    #[inline]
    fn into_words(self) -> [u64; 2] {
        [self.lives.into(), self.made]
    }

    #[inline]
    fn from_words([lives, made]: [u64; 2]) -> Self {
        Self { lives: lives != 0, made }
    }
}

/// A component's name as the words of [`find`](Capabilities::find).
pub fn name_words(name: &str) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(name.as_bytes().chunks(8)) {
        *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    }
    words
}

/// The error about a component that is not this manager's.
pub const NOT_MANAGED: Error = Error::Server(1);

/// The error about a component that lives already.
pub const LIVES: Error = Error::Server(2);

/// The error about a component that does not live.
pub const DEAD: Error = Error::Server(3);

/// The error of [`holder`](Capabilities::holder) when there is no further one.
pub const NOBODY: Error = Error::Server(4);

/// The error about a component while it is being made or ended, on another thread: ask again.
pub const BUSY: Error = Error::Server(5);

/// The error about a component whose plan cannot be carried out: a defect of the composer.
pub const BAD_PLAN: Error = Error::Server(6);

/// The error about a component that did not initialise; it has been ended again.
pub const NOT_INITIALISED: Error = Error::Server(7);

/// The error of a client that has made as many components that live as it may.
pub const QUOTA: Error = Error::Server(8);

/// An error of a capability manager, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(pub Error);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            NOT_MANAGED => "the component is not this manager's",
            LIVES => "the component lives already",
            DEAD => "the component does not live",
            NOBODY => "nobody else holds it",
            BUSY => "the manager is busy with another",
            BAD_PLAN => "its plan cannot be carried out",
            NOT_INITIALISED => "the component did not initialise",
            QUOTA => "as many live as may",
            other => return other.fmt(f),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_error_has_words_of_its_own() {
        let errors = [NOT_MANAGED, LIVES, DEAD, NOBODY, BUSY, BAD_PLAN, NOT_INITIALISED, QUOTA];
        let said: std::collections::BTreeSet<_> = errors.map(|error| Reason(error).to_string()).into();
        assert_eq!(said.len(), errors.len());
        assert!(said.iter().all(|words| !words.contains("error")), "{said:?}");
        assert_eq!(Reason(Error::Server(99)).to_string(), "the server's error 99");
    }

    #[test]
    fn a_name_is_words_in_memory_order() {
        assert_eq!(name_words("ab"), [0x6261, 0, 0, 0]);
        assert_eq!(name_words("abcdefghi"), [0x6867_6665_6463_6261, 0x69, 0, 0]);
    }

    #[test]
    fn a_state_round_trips() {
        for state in [State { lives: true, made: 7 }, State { lives: false, made: 0 }] {
            assert_eq!(State::from_words(state.into_words()), state);
        }
    }
}
