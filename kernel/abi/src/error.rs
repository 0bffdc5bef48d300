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
    /// The component behind the capability has been revoked.
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
    /// More rights were asked for than the source has.
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
}

impl Error {
    /// Every error there is, in the order of their numbers.
    pub const ALL: [Self; 23] = [
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
            Self::Revoked => "component revoked",
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
