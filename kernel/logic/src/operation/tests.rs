//! A test for each check of each operation.

#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its vectors should fail")]

mod devices;
mod lives;
mod rights;

use super::*;
use crate::testing::{Controls, System, slot};
use abi::kind::Kind;
use abi::layout::{EXECUTE, PAGE, READ, USER_END, WRITE};
use abi::operation::{PageTableOperation, TableOperation};
use core::ops::RangeInclusive;
use std::vec::Vec;

/// Ports that remember what was written, and read as their own number's lowest byte.
#[derive(Default)]
struct Recorder {
    written: Vec<(u16, u8)>,
    printed: Vec<u8>,
    controls: Controls,
}

impl Controller for Recorder {
    fn has_line(&self, line: u32) -> bool {
        self.controls.has_line(line)
    }
    fn open_line(&mut self, line: u32, core: u32) {
        self.controls.open_line(line, core);
    }
    fn mask_line(&mut self, line: u32) {
        self.controls.mask_line(line);
    }
}

impl Cores for Recorder {
    fn interrupt(&mut self, _: u32) {}
    fn forget_translations(&mut self) {}
}

impl Machine for Recorder {
    fn read_port(&mut self, port: u16) -> u8 {
        port as u8
    }
    fn write_port(&mut self, port: u16, byte: u8) {
        self.written.push((port, byte));
    }
    fn write_console(&mut self, text: &[u8]) {
        self.printed.extend_from_slice(text);
    }
    fn frequency(&mut self) -> u64 {
        1_000_000_000
    }
    fn now(&mut self) -> u64 {
        1
    }
}

pub(super) fn ask(system: &mut System, capability: u64, operation: u16, words: [u64; 4]) -> Outcome {
    let word = CapabilityWord(capability << 16 | u64::from(operation));
    perform(&system.memory, &mut Recorder::default(), &mut system.core, Request { word, words })
}

pub(super) fn table(system: &mut System, operation: TableOperation, words: [u64; 4]) -> Outcome {
    ask(system, slot::TABLE, operation as u16, words)
}

fn space(system: &mut System, operation: PageTableOperation, words: [u64; 3]) -> Outcome {
    let [a, b, c] = words;
    ask(system, slot::PAGE_TABLE, operation as u16, [a, b, c, 0])
}

pub(super) fn fresh(system: &System) -> u64 {
    system.name_of_untyped()
}

/// Makes a table, a page table and a component of them in slots 10, 11 and 12.
fn make_component(system: &mut System, index: u64) {
    let steps = [(TableOperation::CreateTable, 10), (TableOperation::CreatePageTable, 11)];
    for (operation, slot) in steps {
        let frame = fresh(system);
        assert_eq!(table(system, operation, [slot, frame, 0, 0]), Outcome::DONE);
    }
    let frame = fresh(system);
    let outcome = table(system, TableOperation::CreateComponent, [12, frame, 10 << 32 | 11, index]);
    assert_eq!(outcome, Outcome::DONE);
}

#[test]
fn every_kind_refuses_an_operation_that_it_does_not_have() {
    let mut system = System::new();
    let held: RangeInclusive<u64> = slot::TABLE..=slot::SEND;
    for capability in held.chain([slot::INTERRUPT, slot::DEVICES, slot::TIME, slot::HANDLED_LEVEL]) {
        for operation in [50, 63, 64, u16::MAX] {
            let outcome = ask(&mut system, capability, operation, [0; 4]);
            assert_eq!(outcome, Error::UnknownOperation.into(), "slot {capability}, operation {operation}");
        }
    }
    assert_eq!(Kind::ALL.len(), 14, "a new kind needs a slot in the test system");
}

#[test]
fn what_is_not_a_capability_is_an_error() {
    let mut system = System::new();
    for (number, error) in [
        (slot::FREE, Error::Empty),
        (63, Error::Empty),
        (64, Error::Empty),
        (32_703, Error::Empty),
        (32_704, Error::OutOfRange),
        (u64::MAX >> 16, Error::OutOfRange),
    ] {
        assert_eq!(ask(&mut system, number, 0, [0; 4]), error.into(), "capability {number}");
    }
}

