//! The next call, whatever came of the ones before.

use crate::choices::Choices;
use crate::holdings::Holdings;
use crate::tally::operations;
use crate::words;
use crate::world::{FAR, FIRST_FRAME, World, slot};
use abi::crossing::CAPABILITIES;
use abi::kind::Kind;
use abi::layout::{PAGE, USER_START};
use abi::operation::receive_flag::DO_NOT_WAIT;
use abi::operation::{ComponentOperation, PageTableOperation, ReceiveOperation, TableOperation, ThreadOperation};

/// A system call: what is in `rax`, and in `rdi rsi rdx r10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Capability number and method.
    pub word: u64,
    /// The words.
    pub words: [u64; 4],
}

impl Call {
    /// Asks the capability in a slot for an operation.
    pub const fn new(capability: u32, operation: u16, words: [u64; 4]) -> Self {
        Self { word: abi::crossing::CapabilityWord::new(capability, operation).0, words }
    }

    /// The capability number.
    pub const fn capability(&self) -> u64 {
        self.word >> 16
    }

    /// The method or operation.
    pub const fn method(&self) -> u16 {
        self.word as u16
    }
}

/// What a player is asked to call, and how often.
const ASKED: [(Kind, u32, u64); 17] = [
    (Kind::CapabilityTable, slot::TABLE, 40),
    (Kind::PageTable, slot::PAGE_TABLE, 24),
    (Kind::Component, slot::COMPONENT, 4),
    (Kind::Component, slot::VICTIM, 1),
    (Kind::Thread, slot::THREAD, 20),
    (Kind::Thread, slot::OTHER, 6),
    (Kind::Receive, slot::RECEIVE, 6),
    (Kind::Send, slot::SEND, 6),
    (Kind::Invocation, slot::INVOCATION, 10),
    (Kind::Invocation, slot::DEEP, 1),
    (Kind::Ports, slot::PORTS, 3),
    (Kind::DebugConsole, slot::CONSOLE, 1),
    (Kind::Interrupt, slot::INTERRUPT, 8),
    (Kind::PhysicalRange, slot::RANGE, 1),
    (Kind::TemporalCapability, slot::TIME, 10),
    (Kind::TemporalCapability, slot::MORE_TIME, 3),
    (Kind::HandledLevel, slot::LEVEL, 1),
];

/// The sum of the last column.
const WEIGHTS: u64 = {
    let (mut sum, mut at) = (0, 0);
    while at < ASKED.len() {
        sum += ASKED[at].2;
        at += 1;
    }
    sum
};

/// Chooses calls.
#[derive(Clone, Debug)]
pub struct Calls {
    /// What they are about.
    pub world: World,
    /// What the player has so far.
    pub holdings: Holdings,
}

impl Calls {
    /// The next call.
    pub fn choose(&self, choices: &mut impl Choices) -> Call {
        let (kind, own, operations) = kind(choices);
        let capability = self.capability(kind, own, choices);
        let method = method(operations, choices);
        let words = words::of(self, kind, method, choices);
        let call = Call { word: capability << 16 | u64::from(method), words };
        self.permitted(call, choices)
    }

    /// The player's own, or one that it has made, or any number at all.
    fn capability(&self, kind: Kind, own: u32, choices: &mut impl Choices) -> u64 {
        match choices.below(32) {
            0..=13 => own.into(),
            14..=24 => self.of_kind(kind, choices).unwrap_or(own.into()),
            25..=29 => words::target(choices),
            30 => choices.below(CAPABILITIES.into()),
            _ => choices.word() >> 16 >> choices.below(40),
        }
    }

