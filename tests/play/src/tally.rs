//! What came of the calls.

use crate::calls::Call;
use abi::error::Error;
use abi::kind::Kind;
use abi::operation::{
    ComponentOperation, DebugConsoleOperation, HandledLevelOperation, InterruptOperation, PageTableOperation,
    PortsOperation, PowerOperation, ReceiveOperation, SendOperation, TableOperation, TemporalCapabilityOperation,
    ThreadOperation,
};

/// Kinds that are counted.
pub const KINDS: usize = Kind::ALL.len() + 1;
/// Operations of a kind that are counted.
pub const OPERATIONS: usize = 32;
/// The last of them stands for all numbers that are no operation's.
pub const UNKNOWN: usize = OPERATIONS - 1;
/// Statuses that are counted.
pub const STATUSES: usize = Error::ALL.len() + 1;

/// Operations that there are of capabilities of a kind; of an invocation, all methods are one.
pub const fn operations(kind: Kind) -> usize {
    match kind {
        Kind::Invocation => 1,
        Kind::CapabilityTable => TableOperation::ALL.len(),
        Kind::PageTable => PageTableOperation::ALL.len(),
        Kind::Component => ComponentOperation::ALL.len(),
        Kind::Thread => ThreadOperation::ALL.len(),
        Kind::Ports => PortsOperation::ALL.len(),
        Kind::DebugConsole => DebugConsoleOperation::ALL.len(),
        Kind::Power => PowerOperation::ALL.len(),
        Kind::Receive => ReceiveOperation::ALL.len(),
        Kind::Send => SendOperation::ALL.len(),
        Kind::Interrupt => InterruptOperation::ALL.len(),
        Kind::PhysicalRange => 0,
        Kind::HandledLevel => HandledLevelOperation::ALL.len(),
        Kind::TemporalCapability => TemporalCapabilityOperation::ALL.len(),
    }
}

/// Counts of answers, and a sum over all of them in their order.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Calls that were made.
    pub tried: u64,
    /// Calls that were answered.
    pub answered: u64,
    /// How often each status was answered to a player.
    pub statuses: [u64; STATUSES],
    /// How often each operation was answered with each status, by the kind of what was asked, as far as that is known.
    pub outcomes: [[[u32; STATUSES]; OPERATIONS]; KINDS],
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
            outcomes: [[[0; STATUSES]; OPERATIONS]; KINDS],
            sum: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// Adds what `call` of a capability of this kind, if that is known, was answered with.
    pub fn add(&mut self, kind: Option<Kind>, call: &Call, status: u16, words: [u64; 2]) {
        self.answered += 1;
        if let Some(count) = self.statuses.get_mut(usize::from(status)) {
            *count += 1;
        }
        if let Some(kind) = kind {
            self.count(kind, call.method(), status, 1);
        }
        self.mix(answer_sum(call, status, words));
    }

    /// Counts answers to an operation, of whoever asked.
    pub fn count(&mut self, kind: Kind, method: u16, status: u16, times: u32) {
        let is_known = kind == Kind::Invocation || usize::from(method) < operations(kind);
        let method = if kind == Kind::Invocation { 0 } else { usize::from(method) };
        let operations = &mut self.outcomes[kind as usize];
        let counts = operations.get_mut(if is_known { method } else { UNKNOWN });
        if let Some(count) = counts.and_then(|counts| counts.get_mut(usize::from(status))) {
            *count = count.saturating_add(times);
        }
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