#[test]
fn a_copy_is_as_good_as_the_original_until_it_is_removed() {
    let mut system = System::new();
    assert_eq!(table(&mut system, TableOperation::Copy, [20, slot::PORTS, 0, 0]), Outcome::DONE);
    assert_eq!(ask(&mut system, 20, PortsOperation::Read as u16, [5, 0, 0, 0]), Outcome::Answer(0xfd));
    let again = table(&mut system, TableOperation::Copy, [20, slot::PORTS, 0, 0]);
    assert_eq!(again, Error::SlotTaken.into());
    assert_eq!(table(&mut system, TableOperation::Copy, [21, 22, 0, 0]), Error::Empty.into());
    assert_eq!(table(&mut system, TableOperation::Remove, [20, 0, 0, 0]), Outcome::Answer(1));
    assert_eq!(table(&mut system, TableOperation::Remove, [20, 0, 0, 0]), Error::Empty.into());
    assert_eq!(ask(&mut system, 20, 0, [0; 4]), Error::Empty.into());
}

#[test]
fn an_object_takes_a_frame_and_a_slot_or_neither() {
    let mut system = System::new();
    let frame = fresh(&system);
    let taken = table(&mut system, TableOperation::CreateTable, [slot::PORTS, frame, 0, 0]);
    assert_eq!(taken, Error::SlotTaken.into());
    assert_eq!(table(&mut system, TableOperation::CreateTable, [20, frame, 0, 0]), Outcome::DONE);
    let twice = table(&mut system, TableOperation::CreatePageTable, [21, frame, 0, 0]);
    assert_eq!(twice, Error::FrameState.into());
    assert_eq!(ask(&mut system, 21, 0, [0; 4]), Error::Empty.into(), "the slot is free again");
}

#[test]
fn frames_are_named_by_user_addresses_that_name_them() {
    let mut system = System::new();
    for (address, error) in [
        (0, Error::BadAddress),
        (fresh(&system) + 1, Error::BadAddress),
        (USER_END, Error::BadAddress),
        (u64::MAX - PAGE + 1, Error::BadAddress),
        (0x5000_0000, Error::NoFrame),
    ] {
        let outcome = table(&mut system, TableOperation::CreateTable, [20, address, 0, 0]);
        assert_eq!(outcome, error.into(), "address {address:#x}");
    }
}

#[test]
fn a_component_needs_two_tables_and_a_free_index() {
    let mut system = System::new();
    make_component(&mut system, 9);
    let frame = fresh(&system);
    for (tables, index, error) in [
        (11 << 32 | 10, 8, Error::WrongKind),
        (10 << 32 | 10, 8, Error::WrongKind),
        (30 << 32 | 11, 8, Error::Empty),
        (10 << 32 | 0xffff_ffff, 8, Error::OutOfRange),
        (10 << 32 | 11, 9, Error::IndexTaken),
        (10 << 32 | 11, 0, Error::BadArgument),
        (10 << 32 | 11, 1 << 32, Error::BadArgument),
    ] {
        let outcome = table(&mut system, TableOperation::CreateComponent, [13, frame, tables, index]);
        assert_eq!(outcome, error.into(), "{tables:#x}, {index}");
    }
    let outcome = table(&mut system, TableOperation::CreateComponent, [13, frame, 10 << 32 | 11, 8]);
    assert_eq!(outcome, Outcome::DONE, "the frame was left alone");
}

#[test]
fn a_component_is_connected_invoked_and_revoked() {
    let mut system = System::new();
    make_component(&mut system, 9);
    let create = [12 << 32 | 20, 0x40_0000, 77, 0b10];
    assert_eq!(table(&mut system, TableOperation::CreateInvocation, create), Outcome::DONE);
    let outcome = ask(&mut system, 20, 1, [1, 2, 3, 4]);
    let registers = system.resumed(outcome);
    assert_eq!((registers.rax, registers.r8, registers.r10), (1, 77, 4));
    let outcome = ask(&mut system, 0, 5, [8, 9, 0, 0]);
    assert_eq!(system.told(outcome), (5, [8, 9]));
    assert_eq!(ask(&mut system, 20, 0, [0; 4]), Error::MethodNotPermitted.into());
    assert_eq!(ask(&mut system, 12, ComponentOperation::Revoke as u16, [0; 4]), Outcome::Answer(1));
    assert_eq!(ask(&mut system, 20, 1, [0; 4]), Error::Revoked.into());
    assert_eq!(ask(&mut system, 12, ComponentOperation::Name as u16, [0; 4]), Error::Revoked.into());
    let late = table(&mut system, TableOperation::CreateInvocation, [12 << 32 | 21, 0x40_0000, 0, 1]);
    assert_eq!(late, Error::Revoked.into());
}

