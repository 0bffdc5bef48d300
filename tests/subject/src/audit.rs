//! What must hold of the logic's memory after every entry, whatever the model says of the answers.
//!
//! | promise | how it is looked at |
//! |---|---|
//! | rights only shrink | what a slot has got is compared with all that was held before: somebody had as much of the same, or the right to make it |
//! | no capability outlives its object | what can be used is about a frame that is an object in the life that the slot names, and the model has that object |
//! | frames are what the model says | each word of the retype table |
//! | mappings are what the model says | each entry of the tables that the processor walks, in user level's half: frame and rights; and none besides |
//! | budgets are conserved | cycles left and used, in the objects themselves |

mod mappings;

use crate::LogicKernel;
use abi::kind::Kind;
use abi::rights;
use abi::time::UNLIMITED;
use logic::capability::{Capability, word};
use logic::frame::{self, Frame, State};
use logic::store::Store;
use logic::temporal_capability;
use model::state::{Capability as Modelled, Model};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::Relaxed;

/// Words of a slot.
const WORDS: usize = 8;

/// What a slot holds: kind and rights, and the words behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    kind: u8,
    rights: u64,
    words: [u64; 5],
}

/// What all slots held after the entry before.
#[derive(Default)]
pub struct Audit {
    slots: BTreeMap<(u64, usize), Held>,
    objects: BTreeSet<[u64; 2]>,
}

impl Audit {
    /// What does not hold, if anything.
    ///
    /// # Errors
    ///
    /// What it is.
    pub fn check(&mut self, logic: &LogicKernel, model: &Model) -> Result<(), String> {
        let now = slots(logic, model);
        self.check_rights(&now)?;
        check_objects(logic, model)?;
        check_frames(logic, model)?;
        check_budgets(logic, model)?;
        mappings::check(&logic.memory, model)?;
        self.objects.extend(now.values().filter_map(Held::object));
        self.slots = now;
        Ok(())
    }

    /// Nobody got anything that nobody could give.
    fn check_rights(&self, now: &BTreeMap<(u64, usize), Held>) -> Result<(), String> {
        for (place, held) in now.iter().filter(|(place, held)| self.slots.get(place) != Some(held)) {
            let is_first = self.slots.is_empty();
            let is_new = held.object().is_some_and(|object| held.is_own() && !self.objects.contains(&object));
            if !is_first && !is_new && !self.slots.values().any(|source| source.gives(held)) {
                return Err(format!("slot {place:x?} has got {held:x?}, which nobody could give"));
            }
        }
        Ok(())
    }
}

impl Held {
    /// The object that it is about, and its life.
    fn object(&self) -> Option<[u64; 2]> {
        let [object, life, ..] = self.words;
        logic::slot::has_object(self.kind).then_some([object, life])
    }

    /// Whether it comes with its object.
    fn is_own(&self) -> bool {
        ![Kind::Receive as u8, Kind::Send as u8].contains(&self.kind)
    }

    /// Whether who holds this can put `made` into a slot.
    fn gives(&self, made: &Self) -> bool {
        let has = |kind: Kind, right| self.kind == kind as u8 && self.rights & right == right;
        let [first, count, address, epoch, methods] = self.words;
        let is_same = self.kind == made.kind && self.words[..4] == made.words[..4];
        let may_be_copied = is_same && made.rights & !self.rights == 0 && made.words[4] & !methods == 0;
        let is_part = self.kind == made.kind
            && made.rights & !self.rights == 0
            && first <= made.words[0]
            && made.words[0] + made.words[1] <= first.saturating_add(count);
        let is_about = made.words[..2] == self.words[..2];
        may_be_copied
            || match Kind::from_number(made.kind) {
                Some(Kind::Receive) => is_about && has(Kind::Thread, rights::thread::MAKE_RECEIVE),
                Some(Kind::Send) => {
                    let may = has(Kind::Thread, rights::thread::MAKE_RECEIVE)
                        || has(Kind::Receive, rights::receive::MAKE_SEND);
                    is_about && may
                }
                Some(Kind::Invocation) => {
                    has(Kind::Component, rights::component::MAKE_INVOCATIONS) && made.words[..2] == [address, epoch]
                }
                Some(Kind::Ports | Kind::Interrupt | Kind::PhysicalRange) => is_part,
                // The kernel asks for it whom it handles.
                Some(Kind::HandledLevel) => has(Kind::CapabilityTable, rights::table::ADD),
                _ => false,
            }
    }
}

