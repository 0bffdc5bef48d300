//! The first word of an entry: where it is in its life, and what it names.
//!
//! | bits | field | written by |
//! |---|---|---|
//! | 0–15 | [`State`] | the side that owns the edge |
//! | 16–31 | method; or status of the answered call | client, with *submitted*; server, with *done* |
//! | 32–63 | flags, zero: no flag has a meaning yet | client, with *submitted* |
//!
//! One word, so that one store publishes a call and one store publishes its
//! result, and so that the server claims state, method and flags in one step:
//! there is no moment at which they could be changed in between. State and
//! method fit into the constant of one instruction.

/// Where an entry is in its life. Zero is *free*, so a cleared frame is an empty page; one is no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum State {
    /// Nobody uses it, or the client fills it, as its own books say. Next: the client submits it.
    Free = 0,
    /// It waits to be taken. Next: the server claims it.
    Submitted = 2,
    /// The server runs its method. Next: the server answers or parks it.
    Busy = 3,
    /// Its method waits for something. Next: the server answers it.
    Blocked = 4,
    /// Its result is there. Next: the client reads the result and frees it.
    Done = 5,
}

impl State {
    /// The state that `number` stands for, if any.
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            0 => Some(Self::Free),
            2 => Some(Self::Submitted),
            3 => Some(Self::Busy),
            4 => Some(Self::Blocked),
            5 => Some(Self::Done),
            _ => None,
        }
    }
}

/// The status word of an entry, read once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u64);

impl Status {
    /// A submitted call of `method`.
    #[inline]
    pub const fn submitted(method: u16) -> Self {
        Self((method as u64) << 16 | State::Submitted as u64)
    }

    /// An answered call; `answer` is what a direct call finds in `rax`.
    #[inline]
    pub const fn done(answer: u16) -> Self {
        Self((answer as u64) << 16 | State::Done as u64)
    }

    /// The state, or `None` if the word was tampered with.
    #[inline]
    pub const fn state(self) -> Option<State> {
        State::from_number(self.0 as u16)
    }

    /// Whether the entry is exactly in `state`.
    #[inline]
    pub const fn is(self, state: State) -> bool {
        self.0 as u16 == state as u16
    }

    /// What the server answered: zero for success.
    #[inline]
    pub const fn answer(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The method that is called.
    #[inline]
    pub const fn method(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The flags.
    #[inline]
    pub const fn flags(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Method and flags as one number, which is the method's as long as there are no flags.
    #[inline]
    pub(crate) const fn named(self) -> u64 {
        self.0 >> 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_do_not_touch_each_other() {
        let word = Status(0x1234_5678_9abc_0002);
        assert_eq!(word.state(), Some(State::Submitted));
        assert_eq!((word.method(), word.flags()), (0x9abc, 0x1234_5678));
        assert_eq!((Status::submitted(7).method(), Status::submitted(7).named()), (7, 7));
    }

    #[test]
    fn an_answer_is_published_with_done() {
        assert!(Status::done(0x105).is(State::Done));
        assert_eq!(Status::done(0x105).answer(), 0x105);
    }

    #[test]
    fn states_round_trip_and_the_rest_is_refused() {
        for number in [0, 2, 3, 4, 5] {
            assert_eq!(State::from_number(number).map(|state| state as u16), Some(number));
        }
        assert_eq!([1, 6].map(State::from_number), [None; 2]);
        assert_eq!(Status(u64::MAX).state(), None);
    }
}