#[test]
fn entries_and_starts_are_user_addresses() {
    let mut system = System::new();
    make_component(&mut system, 9);
    let frame = fresh(&system);
    for address in [0, USER_END, 1 << 47, u64::MAX] {
        let entry = table(&mut system, TableOperation::CreateInvocation, [12 << 32 | 20, address, 0, 1]);
        let start = table(&mut system, TableOperation::CreateThread, [21, frame, 12 << 32 | 6, address]);
        assert_eq!((entry, start), (Error::BadAddress.into(), Error::BadAddress.into()), "{address:#x}");
    }
}

#[test]
fn a_thread_is_made_and_dispatched() {
    let mut system = System::new();
    make_component(&mut system, 9);
    let frame = fresh(&system);
    let words = [20, frame, 12 << 32 | 6, 0x40_1000];
    assert_eq!(table(&mut system, TableOperation::CreateThread, words), Outcome::DONE);
    let again = [21, fresh(&system), 12 << 32 | 6, 0x40_1000];
    assert_eq!(table(&mut system, TableOperation::CreateThread, again), Error::IndexTaken.into());
    let wrong = [21, fresh(&system), slot::PORTS << 32 | 7, 0x40_1000];
    assert_eq!(table(&mut system, TableOperation::CreateThread, wrong), Error::WrongKind.into());
    let outcome = ask(&mut system, 20, 0, [3, 0, 0, 0]);
    let registers = system.resumed(outcome);
    assert_eq!((registers.rdi, registers.r9), (3, 6));
    assert_eq!(system.resume_point(), (0x40_1000, 0));
    let outcome = ask(&mut system, 0, 4, [0; 4]);
    assert_eq!(system.told(outcome), (0, [0, 4]));
    let itself = ask(&mut system, slot::THREAD, ThreadOperation::Dispatch as u16, [0; 4]);
    assert_eq!(itself, Error::NotDispatchable.into());
}

#[test]
fn a_component_that_ends_itself_is_left_for_its_caller() {
    let mut system = System::new();
    let (thread, component) = system.thread(5, 0x41_0000);
    system.grow(component);
    let own = CapabilityTable::of(&system.memory, component).unwrap();
    own.add(&system.memory, 1, Capability::Component(component)).unwrap();
    dispatch::wait_for(&system.memory, &mut system.core, thread, 0).unwrap();
    let outcome = ask(&mut system, 1, ComponentOperation::Revoke as u16, [0; 4]);
    let status = u64::from(Error::Revoked.status());
    assert_eq!(system.told(outcome), (0, [abi::operation::ThreadEnd::Faulted as u64, status]));
}

#[test]
fn memory_is_mapped_and_aliased_with_no_more_rights() {
    let mut system = System::new();
    let (page, other) = (0x40_0000, 0x40_1000);
    let frame = fresh(&system);
    assert_eq!(space(&mut system, PageTableOperation::Map, [page, frame, READ]), Error::NoNode.into());
    let third_level = space(&mut system, PageTableOperation::Graft, [page, frame, 3]);
    assert_eq!(third_level, Error::AlreadyMapped.into(), "the names of untyped memory are below it");
    for level in [2, 1] {
        let node = fresh(&system);
        assert_eq!(space(&mut system, PageTableOperation::Graft, [page, node, level]), Outcome::DONE);
    }
    for rights in [0, WRITE, EXECUTE, WRITE | EXECUTE, READ | WRITE | EXECUTE, 8 | READ] {
        let outcome = space(&mut system, PageTableOperation::Map, [page, frame, rights]);
        assert_eq!(outcome, Error::BadArgument.into(), "rights {rights}");
    }
    assert_eq!(space(&mut system, PageTableOperation::Map, [page, frame, READ | WRITE]), Outcome::DONE);
    let again = space(&mut system, PageTableOperation::Map, [page, fresh(&System::new()), READ]);
    assert_eq!(again, Error::AlreadyMapped.into());
    assert_eq!(space(&mut system, PageTableOperation::Map, [other, frame, READ]), Error::FrameState.into());
    assert_eq!(space(&mut system, PageTableOperation::Alias, [other, page, READ]), Outcome::DONE);
    let third = 0x40_2000;
    for rights in [READ | WRITE, READ | EXECUTE] {
        let outcome = space(&mut system, PageTableOperation::Alias, [third, other, rights]);
        assert_eq!(outcome, Error::RightsExceeded.into(), "what was aliased for reading stays for reading");
    }
    assert_eq!(space(&mut system, PageTableOperation::Alias, [third, 0x40_3000, READ]), Error::NoFrame.into());
    assert_eq!(space(&mut system, PageTableOperation::Alias, [third, frame, READ]), Error::NoFrame.into());
    assert_eq!(space(&mut system, PageTableOperation::Alias, [third, page, READ | EXECUTE]), Outcome::DONE);
}