    /// The call, or what is left of it without what would end the game: waiting for ever, ending the player at once, filling the console.
    fn permitted(&self, mut call: Call, choices: &mut impl Choices) -> Call {
        let (capability, method) = (call.capability(), call.method());
        // What a player starts with stays where it is; it does not always start with the last of these.
        let is_other = capability == u64::from(slot::OTHER) && self.holdings.kind(capability) == Some(Kind::Thread);
        let is_known = (1..u64::from(slot::OTHER)).contains(&capability) || is_other;
        let may_be = |own: u32| capability == u64::from(own) || !is_known;
        if capability == u64::from(slot::CONSOLE) {
            call.words = [0; 4];
        }
        let is_dispatch = (may_be(slot::THREAD) || may_be(slot::OTHER)) && method == ThreadOperation::Dispatch as u16;
        if is_dispatch && !self.world.timed && call.words[3] != 0 {
            call.words[1] = 0;
            call.words[3] &= u64::from(u32::MAX);
        }
        // A thread that waits without a time, while nobody sends.
        let waits = call.words[0] & DO_NOT_WAIT == 0 && call.words[1] != 1;
        if may_be(slot::RECEIVE) && method == ReceiveOperation::Receive as u16 && waits {
            call.words[0] |= DO_NOT_WAIT;
        }
        let is_table = [PageTableOperation::Graft as u16, PageTableOperation::Prune as u16].contains(&method);
        call.words[0] = alike(&self.world, call.words[0], is_table && may_be(slot::PAGE_TABLE));
        call.words[1] = alike(&self.world, call.words[1], false);
        // What is in its first slots it needs.
        let takes = may_be(slot::TABLE) && TAKES.contains(&method);
        if takes && call.words[0] < u64::from(slot::FREE) {
            call.words[0] += u64::from(slot::FREE);
        }
        let may_end = may_be(slot::COMPONENT) && method == ComponentOperation::Revoke as u16;
        let is_end = capability == 0 || capability == u64::from(slot::COMPONENT);
        if (may_end || capability == 0) && !choices.one_in(if is_end { ENDS } else { ENDS / 16 }) {
            return Call { word: Call::new(slot::COMPONENT, 63, [0; 4]).word, ..call };
        }
        call
    }

    /// A slot that the player has filled with a capability of this kind.
    pub(crate) fn of_kind(&self, kind: Kind, choices: &mut impl Choices) -> Option<u64> {
        self.holdings.of_kind(kind, words::target(choices))
    }
}

fn kind(choices: &mut impl Choices) -> (Kind, u32, usize) {
    let mut at = choices.below(WEIGHTS);
    for (kind, own, weight) in ASKED {
        if at < weight {
            return (kind, own, methods(kind, own));
        }
        at -= weight;
    }
    (Kind::CapabilityTable, slot::TABLE, operations(Kind::CapabilityTable))
}

/// Numbers from which a method is chosen, most of the time.
const fn methods(kind: Kind, own: u32) -> usize {
    match kind {
        Kind::Invocation if own == slot::DEEP => 1,
        Kind::Invocation => 2,
        Kind::PhysicalRange => 1,
        _ => operations(kind),
    }
}

fn method(operations: usize, choices: &mut impl Choices) -> u16 {
    match choices.below(40) {
        0 => choices.word() as u16,
        1 => choices.below(66) as u16,
        _ => choices.below(operations as u64) as u16,
    }
}

/// One call in so many that would end the player does.
const ENDS: u64 = 1024;

/// The word, or another if the image lies there, or what the kernel has mapped for a base constructor: that differs
/// between the host and the guest, and everybody needs it.
fn alike(world: &World, word: u64, anywhere: bool) -> u64 {
    const POOL: u64 = 1 << 34;
    let differs = (if anywhere { 0 } else { USER_START }..FAR).contains(&word);
    let is_frame = (FIRST_FRAME..FIRST_FRAME + POOL).contains(&word);
    if differs && !is_frame && (anywhere || word.is_multiple_of(PAGE)) {
        world.far() | (word % (1 << 31))
    } else {
        word
    }
}

/// Operations of a table that take away what is in the slot that their first word names.
const TAKES: [u16; 2] = [TableOperation::Remove as u16, TableOperation::Reclaim as u16];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::Random;
    use crate::world::Code;

    const CODE: Code = Code { returns: 0, unwinds: 0, deepens: 0, player: 0 };
    const WORLD: World = World { player: 0, frames: FIRST_FRAME, code: CODE, timed: true };

    /// Whatever a slot may come to hold, nobody waits there for ever.
    #[test]
    fn no_call_waits_for_ever() {
        let waits = |at| Call::new(at, ReceiveOperation::Receive as u16, [0, 0, u64::MAX, slot::RECEIVE.into()]);
        let calls = |has_other| Calls { world: WORLD, holdings: Holdings::new(has_other) };
        let permitted = |at, has_other| calls(has_other).permitted(waits(at), &mut Random::new(1));
        for (at, has_other, may_wait) in [
            (slot::THREAD, true, true),
            (slot::RECEIVE, true, false),
            (slot::OTHER, true, true),
            (slot::OTHER, false, false),
            (slot::OTHER + 1, true, false),
            (slot::FREE, true, false),
            (slot::FREE + 1000, true, false),
        ] {
            let waits = permitted(at, has_other).words[0] & DO_NOT_WAIT == 0;
            assert_eq!(waits, may_wait, "slot {at}, {has_other}");
        }
    }
}
