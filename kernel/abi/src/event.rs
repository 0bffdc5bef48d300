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
    /// It could go on, but the temporal capability that it ran on has no cycles left.
    Expired,
    /// It returned from its entry with this status, and can start again.
    Ended(u16),
    /// It faulted with no invocation left to unwind, or its handler ended it, with this status: it does not start again.
    Faulted(u16),
}

const KIND_SHIFT: u32 = 32;
const STATUS_SHIFT: u32 = 40;
/// In an event's word: there are more.
pub const MORE: u64 = 1 << 63;

impl Event {
    /// The event as a word that is never 0.
    pub const fn to_word(self) -> u64 {
        let (kind, status) = match self.what {
            What::Blocked => (1, 0),
            What::Woken => (2, 0),
            What::Preempted => (3, 0),
            What::Ended(status) => (4, status),
            What::Faulted(status) => (5, status),
            What::Expired => (6, 0),
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
            6 => What::Expired,
            _ => return None,
        };
        Some(Self { thread: word as u32, what, more: word & MORE != 0 })
    }
}

/// What is pending at an end-point, as far as it goes into two words.
///
/// | bits of word 0 | meaning |
/// |---|---|
/// | 0–30 | times that somebody sent, at most 2^31 − 1 |
/// | 31 | there are more events |
/// | 32–63 | the first event |
///
/// Word 1 has the second event in its lower half, the third in its upper half. An event in 32 bits is the index of the thread in bits 0–9,
/// what happened in bits 10–13, the status in bits 14–29; 0 for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Times that somebody sent.
    pub sent: u32,
    /// What happened to threads, in the order in which it did.
    pub events: [Option<Event>; Self::EVENTS],
}

impl Batch {
    /// Events that there is room for.
    pub const EVENTS: usize = 3;

    const MORE: u64 = 1 << 31;

    /// So many sends, and no event yet.
    pub const fn new(sent: u64) -> Self {
        let sent = if sent < Self::MORE { sent as u32 } else { (Self::MORE - 1) as u32 };
        Self { sent, events: [None; Self::EVENTS] }
    }

    /// Puts `event` behind the others. False if that was the last for which there was room, or if there was none.
    pub fn push(&mut self, event: Event) -> bool {
        let free = self.events.iter().position(Option::is_none);
        if let Some(place) = free.and_then(|free| self.events.get_mut(free)) {
            *place = Some(event);
        }
        free.is_some_and(|free| free + 1 < Self::EVENTS)
    }

    /// Whether there are more events than these.
    pub fn has_more(&self) -> bool {
        self.events.iter().rev().flatten().next().is_some_and(|last| last.more)
    }

    /// The batch as two words.
    pub fn to_words(&self) -> [u64; 2] {
        let [first, second, third] = self.events.map(|event| event.map_or(0, Event::to_short));
        let more = if self.has_more() { Self::MORE } else { 0 };
        [u64::from(self.sent) | more | first << 32, second | third << 32]
    }

    /// The batch that two words stand for.
    pub fn from_words([first, second]: [u64; 2]) -> Self {
        let mut events = [first >> 32, second & 0xffff_ffff, second >> 32].map(Event::from_short);
        let more = first & Self::MORE != 0;
        // Of each but the last, another one is known to follow.
        let count = events.iter().flatten().count();
        for (at, event) in events.iter_mut().flatten().enumerate() {
            event.more = at + 1 < count || more;
        }
        Self { sent: (first & (Self::MORE - 1)) as u32, events }
    }
}

const SHORT_INDEX: u32 = 10;
const SHORT_STATUS: u32 = 14;
const _: () = assert!(crate::layout::THREADS as u32 <= 1 << SHORT_INDEX);

impl Event {
    /// The event in 32 bits, without `more`.
    const fn to_short(self) -> u64 {
        let word = self.to_word();
        let (kind, status) = (word >> KIND_SHIFT & 0xf, word >> STATUS_SHIFT & 0xffff);
        self.thread as u64 | kind << SHORT_INDEX | status << SHORT_STATUS
    }

    const fn from_short(short: u64) -> Option<Self> {
        let (kind, status) = (short >> SHORT_INDEX & 0xf, short >> SHORT_STATUS & 0xffff);
        let thread = short & ((1 << SHORT_INDEX) - 1);
        Self::from_word(thread | kind << KIND_SHIFT | status << STATUS_SHIFT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_round_trip() {
        let events = [(1023, What::Ended(0xffff)), (0, What::Expired), (7, What::Blocked)];
        for count in 0..=Batch::EVENTS {
            for more in [false, true] {
                let mut batch = Batch::new(5);
                for (at, (thread, what)) in events.into_iter().take(count).enumerate() {
                    let more = at + 1 < count || more;
                    assert_eq!(batch.push(Event { thread, what, more }), at + 1 < Batch::EVENTS);
                }
                assert_eq!(Batch::from_words(batch.to_words()), batch);
                assert_eq!(batch.has_more(), more && count > 0);
            }
        }
    }

    #[test]
    fn a_batch_counts_as_far_as_it_can() {
        assert_eq!(Batch::from_words(Batch::new(u64::MAX).to_words()).sent, (1 << 31) - 1);
    }

    #[test]
    fn events_round_trip() {
        for what in [What::Blocked, What::Woken, What::Preempted, What::Expired, What::Ended(0xffff), What::Faulted(8)]
        {
            for more in [false, true] {
                let event = Event { thread: 1023, what, more };
                assert_eq!(Event::from_word(event.to_word()), Some(event));
            }
        }
        assert_eq!(Event::from_word(0), None);
        assert_eq!(Event::from_word(u64::MAX), None);
    }
}