/// What all slots of all tables hold.
fn slots(logic: &LogicKernel, model: &Model) -> BTreeMap<(u64, usize), Held> {
    let leaves = model.tables.values().flat_map(|table| table.leaves.values());
    let mut slots = BTreeMap::new();
    for leaf in leaves {
        let words = logic.memory.words(Frame::numbered(leaf.frame));
        for (number, slot) in words.chunks_exact(WORDS).enumerate() {
            let header = slot[word::KIND].load(Relaxed);
            if Kind::from_number(header as u8).is_some() {
                let held = [1, 2, 3, 4, 5].map(|at: usize| slot[at].load(Relaxed));
                slots.insert((leaf.frame, number), Held { kind: header as u8, rights: header >> 8, words: held });
            }
        }
    }
    slots
}

/// What is in a slot is what the model has there, and can be used if, and only if, the object is still there.
fn check_objects(logic: &LogicKernel, model: &Model) -> Result<(), String> {
    for leaf in model.tables.values().flat_map(|table| table.leaves.values()) {
        let words = logic.memory.words(Frame::numbered(leaf.frame));
        let (slots, _) = words.as_chunks::<WORDS>();
        for (number, slot) in (0..).zip(slots) {
            let expected = leaf.slots.get(&number);
            let held = logic::capability::peek(slot).ok();
            let is_usable = logic::capability::read(&logic.memory, slot).is_ok();
            let is_alike = match (held, expected) {
                (None, None) => true,
                (Some(held), Some(expected)) => {
                    let rights = slot[word::KIND].load(Relaxed) >> 8;
                    is_alike(held, expected.capability) && rights == expected.rights
                }
                _ => false,
            };
            let expects_use = expected.is_some_and(|held| model.is_fresh(held.capability));
            let is_object = !logic::slot::has_object(logic::slot::kind(slot)) || !is_usable || {
                let object = Frame::at(slot[word::OBJECT].load(Relaxed));
                frame::state(&logic.memory, object).0 == State::KERNEL
            };
            if !is_alike || is_usable != expects_use || !is_object {
                return Err(format!(
                    "slot {number} of leaf {:#x} holds {held:x?} (usable: {is_usable}), and should hold {expected:x?} (usable: {expects_use})",
                    leaf.frame
                ));
            }
        }
    }
    Ok(())
}

/// Whether the two are of one kind. (Which object it is shows when it is used.)
fn is_alike(held: Capability, expected: Modelled) -> bool {
    match (held, expected) {
        (Capability::Invocation(held), Modelled::Invocation { entry, token, methods, .. }) => {
            (held.entry, held.token, held.methods) == (entry, token, methods)
        }
        (Capability::Ports(held), Modelled::Ports(first, count)) => {
            (u64::from(held.first), u64::from(held.count)) == (first, count)
        }
        (Capability::Interrupt(held), Modelled::Lines(first, count)) => {
            (u64::from(held.first), u64::from(held.count)) == (first, count)
        }
        (Capability::PhysicalRange(held), Modelled::Range(first, pages)) => (held.first, held.pages) == (first, pages),
        (Capability::CapabilityTable(_), Modelled::Table(_))
        | (Capability::PageTable(_), Modelled::PageTable(_))
        | (Capability::Component(_), Modelled::Component(_))
        | (Capability::Thread(_), Modelled::Thread(_))
        | (Capability::Receive(_), Modelled::Receive(_))
        | (Capability::Send(_), Modelled::Send(_))
        | (Capability::DebugConsole, Modelled::Console)
        | (Capability::Power, Modelled::Power)
        | (Capability::HandledLevel, Modelled::HandledLevel)
        | (Capability::TemporalCapability(_), Modelled::Time(_)) => true,
        _ => false,
    }
}

/// The retype table says of each frame what the model does.
fn check_frames(logic: &LogicKernel, model: &Model) -> Result<(), String> {
    for (number, expected) in &model.frames {
        let (state, count) = frame::state(&logic.memory, Frame::numbered(*number));
        let is_right = match expected {
            model::state::Frame::Untyped(since) => {
                // Who clears a frame before anybody uses it makes it as if it had never been used.
                state.contains(State::UNTYPED) && (count == *since || (count == 0 && state.contains(State::ZERO)))
            }
            model::state::Frame::Object => state == State::KERNEL,
            model::state::Frame::User(mappings) => state.contains(State::USER) && count == *mappings,
        };
        if !is_right {
            return Err(format!("frame {number:#x} is {state:?} {count}, and should be {expected:?}"));
        }
    }
    Ok(())
}

/// No cycle is made or lost: what is left and what was used is what the unlimited one gave.
fn check_budgets(logic: &LogicKernel, model: &Model) -> Result<(), String> {
    let mut there = model.ended;
    for time in model.times.values() {
        let capability = Frame::numbered(time.frame);
        let left = temporal_capability::left(&logic.memory, capability);
        if left != UNLIMITED {
            there += i128::from(left) + i128::from(temporal_capability::used(&logic.memory, capability));
        }
    }
    if there == model.granted { Ok(()) } else { Err(format!("{there} cycles, of {} that were given", model.granted)) }
}
