//! Interrupt lines and physical ranges: what is asked of them, by capability.

use super::*;
use crate::frame::Frame;
use crate::page_table::PageTable;
use crate::store::{Store, get};
use crate::testing::DEVICE;

const PAGES: u64 = 2;
const REGISTERS: u64 = DEVICE * PAGE;
const HERE: u64 = 0x40_0000;

fn line(system: &mut System, operation: InterruptOperation, word: u64) -> Outcome {
    ask(system, slot::INTERRUPT, operation as u16, [word, 0, 0, 0])
}

fn map_device(system: &mut System, address: u64, range: u64, rights: u64, page: u64) -> Outcome {
    ask(system, slot::PAGE_TABLE, PageTableOperation::MapDevice as u16, [address, range, rights, page])
}

/// The entry that maps `address` in the first component.
fn entry(system: &System, address: u64) -> u64 {
    let root = PageTable::of(&system.memory, system.core.component(&system.memory)).unwrap().0;
    let index = |level: u64| (address / crate::page_table::span(level) % 512) as usize;
    let next = |table, level| Frame::containing(get(system.memory.words(table), index(level)) & 0x000f_ffff_ffff_f000);
    let table = [4, 3, 2].into_iter().fold(root, next);
    get(system.memory.words(table), index(1))
}

/// A system with a table of pages at [`HERE`].
fn with_room() -> System {
    let mut system = System::new();
    for level in [3, 2, 1] {
        let frame = fresh(&system);
        let grafted = space(&mut system, PageTableOperation::Graft, [HERE, frame, level]);
        assert!([Outcome::DONE, Error::AlreadyMapped.into()].contains(&grafted), "level {level}");
    }
    system
}

#[test]
fn a_line_is_driven_by_its_capability() {
    use InterruptOperation::*;
    let mut system = System::new();
    assert_eq!(line(&mut system, Acknowledge, 0), Error::NothingPending.into());
    assert_eq!(line(&mut system, Attach, slot::SEND), Outcome::DONE);
    assert_eq!(line(&mut system, Attach, slot::SEND), Error::InUse.into());
    assert_eq!(line(&mut system, Mask, 0), Outcome::DONE);
    assert_eq!(line(&mut system, Acknowledge, 0), Outcome::DONE);
    assert_eq!(line(&mut system, Detach, 0), Outcome::DONE);
    assert_eq!(line(&mut system, Attach, slot::SEND), Outcome::DONE);
}

#[test]
fn a_line_is_attached_to_what_can_be_sent_to() {
    let mut system = System::new();
    for (send, error) in [
        (slot::RECEIVE, Error::WrongKind),
        (slot::THREAD, Error::WrongKind),
        (slot::FREE, Error::Empty),
        (u64::MAX, Error::OutOfRange),
    ] {
        assert_eq!(line(&mut system, InterruptOperation::Attach, send), error.into(), "slot {send}");
    }
}

#[test]
fn a_capability_to_several_lines_drives_none() {
    let mut system = System::new();
    let caller = CapabilityTable::of(&system.memory, system.core.component(&system.memory)).unwrap();
    caller.add(&system.memory, 20, Capability::Interrupt(Lines::ALL)).unwrap();
    for operation in InterruptOperation::ALL {
        let refused = ask(&mut system, 20, *operation as u16, [slot::SEND, 0, 0, 0]);
        assert_eq!(refused, Error::BadArgument.into(), "{operation:?}");
    }
    let create = |system: &mut System, slot: u64, whole: u64, line: u64| {
        table(system, TableOperation::CreateInterrupt, [slot, whole, line, 0])
    };
    assert_eq!(create(&mut system, 21, 20, 9), Outcome::DONE);
    assert_eq!(ask(&mut system, 21, InterruptOperation::Mask as u16, [0; 4]), Outcome::DONE);
    assert_eq!(create(&mut system, 22, 20, crate::testing::Controls::ABSENT.into()), Error::BadArgument.into());
    assert_eq!(create(&mut system, 22, 21, 10), Error::RightsExceeded.into());
    assert_eq!(create(&mut system, 22, slot::PORTS, 9), Error::WrongKind.into());
    assert_eq!(create(&mut system, 21, 20, 10), Error::SlotTaken.into());
}

#[test]
fn a_range_is_made_of_a_larger_one() {
    let mut system = System::new();
    let mut create = |slot: u64, whole: u64, address: u64, pages: u64| {
        table(&mut system, TableOperation::CreatePhysicalRange, [slot, whole, address, pages])
    };
    assert_eq!(create(20, slot::DEVICES, REGISTERS + PAGE, 1), Outcome::DONE);
    assert_eq!(create(21, 20, REGISTERS, 1), Error::RightsExceeded.into());
    assert_eq!(create(21, slot::DEVICES, REGISTERS, PAGES + 1), Error::RightsExceeded.into());
    assert_eq!(create(21, slot::DEVICES, REGISTERS + 4, 1), Error::BadAddress.into());
    assert_eq!(create(21, slot::DEVICES, REGISTERS, 0), Error::BadArgument.into());
    assert_eq!(create(21, slot::PORTS, REGISTERS, 1), Error::WrongKind.into());
    assert_eq!(create(20, slot::DEVICES, REGISTERS, 1), Error::SlotTaken.into());
}

