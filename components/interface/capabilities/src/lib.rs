//! The interface `capabilities`: components that are made, run and ended while the system runs, and who holds what.
//!
//! The graph names the server of this interface as the `constructor` of the components that it manages. A component is
//! named by its token, the number by which servers know it (`runtime::Caller::token`); [`find`](Capabilities::find)
//! answers it.
#![no_std]

#[cfg(test)]
extern crate std;

use runtime::Answer;

/// What a method of [`Capabilities`] answers.
pub type Result<T> = runtime::Result<T, CapabilitiesError>;

runtime::errors! {
    /// Why a capability manager does not do what it is asked.
    pub enum CapabilitiesError {
        NotManaged = 1: "the component is not this manager's",
        Lives = 2: "the component lives already",
        Dead = 3: "the component does not live",
        Nobody = 4: "nobody else holds it",
        Busy = 5: "the component is being made or ended, on another thread: ask again",
        BadPlan = 6: "its plan cannot be carried out, which is a defect of the composer",
        NotInitialised = 7: "the component did not initialise, and has been ended again",
        Quota = 8: "as many of the components that the client has made live as may",
        NoMemory = 9: "the memory manager has none for it",
    }
}

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
    /// it may call, a bit each; or [`CapabilitiesError::Nobody`].
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

#[cfg(test)]
mod tests {
    use super::*;

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