#[test]
fn nothing_is_mapped_outside_user_level() {
    let mut system = System::new();
    let frame = fresh(&system);
    for address in [0, 0x1000, USER_END, 1 << 47, u64::MAX - PAGE + 1, 0x40_0001] {
        let outcome = space(&mut system, PageTableOperation::Map, [address, frame, READ]);
        assert_eq!(outcome, Error::BadAddress.into(), "address {address:#x}");
    }
    for address in [USER_END, 1 << 47, crate::frame::DIRECT_MAP, u64::MAX] {
        let outcome = space(&mut system, PageTableOperation::Graft, [address, frame, 3]);
        assert_eq!(outcome, Error::BadAddress.into(), "address {address:#x}");
    }
    for level in [0, 4, 5, u64::MAX] {
        let outcome = space(&mut system, PageTableOperation::Graft, [0x40_0000, frame, level]);
        assert_eq!(outcome, Error::BadArgument.into(), "level {level}");
    }
    let graft = [0x40_0000, frame, 1];
    assert_eq!(space(&mut system, PageTableOperation::Graft, graft), Error::NoNode.into());
}

#[test]
fn names_of_untyped_memory_are_no_mappings() {
    let mut system = System::new();
    let name = fresh(&system);
    let covered = space(&mut system, PageTableOperation::Graft, [name, name, 1]);
    assert_eq!(covered, Error::AlreadyMapped.into());
    let outcome = space(&mut system, PageTableOperation::Map, [name, name, READ]);
    assert_eq!(outcome, Error::NoNode.into());
}

#[test]
fn ports_stay_inside_their_range_and_bytes_are_bytes() {
    let mut system = System::new();
    let mut recorder = Recorder::default();
    let mut write = |offset, byte| {
        let word = CapabilityWord::new(slot::PORTS as u32, PortsOperation::Write as u16);
        let request = Request { word, words: [offset, byte, 0, 0] };
        perform(&system.memory, &mut recorder, &mut system.core, request)
    };
    assert_eq!(write(7, 0xff), Outcome::DONE);
    assert_eq!(write(8, 0), Error::BadArgument.into());
    assert_eq!(write(0, 0x100), Error::BadArgument.into());
    assert_eq!(recorder.written, [(0x3ff, 0xff)]);
    let outside = [20, slot::PORTS, 0x400 << 32 | 1, 0];
    assert_eq!(table(&mut system, TableOperation::CreatePorts, outside), Error::RightsExceeded.into());
    let wrong = [20, slot::TABLE, 0x3f8 << 32 | 1, 0];
    assert_eq!(table(&mut system, TableOperation::CreatePorts, wrong), Error::WrongKind.into());
    assert_eq!(table(&mut system, TableOperation::CreatePorts, [20, slot::PORTS, 0x3f9 << 32 | 1, 0]), Outcome::DONE);
    assert_eq!(ask(&mut system, 20, PortsOperation::Read as u16, [0; 4]), Outcome::Answer(0xf9));
    assert_eq!(ask(&mut system, 20, PortsOperation::Read as u16, [1, 0, 0, 0]), Error::BadArgument.into());
}

#[test]
fn the_debug_console_prints_up_to_the_first_zero() {
    let mut system = System::new();
    let mut recorder = Recorder::default();
    let words = [u64::from_le_bytes(*b"over and"), u64::from_le_bytes(*b" out\0abc"), !0, !0];
    let word = CapabilityWord::new(slot::CONSOLE as u32, 0);
    perform(&system.memory, &mut recorder, &mut system.core, Request { word, words });
    assert_eq!(recorder.printed, b"over and out");
}

#[test]
fn power_ends_the_system_with_the_status_given() {
    let mut system = System::new();
    assert_eq!(ask(&mut system, slot::POWER, 0, [3, 0, 0, 0]), Outcome::End(3));
}

#[test]
fn what_a_stranger_holds_is_looked_up_in_the_strangers_table() {
    let mut system = System::new();
    let (thread, component) = system.thread(5, 0x41_0000);
    dispatch::wait_for(&system.memory, &mut system.core, thread, 0).unwrap();
    assert_eq!(system.core.component(&system.memory), component);
    assert_eq!(ask(&mut system, slot::POWER, 0, [0; 4]), Error::Empty.into());
}
