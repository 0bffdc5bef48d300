//! What page tables give and take back.

#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its vectors should fail")]

use super::*;
use crate::frame::State;
use crate::testing::Memory;
use crate::users;

const PLACE: u64 = 0x40_0000;

/// A page table with tables of all levels at [`PLACE`], and the frames that these lie in, from level 3 down.
fn space(memory: &Memory) -> (PageTable, [Frame; 3]) {
    let table = PageTable::create(memory, memory.kernel());
    let nodes = [3, 2, 1].map(|level| {
        let node = memory.untyped();
        table.graft(memory, PLACE, node, level).unwrap();
        node
    });
    (table, nodes)
}

fn mapped(memory: &Memory, table: PageTable, address: u64, rights: u64) -> Frame {
    let frame = memory.untyped();
    table.map(memory, address, frame, rights).unwrap();
    frame
}

#[test]
fn the_last_mapping_that_goes_gives_the_frame_back() {
    let memory = Memory::new();
    let (table, _) = space(&memory);
    let frame = mapped(&memory, table, PLACE, READ | WRITE);
    table.alias(&memory, PLACE + PAGE, table, PLACE, READ).unwrap();
    assert_eq!(table.unmap(&memory, PLACE), Ok([1, 1]));
    assert_eq!(table.unmap(&memory, PLACE), Err(Error::NoFrame));
    assert_eq!(frame::state(&memory, frame), (State::USER, 1));
    assert_eq!(table.unmap(&memory, PLACE + PAGE), Ok([1, 0]));
    assert_eq!(frame::state(&memory, frame), (State::UNTYPED, 1));
    assert_eq!(*memory.invalidated.lock().unwrap(), [(table.0, PLACE), (table.0, PLACE + PAGE)]);
    assert_eq!(table.map(&memory, PLACE, frame, READ), Err(Error::NotQuiescent));
    memory.quiesce(1);
    assert_eq!(table.map(&memory, PLACE, frame, READ), Ok(()));
}

#[test]
fn what_is_not_there_is_not_unmapped() {
    let memory = Memory::new();
    let (table, _) = space(&memory);
    for (address, error) in [
        (0, Error::BadAddress),
        (PLACE + 1, Error::BadAddress),
        (USER_END, Error::BadAddress),
        (crate::frame::DIRECT_MAP, Error::BadAddress),
        (PLACE, Error::NoFrame),
        (0x5000_0000, Error::NoFrame),
        (0x5000_0000_0000, Error::NoFrame),
    ] {
        assert_eq!(table.unmap(&memory, address), Err(error), "address {address:#x}");
    }
}

#[test]
fn a_device_is_unmapped_and_nobody_counts() {
    let memory = Memory::new();
    let (table, _) = space(&memory);
    let frame = memory.kernel();
    let before = frame::life(&memory, frame);
    table.map_device(&memory, PLACE, frame, READ).unwrap();
    assert_eq!(table.unmap(&memory, PLACE), Ok([1, 0]));
    assert!(frame::lives(&memory, frame, before), "its word in the retype table is not touched");
}

#[test]
fn a_name_is_removed_and_the_frame_stays_what_it_is() {
    let memory = Memory::new();
    let (table, _) = space(&memory);
    let frame = memory.untyped();
    table.name(&memory, PLACE, frame).unwrap();
    assert_eq!(table.untyped_at(&memory, PLACE), Ok(frame));
    assert_eq!(table.unmap(&memory, PLACE), Ok([1, 0]));
    assert_eq!(table.untyped_at(&memory, PLACE), Err(Error::NoFrame));
    assert_eq!(frame::state(&memory, frame), (State::UNTYPED, 0), "not given up: it was never used");
}

#[test]
fn a_name_of_many_frames_goes_as_a_whole() {
    let memory = Memory::new();
    let table = PageTable::create(&memory, memory.kernel());
    for level in [3, 2] {
        table.graft(&memory, PLACE, memory.untyped(), level).unwrap();
    }
    table.set(&memory, PLACE, 2, NAMES_UNTYPED).unwrap();
    assert_eq!(table.untyped_at(&memory, PLACE + 7 * PAGE), Ok(Frame::numbered(7)));
    assert_eq!(table.unmap(&memory, PLACE + 7 * PAGE), Err(Error::BadAddress));
    assert_eq!(table.unmap(&memory, PLACE), Ok([1, 0]));
    assert_eq!(table.untyped_at(&memory, PLACE + 7 * PAGE), Err(Error::NoFrame));
}

