//! What a player holds in which slot, as far as its own calls have told.

use crate::calls::Call;
use crate::world::slot;
use abi::kind::Kind;
use abi::operation::TableOperation;

/// Slots that are kept in mind: those of the leaves that players play with.
const SLOTS: usize = 320;

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    kind: Kind,
    /// Whether it is a capability to the table that all this is about.
    is_own_table: bool,
}

/// What a player holds.
#[derive(Clone, Debug)]
pub struct Holdings([Option<Held>; SLOTS]);

impl Holdings {
    /// What every player starts with; some without the other thread.
    pub const fn new(has_other: bool) -> Self {
        let mut slots = [None; SLOTS];
        let mut at = 0;
        while at < slot::START.len() {
            let (number, kind) = slot::START[at];
            if has_other || number != slot::OTHER {
                slots[number as usize] = Some(Held { kind, is_own_table: number == slot::TABLE });
            }
            at += 1;
        }
        Self(slots)
    }

    /// The kind of what the slot with this number holds; none if it is empty, or not known.
    pub fn kind(&self, number: u64) -> Option<Kind> {
        self.get(number).map(|held| held.kind)
    }

    /// A slot with a capability of this kind: the first from number `start` on, if there is one at all.
    pub fn of_kind(&self, kind: Kind, start: u64) -> Option<u64> {
        let is_one = |at: &u64| self.kind(*at) == Some(kind);
        let end = SLOTS as u64;
        (start..end).chain(0..start.min(end)).find(is_one)
    }

    /// Takes in that `call` has succeeded.
    pub fn succeeded(&mut self, call: &Call) {
        let is_own_table = self.get(call.capability()).is_some_and(|held| held.is_own_table);
        let operation = TableOperation::from_number(call.method());
        let Some(operation) = operation.filter(|_| is_own_table) else { return };
        let [first, second, ..] = call.words;
        let low = first & u64::from(u32::MAX);
        use TableOperation::*;
        let (to, held) = match operation {
            Copy => (first, self.get(second)),
            CreateTable => (first, held(Kind::CapabilityTable)),
            CreatePageTable => (first, held(Kind::PageTable)),
            CreateComponent => (first, held(Kind::Component)),
            CreateThread => (first, held(Kind::Thread)),
            CreateInvocation => (low, held(Kind::Invocation)),
            CreatePorts => (first, held(Kind::Ports)),
            CreateReceive => (first, held(Kind::Receive)),
            CreateSend => (first, held(Kind::Send)),
            CreateInterrupt => (first, held(Kind::Interrupt)),
            CreatePhysicalRange => (first, held(Kind::PhysicalRange)),
            CreateHandledLevel => (first, held(Kind::HandledLevel)),
            CreateTemporalCapability => (low, held(Kind::TemporalCapability)),
            Remove | Reclaim => (first, None),
            Graft | Prune | Quiesce => return,
        };
        if let Some(slot) = usize::try_from(to).ok().and_then(|at| self.0.get_mut(at)) {
            *slot = held;
        }
    }

    fn get(&self, number: u64) -> Option<Held> {
        *self.0.get(usize::try_from(number).ok()?)?
    }
}

impl Default for Holdings {
    fn default() -> Self {
        Self::new(true)
    }
}

/// A capability of this kind to something else than the player's own table.
const fn held(kind: Kind) -> Option<Held> {
    Some(Held { kind, is_own_table: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(holdings: &mut Holdings, capability: u32, operation: TableOperation, words: [u64; 4]) {
        holdings.succeeded(&Call::new(capability, operation as u16, words));
    }

    #[test]
    fn what_is_filled_copied_and_emptied_is_known() {
        let mut holdings = Holdings::new(true);
        done(&mut holdings, slot::TABLE, TableOperation::CreateInvocation, [4 << 32 | 30, 0, 0, 1]);
        done(&mut holdings, slot::TABLE, TableOperation::Copy, [31, slot::SEND.into(), 0, 0]);
        assert_eq!([30, 31, 32].map(|at| holdings.kind(at)), [Some(Kind::Invocation), Some(Kind::Send), None]);
        done(&mut holdings, slot::TABLE, TableOperation::Remove, [30, 0, 0, 0]);
        assert_eq!([30, u64::MAX].map(|at| holdings.kind(at)), [None, None]);
    }

    #[test]
    fn a_copy_of_the_own_table_is_the_own_table_and_another_is_not() {
        let mut holdings = Holdings::new(true);
        done(&mut holdings, slot::TABLE, TableOperation::CreateTable, [30, 0, 0, 0]);
        done(&mut holdings, slot::TABLE, TableOperation::Copy, [31, slot::TABLE.into(), 0, 0]);
        done(&mut holdings, 30, TableOperation::Copy, [40, slot::SEND.into(), 0, 0]);
        done(&mut holdings, 31, TableOperation::Copy, [41, slot::SEND.into(), 0, 0]);
        assert_eq!([40, 41].map(|at| holdings.kind(at)), [None, Some(Kind::Send)]);
    }
}
