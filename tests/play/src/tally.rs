//! What came of the calls.

use crate::calls::Call;
use abi::error::Error;
use abi::kind::Kind;

/// Kinds that are counted.
pub const KINDS: usize = Kind::ALL.len() + 1;
/// Operations of a kind that are counted.
pub const OPERATIONS: usize = 32;
/// Statuses that are counted.
pub const STATUSES: usize = Error::ALL.len() + 1;

/// Counts of answers, and a sum over all of them in their order.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Calls that were made.
    pub tried: u64,
    /// Calls that were answered.
    pub answered: u64,
    /// How often each status was answered.
    pub statuses: [u64; STATUSES],
    /// How often each operation succeeded, by kind, of the capabilities with which a player starts.
    pub succeeded: [[u64; OPERATIONS]; KINDS],
    /// Depends on every answer and their order.
    pub sum: u64,
}

impl Tally {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self {
            tried: 0,
            answered: 0,
            statuses: [0; STATUSES],
            succeeded: [[0; OPERATIONS]; KINDS],
            sum: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// Adds what `call` was answered with.
    pub fn add(&mut self, call: &Call, status: u16, words: [u64; 2]) {
        self.answered += 1;
        if let Some(count) = self.statuses.get_mut(usize::from(status)) {
            *count += 1;
        }
        if status == 0
            && let Some(kind) = call.known
            && let Some(count) = self.succeeded[kind as usize].get_mut(usize::from(call.method()))
        {
            *count += 1;
        }
        self.mix(answer_sum(call, status, words));
    }

    /// Adds `word` to the sum.
    pub fn mix(&mut self, word: u64) {
        self.sum = (self.sum ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

/// What an answer adds to the sum. How fast the machine is does not belong to it.
pub const fn answer_sum(call: &Call, status: u16, [first, second]: [u64; 2]) -> u64 {
    let is_speed = call.method() == abi::operation::ReceiveOperation::Frequency as u16 && status == 0;
    let words = if is_speed { 0 } else { first.rotate_left(1) ^ second.rotate_left(33) };
    words ^ (status as u64) << 48
}