#[test]
fn a_part_permits_no_more_than_the_whole() {
    use abi::rights::{interrupt, physical_range, ports};
    let mut system = System::new();
    let copy = |system: &mut System, to: u64, from: u64, left_out: u64| {
        assert_eq!(table(system, TableOperation::Copy, [to, from, left_out, 0]), Outcome::DONE);
    };
    copy(&mut system, 20, slot::PORTS, ports::WRITE);
    assert_eq!(table(&mut system, TableOperation::CreatePorts, [21, 20, 0x3f8 << 32 | 1, 0]), Outcome::DONE);
    let written = ask(&mut system, 21, PortsOperation::Write as u16, [0; 4]);
    assert_eq!(written, Error::RightsExceeded.into());

    copy(&mut system, 22, slot::INTERRUPT, interrupt::ATTACH);
    assert_eq!(table(&mut system, TableOperation::CreateInterrupt, [23, 22, 4, 0]), Outcome::DONE);
    for operation in [InterruptOperation::Attach, InterruptOperation::Detach] {
        let refused = ask(&mut system, 23, operation as u16, [slot::SEND, 0, 0, 0]);
        assert_eq!(refused, Error::RightsExceeded.into(), "{operation:?}");
    }
    assert_eq!(ask(&mut system, 23, InterruptOperation::Mask as u16, [0; 4]), Outcome::DONE);
    copy(&mut system, 24, slot::INTERRUPT, interrupt::SERVE);
    for operation in [InterruptOperation::Mask, InterruptOperation::Acknowledge] {
        let refused = ask(&mut system, 24, operation as u16, [0; 4]);
        assert_eq!(refused, Error::RightsExceeded.into(), "{operation:?}");
    }

    let mut system = with_room();
    copy(&mut system, 25, slot::DEVICES, physical_range::WRITE);
    assert_eq!(table(&mut system, TableOperation::CreatePhysicalRange, [26, 25, REGISTERS, 1]), Outcome::DONE);
    assert_eq!(map_device(&mut system, HERE, 26, READ | WRITE, 0), Error::RightsExceeded.into());
    assert_eq!(map_device(&mut system, HERE, 26, READ, 0), Outcome::DONE);
}

#[test]
fn a_devices_page_is_mapped_uncached_and_never_executable() {
    const UNCACHED: u64 = 0b11000;
    let mut system = with_room();
    assert_eq!(map_device(&mut system, HERE, slot::DEVICES, READ | WRITE, 1), Outcome::DONE);
    let mapped = entry(&system, HERE);
    assert_eq!(mapped & UNCACHED, UNCACHED);
    assert_eq!(mapped & !0xfff & ((1 << 47) - 1), REGISTERS + PAGE);
    assert_ne!(mapped & crate::page_table::NO_EXECUTE, 0);
    assert_ne!(mapped & crate::page_table::WRITABLE, 0);
    assert_eq!(map_device(&mut system, HERE + PAGE, slot::DEVICES, READ, 0), Outcome::DONE);
    assert_eq!(entry(&system, HERE + PAGE) & crate::page_table::WRITABLE, 0);
}

#[test]
fn what_is_asked_of_a_devices_page_is_checked() {
    let mut system = with_room();
    for (address, range, rights, page, error) in [
        (HERE, slot::DEVICES, READ, PAGES, Error::BadArgument),
        (HERE, slot::DEVICES, READ, u64::MAX, Error::BadArgument),
        (HERE, slot::DEVICES, READ | EXECUTE, 0, Error::BadArgument),
        (HERE, slot::DEVICES, 0, 0, Error::BadArgument),
        (HERE, slot::PORTS, READ, 0, Error::WrongKind),
        (HERE, slot::FREE, READ, 0, Error::Empty),
        (HERE + 1, slot::DEVICES, READ, 0, Error::BadAddress),
        (USER_END, slot::DEVICES, READ, 0, Error::BadAddress),
        (HERE << 20, slot::DEVICES, READ, 0, Error::NoNode),
    ] {
        let refused = map_device(&mut system, address, range, rights, page);
        assert_eq!(refused, error.into(), "{address:#x} slot {range}, rights {rights}, page {page}");
    }
    assert_eq!(map_device(&mut system, HERE, slot::DEVICES, READ, 0), Outcome::DONE);
    assert_eq!(map_device(&mut system, HERE, slot::DEVICES, READ, 0), Error::AlreadyMapped.into());
}

#[test]
fn a_devices_page_is_no_memory_that_could_be_shared_or_counted() {
    let mut system = with_room();
    assert_eq!(map_device(&mut system, HERE, slot::DEVICES, READ | WRITE, 0), Outcome::DONE);
    let alias = space(&mut system, PageTableOperation::Alias, [HERE + PAGE, HERE, READ]);
    assert_eq!(alias, Error::FrameState.into());
    let epoch = crate::quiescence::current(&system.memory);
    let unmapped = space(&mut system, PageTableOperation::Unmap, [HERE, 0, 0]);
    assert_eq!(unmapped, Outcome::Answer(epoch));
    let named = space(&mut system, PageTableOperation::Map, [HERE + PAGE, HERE, READ]);
    assert_eq!(named, Error::NoFrame.into(), "it does not become untyped memory");
}
