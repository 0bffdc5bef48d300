//! What a scheduler learns of the threads that it schedules.

/// What happened last to a thread. Events of one thread are coalesced: an older one that has not
/// been taken in is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Index of the thread.
    pub thread: u32,
    /// What happened.
    pub what: What,
    /// Whether there are more events.
    pub more: bool,
}

/// What can happen to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It waits for an activation.
    Blocked,
    /// It waited, and has been activated.
    Woken,
    /// It could go on, but the core was taken from it.
    Preempted,
    /// It returned from its entry with this status, and can start again.
    Ended(u16),
    /// It faulted with no invocation left to unwind; the status says why.
    Faulted(u16),
}

const KIND_SHIFT: u32 = 32;
const STATUS_SHIFT: u32 = 40;
const MORE: u64 = 1 << 63;

impl Event {
    /// The event as a word that is never 0.
    pub const fn to_word(self) -> u64 {
        let (kind, status) = match self.what {
            What::Blocked => (1, 0),
            What::Woken => (2, 0),
            What::Preempted => (3, 0),
            What::Ended(status) => (4, status),
            What::Faulted(status) => (5, status),
        };
        let more = if self.more { MORE } else { 0 };
        self.thread as u64 | kind << KIND_SHIFT | (status as u64) << STATUS_SHIFT | more
    }

    /// The event that `word` stands for; none if it is 0 or malformed.
    pub const fn from_word(word: u64) -> Option<Self> {
        let status = (word >> STATUS_SHIFT) as u16;
        let what = match (word >> KIND_SHIFT) as u8 {
            1 => What::Blocked,
            2 => What::Woken,
            3 => What::Preempted,
            4 => What::Ended(status),
            5 => What::Faulted(status),
            _ => return None,
        };
        Some(Self { thread: word as u32, what, more: word & MORE != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_round_trip() {
        for what in [What::Blocked, What::Woken, What::Preempted, What::Ended(0xffff), What::Faulted(8)] {
            for more in [false, true] {
                let event = Event { thread: 1023, what, more };
                assert_eq!(Event::from_word(event.to_word()), Some(event));
            }
        }
        assert_eq!(Event::from_word(0), None);
        assert_eq!(Event::from_word(u64::MAX), None);
    }
}
