//! What is given up, when it can be used again, and what is stale meanwhile.

use super::*;
use crate::quiescence;
use abi::operation::{ComponentOperation, ThreadOperation};

const COMPONENT: u64 = 12;
const THREAD: u64 = 13;

fn quiesce(system: &mut System, epoch: u64) -> Outcome {
    table(system, TableOperation::Quiesce, [epoch, 0, 0, 0])
}

fn reclaim(system: &mut System, slot: u64) -> Outcome {
    table(system, TableOperation::Reclaim, [slot, 0, 0, 0])
}

#[test]
fn quiescence_is_asked_for_by_epoch() {
    let mut system = System::new();
    assert_eq!(quiesce(&mut system, quiescence::FIRST + 1), Error::BadArgument.into());
    assert_eq!(quiesce(&mut system, u64::MAX), Error::BadArgument.into());
    assert_eq!(quiesce(&mut system, 0), Outcome::Answer(quiescence::FIRST));
    assert_eq!(quiesce(&mut system, quiescence::FIRST), Outcome::Answer(quiescence::FIRST + 1));
}

#[test]
fn a_component_is_taken_apart_from_its_threads_to_its_tables() {
    let mut system = System::new();
    make_component(&mut system, 9);
    let frame = fresh(&system);
    let words = [THREAD, frame, COMPONENT << 32 | 6, 0x40_0000];
    assert_eq!(table(&mut system, TableOperation::CreateThread, words), Outcome::DONE);
    for slot in [10, 11, COMPONENT] {
        assert_eq!(reclaim(&mut system, slot), Error::InUse.into(), "slot {slot}");
    }
    assert_eq!(ask(&mut system, COMPONENT, ComponentOperation::Revoke as u16, [0; 4]), Outcome::Answer(1));
    assert_eq!(ask(&mut system, THREAD, ThreadOperation::Dispatch as u16, [0; 4]), Error::Revoked.into());
    assert_eq!(reclaim(&mut system, COMPONENT), Error::NotQuiescent.into());
    assert_eq!(reclaim(&mut system, 10), Error::InUse.into(), "a core may still be in the component");
    quiesce(&mut system, 1);
    for slot in [THREAD, COMPONENT, 10, 11] {
        assert_eq!(reclaim(&mut system, slot), Outcome::Answer(2), "slot {slot}");
        assert_eq!(reclaim(&mut system, slot), Error::Empty.into(), "its slot is empty");
    }
    let again = [THREAD, frame, slot::COMPONENT << 32 | 6, 0x40_0000];
    assert_eq!(table(&mut system, TableOperation::CreateThread, again), Error::NotQuiescent.into());
    quiesce(&mut system, 2);
    assert_eq!(table(&mut system, TableOperation::CreateThread, again), Outcome::DONE);
}

#[test]
fn a_leaf_and_what_was_in_it_are_taken_away_one_by_one() {
    let mut system = System::new();
    let frame = fresh(&system);
    for (leaf, error) in [(511, Error::BadArgument), (u64::MAX, Error::BadArgument), (1, Error::NoNode)] {
        assert_eq!(table(&mut system, TableOperation::Prune, [leaf, 0, 0, 0]), error.into(), "leaf {leaf}");
    }
    assert_eq!(table(&mut system, TableOperation::Graft, [1, frame, 0, 0]), Outcome::DONE);
    assert_eq!(table(&mut system, TableOperation::Copy, [64, slot::PORTS, 0, 0]), Outcome::DONE);
    assert_eq!(table(&mut system, TableOperation::Prune, [1, 0, 0, 0]), Error::InUse.into());
    assert_eq!(table(&mut system, TableOperation::Remove, [64, 0, 0, 0]), Outcome::Answer(1));
    assert_eq!(table(&mut system, TableOperation::Copy, [64, slot::PORTS, 0, 0]), Error::NotQuiescent.into());
    assert_eq!(table(&mut system, TableOperation::Prune, [1, 0, 0, 0]), Outcome::Answer(1));
    assert_eq!(table(&mut system, TableOperation::Graft, [2, frame, 0, 0]), Error::NotQuiescent.into());
    quiesce(&mut system, 1);
    assert_eq!(table(&mut system, TableOperation::Graft, [2, frame, 0, 0]), Outcome::DONE);
}

#[test]
fn memory_comes_back_when_its_last_mapping_goes() {
    let mut system = System::new();
    let (page, other, frame) = (0x40_0000, 0x40_1000, fresh(&system));
    for level in [2, 1] {
        let node = fresh(&system);
        space(&mut system, PageTableOperation::Graft, [page, node, level]);
    }
    assert_eq!(space(&mut system, PageTableOperation::Map, [page, frame, READ | WRITE]), Outcome::DONE);
    assert_eq!(space(&mut system, PageTableOperation::Alias, [other, page, READ]), Outcome::DONE);
    assert_eq!(space(&mut system, PageTableOperation::Clean, [frame, 0, 0]), Error::FrameState.into());
    let unmap = space(&mut system, PageTableOperation::Unmap, [page, 0, 0]);
    assert_eq!(unmap, Outcome::Pair(1), "one is left");
    assert_eq!(system.core.registers.rsi, 1);
    let moved = space(&mut system, PageTableOperation::Move, [page, other, slot::PAGE_TABLE]);
    assert_eq!(moved, Outcome::Answer(1));
    assert_eq!(space(&mut system, PageTableOperation::Unmap, [other, 0, 0]), Error::NoFrame.into());
    assert_eq!(space(&mut system, PageTableOperation::Unmap, [page, 0, 0]), Outcome::Answer(1), "none is left");
    assert_eq!(space(&mut system, PageTableOperation::Clean, [frame, 0, 0]), Error::NotQuiescent.into());
    quiesce(&mut system, 1);
    assert_eq!(space(&mut system, PageTableOperation::Clean, [frame, 0, 0]), Outcome::DONE);
    assert_eq!(space(&mut system, PageTableOperation::Clean, [page, 0, 0]), Error::NoFrame.into());
    assert_eq!(space(&mut system, PageTableOperation::Prune, [page, 1, 0]), Outcome::Answer(2));
    assert_eq!(space(&mut system, PageTableOperation::Prune, [page, 1, 0]), Error::NoNode.into());
    assert_eq!(space(&mut system, PageTableOperation::Prune, [page, 4, 0]), Error::BadArgument.into());
    assert_eq!(space(&mut system, PageTableOperation::Prune, [USER_END, 1, 0]), Error::BadAddress.into());
    assert_eq!(space(&mut system, PageTableOperation::Map, [page, frame, READ]), Error::NoNode.into());
}