#[test]
fn a_mapping_moves_with_its_rights_and_its_count() {
    let memory = Memory::new();
    let ((from, _), (to, _)) = (space(&memory), space(&memory));
    let frame = mapped(&memory, from, PLACE, READ);
    let place = PLACE + 5 * PAGE;
    assert_eq!(to.receive(&memory, place, from, PLACE + PAGE), Err(Error::NoFrame));
    assert_eq!(to.receive(&memory, 0x5000_0000, from, PLACE), Err(Error::NoNode));
    assert_eq!(to.receive(&memory, place + 1, from, PLACE), Err(Error::BadAddress));
    assert_eq!(to.receive(&memory, place, from, USER_END), Err(Error::BadAddress));
    assert_eq!(to.receive(&memory, place, from, PLACE), Ok(1));
    assert_eq!(*memory.invalidated.lock().unwrap(), [(from.0, PLACE)]);
    assert_eq!(frame::state(&memory, frame).1, 1);
    assert_eq!(from.unmap(&memory, PLACE), Err(Error::NoFrame));
    mapped(&memory, from, PLACE, READ);
    assert_eq!(to.receive(&memory, place, from, PLACE), Err(Error::AlreadyMapped));
    assert_eq!(to.unmap(&memory, place), Ok([1, 0]));
}

#[test]
fn names_move_too() {
    let memory = Memory::new();
    let (table, _) = space(&memory);
    let frame = memory.untyped();
    table.name(&memory, PLACE, frame).unwrap();
    table.receive(&memory, PLACE + PAGE, table, PLACE).unwrap();
    assert_eq!(table.untyped_at(&memory, PLACE), Err(Error::NoFrame));
    assert_eq!(table.untyped_at(&memory, PLACE + PAGE), Ok(frame));
    assert_eq!(table.receive(&memory, PLACE + PAGE, table, PLACE + PAGE), Err(Error::AlreadyMapped), "onto itself");
}

#[test]
fn a_table_is_pruned_when_it_is_empty_from_below() {
    let memory = Memory::new();
    let (table, nodes) = space(&memory);
    mapped(&memory, table, PLACE + 511 * PAGE, READ);
    for level in [3, 2, 1] {
        assert_eq!(table.prune(&memory, PLACE, level), Err(Error::InUse), "level {level}");
    }
    table.unmap(&memory, PLACE + 511 * PAGE).unwrap();
    mapped(&memory, table, PLACE, READ);
    assert_eq!(table.prune(&memory, PLACE, 1), Err(Error::InUse));
    table.unmap(&memory, PLACE).unwrap();
    for (level, node) in [1, 2, 3].into_iter().zip(nodes.into_iter().rev()) {
        assert_eq!(table.prune(&memory, PLACE, level), Ok(1), "level {level}");
        assert_eq!(frame::state(&memory, node), (State::UNTYPED, 1));
        assert!(!table.has_table(&memory, PLACE, level));
        assert_eq!(table.prune(&memory, PLACE, level), Err(Error::NoNode));
    }
    assert_eq!(table.graft(&memory, PLACE, nodes[0], 3), Err(Error::NotQuiescent));
    memory.quiesce(1);
    assert_eq!(table.graft(&memory, PLACE, nodes[0], 3), Ok(()));
}

#[test]
fn only_tables_of_user_level_are_pruned() {
    let memory = Memory::new();
    let (table, _) = space(&memory);
    for (address, level, error) in [
        (PLACE, 0, Error::BadArgument),
        (PLACE, 4, Error::BadArgument),
        (USER_END, 3, Error::BadAddress),
        (crate::frame::DIRECT_MAP, 3, Error::BadAddress),
        (0x5000_0000_0000, 1, Error::NoNode),
        (0x5000_0000_0000, 3, Error::NoNode),
    ] {
        assert_eq!(table.prune(&memory, address, level), Err(error), "{address:#x}, {level}");
    }
}

#[test]
fn a_name_of_many_frames_keeps_its_table() {
    let memory = Memory::new();
    let table = PageTable::create(&memory, memory.kernel());
    for level in [3, 2] {
        table.graft(&memory, PLACE, memory.untyped(), level).unwrap();
    }
    table.set(&memory, PLACE, 2, NAMES_UNTYPED).unwrap();
    assert_eq!(table.prune(&memory, PLACE, 2), Err(Error::InUse));
    assert_eq!(table.prune(&memory, PLACE, 1), Err(Error::NoNode), "a name is no table");
}

#[test]
fn a_page_table_is_reclaimed_empty_and_unused() {
    let memory = Memory::new();
    let (table, _) = space(&memory);
    let life = frame::life(&memory, table.0);
    assert_eq!(table.reclaim(&memory, life), Err(Error::InUse));
    for level in [1, 2, 3] {
        table.prune(&memory, PLACE, level).unwrap();
    }
    users::enter(table.users(&memory)).unwrap();
    assert_eq!(table.reclaim(&memory, life), Err(Error::InUse));
    users::leave(table.users(&memory));
    assert_eq!(table.reclaim(&memory, life), Ok(1));
    assert!(!frame::lives(&memory, table.0, life));
}
