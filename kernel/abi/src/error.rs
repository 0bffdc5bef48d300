//! What the kernel answers when it does not do what was asked.

/// Why an invocation or operation was refused. The caller finds it in `rax`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Error {
    /// The capability number is outside any table.
    OutOfRange = 1,
    /// The slot is empty, or its table has no leaf there.
    Empty = 2,
    /// The slot holds a capability of another kind than the operation needs.
    WrongKind = 3,
    /// The capability does not permit this method.
    MethodNotPermitted = 4,
    /// The kind of capability has no such operation.
    UnknownOperation = 5,
    /// The component behind the capability has been revoked, or the object behind it has been reclaimed.
    Revoked = 6,
    /// The thread's invocation stack is full.
    DepthExceeded = 7,
    /// The server faulted; its invocation was unwound.
    Faulted = 8,
    /// The destination slot is taken.
    SlotTaken = 9,
    /// The destination has no table node at that place yet.
    NoNode = 10,
    /// The destination already has a node or a mapping at that place.
    AlreadyMapped = 11,
    /// The address names no frame in the caller's page table.
    NoFrame = 12,
    /// The frame is not in the state that the operation needs.
    FrameState = 13,
    /// The capability lacks a right that the operation needs, or more rights were asked for than the source has.
    RightsExceeded = 14,
    /// An address is misaligned, non-canonical or outside user level's part.
    BadAddress = 15,
    /// A word is outside the range that the operation documents.
    BadArgument = 16,
    /// The index is taken by a living object.
    IndexTaken = 17,
    /// The thread is not in a state in which it can be dispatched.
    NotDispatchable = 18,
    /// The object is used and cannot be taken away.
    InUse = 19,
    /// The scheduling token is older than one that has been used: the decision was overtaken.
    Stale = 20,
    /// The scheduler has events to take in before it dispatches.
    EventsPending = 21,
    /// Nothing has been sent, and the caller did not want to wait.
    NothingPending = 22,
    /// Nothing was sent until the time that the caller gave.
    TimedOut = 23,
    /// The thread belongs to another core.
    WrongCore = 24,
    /// What was asked for is under way: ask again.
    Pending = 25,
    /// What was given up may still be in use on some core.
    NotQuiescent = 26,
    /// The registers asked for are not kept: the thread runs, or waits of its own accord; or the caller handles no fault.
    NotStopped = 27,
    /// The temporal capability has no cycles left, or fewer than were to be moved.
    BudgetExhausted = 28,
    /// The temporal capability cannot hold that many cycles.
    BudgetOverflow = 29,
    /// More schedulers would have a say in the priority of a temporal capability than there is room for.
    TooManySchedulers = 30,
}

impl Error {
    /// Every error there is, in the order of their numbers.
    pub const ALL: [Self; 30] = [
        Self::OutOfRange,
        Self::Empty,
        Self::WrongKind,
        Self::MethodNotPermitted,
        Self::UnknownOperation,
        Self::Revoked,
        Self::DepthExceeded,
        Self::Faulted,
        Self::SlotTaken,
        Self::NoNode,
        Self::AlreadyMapped,
        Self::NoFrame,
        Self::FrameState,
        Self::RightsExceeded,
        Self::BadAddress,
        Self::BadArgument,
        Self::IndexTaken,
        Self::NotDispatchable,
        Self::InUse,
        Self::Stale,
        Self::EventsPending,
        Self::NothingPending,
        Self::TimedOut,
        Self::WrongCore,
        Self::Pending,
        Self::NotQuiescent,
        Self::NotStopped,
        Self::BudgetExhausted,
        Self::BudgetOverflow,
        Self::TooManySchedulers,
    ];

    /// The number that stands for this error in `rax`.
    pub const fn status(self) -> u16 {
        self as u16
    }

    /// The error that `status` stands for, if it is one of the kernel's.
    pub const fn from_status(status: u16) -> Option<Self> {
        if status == 0 || status as usize > Self::ALL.len() {
            return None;
        }
        Some(Self::ALL[status as usize - 1])
    }

    /// What happened, as the end of a sentence.
    pub const fn text(self) -> &'static str {
        match self {
            Self::OutOfRange => "capability number out of range",
            Self::Empty => "empty capability slot",
            Self::WrongKind => "capability of the wrong kind",
            Self::MethodNotPermitted => "method not permitted by the capability",
            Self::UnknownOperation => "unknown operation",
            Self::Revoked => "component or object revoked",
            Self::DepthExceeded => "invocation stack full",
            Self::Faulted => "server faulted",
            Self::SlotTaken => "capability slot taken",
            Self::NoNode => "no table node there",
            Self::AlreadyMapped => "already mapped",
            Self::NoFrame => "address names no frame",
            Self::FrameState => "frame in the wrong state",
            Self::RightsExceeded => "more rights than the source has",
            Self::BadAddress => "bad address",
            Self::BadArgument => "bad argument",
            Self::IndexTaken => "index taken",
            Self::NotDispatchable => "thread cannot be dispatched",
            Self::InUse => "object in use",
            Self::Stale => "scheduling token overtaken",
            Self::EventsPending => "scheduler events pending",
            Self::NothingPending => "nothing pending",
            Self::TimedOut => "timed out",
            Self::WrongCore => "thread of another core",
            Self::Pending => "under way",
            Self::NotQuiescent => "given up too recently to be used again",
            Self::NotStopped => "registers not kept",
            Self::BudgetExhausted => "budget exhausted",
            Self::BudgetOverflow => "too large a budget",
            Self::TooManySchedulers => "too many schedulers",
        }
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_dense_and_round_trip() {
        for (at, error) in Error::ALL.into_iter().enumerate() {
            assert_eq!(error.status() as usize, at + 1);
            assert_eq!(Error::from_status(error.status()), Some(error));
        }
        assert_eq!(Error::from_status(0), None);
        assert_eq!(Error::from_status(Error::ALL.len() as u16 + 1), None);
        assert!(Error::ALL.len() < crate::crossing::SERVER_STATUS as usize);
    }
}
