//! What a bundle must be, by bundles that are not.

extern crate std;

use super::*;
use crate::layout::{EXECUTE, READ, STACK_SPAN, THREADS, WRITE};
use crate::phase::Phases;
use std::vec::Vec;

const DATA: u64 = PAGE;

fn name(text: &str) -> [u8; NAME_BYTES] {
    let mut name = [0; NAME_BYTES];
    name[..text.len()].copy_from_slice(text.as_bytes());
    name
}

fn component() -> Component {
    Component {
        name: name("booter"),
        entry: 0x40_1000,
        thread: 0,
        segments: (0, 1),
        capabilities: (0, 2),
        stacks: (0, 1),
        scheduler: 0,
        constructor: 0,
        core: 0,
        of: 0,
        phases: Phases { initialise: true, parallel_initialise: false, main: true },
        time: Time::None,
        space: 0,
        around: 0,
    }
}

fn segment() -> Segment {
    Segment { address: 0x40_0000, memory_bytes: 2 * PAGE, offset: DATA, file_bytes: PAGE, rights: READ | EXECUTE }
}

fn invocation() -> Grant {
    Grant::Invocation { server: 0, entry: 0x40_1000, token: 1, methods: 3 }
}

fn stack() -> Stack {
    Stack { thread: 0, end: 0x50_0000, bytes: 0x4000 }
}

/// A bundle of two pages with one of each; `change` sees its words before the checksum is made.
fn bundle(
    component: Component,
    segment: Segment,
    grant: Grant,
    stack: Stack,
    change: impl FnOnce(&mut [u64]),
) -> Vec<u8> {
    let capabilities =
        [Capability { slot: 8, grant }, Capability { slot: 9, grant: Grant::Ports { first: 0x3f8, count: 8 } }];
    let mut words = std::vec![MAGIC, VERSION, 2 * PAGE, 0];
    let mut tables = Vec::new();
    let mut place = |words: &mut Vec<u64>, count: u64, entries: Vec<u64>| {
        words.extend([count, HEADER_BYTES as u64 + 8 * tables.len() as u64]);
        tables.extend(entries);
    };
    place(&mut words, 1, component.to_words().to_vec());
    place(&mut words, 1, segment.to_words().to_vec());
    place(&mut words, 2, capabilities.iter().flat_map(Capability::to_words).collect());
    place(&mut words, 1, stack.to_words().to_vec());
    words.extend(tables);
    words.resize(2 * PAGE as usize / 8, 0xa5);
    change(&mut words);
    words[3] = checksum(words[4..].iter().copied());
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn sound() -> Vec<u8> {
    bundle(component(), segment(), invocation(), stack(), |_| ())
}

#[test]
fn a_bundle_gives_back_what_went_in() {
    let bytes = sound();
    let bundle = Bundle::parse(&bytes).unwrap();
    let read = bundle.components().next().unwrap();
    assert_eq!((read, read.name()), (component(), "booter"));
    assert!(bundle.segments(&read).eq([segment()]));
    assert!(bundle.stacks(&read).eq([stack()]));
    let grants: Vec<_> = bundle.capabilities(&read).map(|capability| capability.grant).collect();
    assert_eq!(grants, [invocation(), Grant::Ports { first: 0x3f8, count: 8 }]);
    assert_eq!(bundle.contents(&segment()).len() as u64, PAGE);
}

#[test]
fn bytes_behind_the_bundle_are_ignored() {
    let mut bytes = sound();
    bytes.extend([7; 100]);
    assert_eq!(Bundle::parse(&bytes).unwrap().byte_len(), 2 * PAGE);
}

#[test]
fn the_tables_can_be_read_without_the_contents() {
    let bytes = sound();
    let whole = Bundle::parse(&bytes).unwrap();
    assert_eq!(whole.table_bytes(), PAGE);
    let tables = Bundle::parse_tables(&bytes[..PAGE as usize]).unwrap();
    assert_eq!(tables.byte_len(), whole.byte_len());
    assert!(tables.components().eq(whole.components()));
    assert_eq!(Bundle::parse_tables(&bytes[..HEADER_BYTES + 8]).unwrap_err(), BundleError::BadTable);
}

#[test]
fn every_truncation_is_noticed() {
    let bytes = sound();
    for length in (0..HEADER_BYTES + 8).chain((0..bytes.len()).step_by(61)) {
        assert_eq!(Bundle::parse(&bytes[..length]).unwrap_err(), BundleError::Truncated, "{length} bytes");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = sound();
    // Every bit of the tables, and bits all over the rest.
    for bit in (0..1024 * 8).chain((1024 * 8..bytes.len() * 8).step_by(97)) {
        let mut broken = bytes.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        assert!(Bundle::parse(&broken).is_err(), "bit {bit}");
    }
}

#[test]
fn headers_that_lie_are_refused() {
    let changed = |change: fn(&mut [u64])| {
        let bytes = bundle(component(), segment(), invocation(), stack(), change);
        Bundle::parse(&bytes).unwrap_err()
    };
    assert_eq!(changed(|words| words[0] = 1), BundleError::NotABundle);
    assert_eq!(changed(|words| words[1] = 9), BundleError::OtherVersion(9));
    assert_eq!(changed(|words| words[2] -= 8), BundleError::Truncated);
    assert_eq!(changed(|words| words[2] = u64::MAX), BundleError::Truncated);
    assert_eq!(changed(|words| words[4] = 0), BundleError::Empty);
    for table in [4, 6, 8, 10] {
        let changed = |count, offset| {
            let bytes = bundle(component(), segment(), invocation(), stack(), |words| {
                words[table] = count;
                words[table + 1] = offset;
            });
            Bundle::parse(&bytes).unwrap_err()
        };
        for (count, offset) in [(u64::MAX, 96), (1, u64::MAX), (1 << 60, 96), (1, 97), (1, 0), (1000, 96)] {
            assert_eq!(changed(count, offset), BundleError::BadTable, "table {table}: {count} at {offset}");
        }
    }
}

#[test]
fn components_that_contradict_the_bundle_are_refused() {
    let broken = [
        Component { entry: 0, ..component() },
        Component { entry: crate::layout::USER_END, ..component() },
        Component { thread: u64::from(THREADS), ..component() },
        Component { segments: (0, 2), ..component() },
        Component { segments: (u64::MAX, 1), ..component() },
        Component { capabilities: (1, 2), ..component() },
        Component { stacks: (1, u64::MAX), ..component() },
        Component { scheduler: 1, ..component() },
        Component { constructor: 1, ..component() },
    ];
    for component in broken {
        let bytes = bundle(component, segment(), invocation(), stack(), |_| ());
        assert_eq!(Bundle::parse(&bytes).unwrap_err(), BundleError::BadComponent(0), "{component:?}");
    }
}

#[test]
fn parts_that_contradict_the_contract_are_refused() {
    let segments = [
        Segment { address: 0x40_0001, ..segment() },
        Segment { address: 0, ..segment() },
        Segment { address: crate::layout::USER_END - PAGE, ..segment() },
        Segment { memory_bytes: 0, file_bytes: 0, ..segment() },
        Segment { memory_bytes: !(PAGE - 1), ..segment() },
        Segment { file_bytes: 4 * PAGE, memory_bytes: 4 * PAGE, ..segment() },
        Segment { file_bytes: 3 * PAGE, ..segment() },
        Segment { offset: !(PAGE - 1), ..segment() },
        Segment { rights: WRITE | EXECUTE | READ, ..segment() },
        Segment { rights: 0, ..segment() },
    ];
    let grants = [
        Grant::Invocation { server: 1, entry: 0x40_1000, token: 0, methods: 0 },
        Grant::Invocation { server: 0, entry: 1 << 47, token: 0, methods: 0 },
        Grant::Ports { first: 0xffff, count: 2 },
        Grant::Ports { first: u64::MAX, count: 1 },
        Grant::Ports { first: 0, count: 0 },
        Grant::Interrupt { line: 128 },
        Grant::Registers { physical: 0xfed0_0000, pages: 0, address: 0x50_0000 },
        Grant::Registers { physical: 0xfed0_0008, pages: 1, address: 0x50_0000 },
        Grant::Registers { physical: 0xfed0_0000, pages: 1, address: 0x50_0008 },
        Grant::Registers { physical: 0xfed0_0000, pages: 1, address: crate::layout::USER_END },
        Grant::Registers { physical: !(PAGE - 1), pages: 1, address: 0x50_0000 },
        Grant::Registers { physical: 0xfed0_0000, pages: u64::MAX, address: 0x50_0000 },
        Grant::Component(1),
        Grant::Server(1),
        Grant::Table(1),
        Grant::PageTable(u64::MAX),
        Grant::Thread(u64::MAX),
        Grant::Receive(1),
        Grant::Send(1),
        Grant::Fill(1),
        Grant::Spend(1),
        // Untyped memory takes no slot, and this one has number 8.
        Grant::Untyped { address: 0x1000_0000, frames: 1 },
        Grant::Bundle,
    ];
    let stacks = [
        Stack { end: 0x50_1000, ..stack() },
        Stack { end: 0, ..stack() },
        Stack { bytes: STACK_SPAN, ..stack() },
        Stack { bytes: 100, ..stack() },
        Stack { bytes: 0, ..stack() },
        Stack { thread: u64::from(THREADS), ..stack() },
    ];
    let bundles = segments
        .map(|segment| bundle(component(), segment, invocation(), stack(), |_| ()))
        .into_iter()
        .chain(grants.map(|grant| bundle(component(), segment(), grant, stack(), |_| ())))
        .chain(stacks.map(|stack| bundle(component(), segment(), invocation(), stack, |_| ())));
    for (at, bytes) in bundles.enumerate() {
        assert_eq!(Bundle::parse(&bytes).unwrap_err(), BundleError::BadComponent(0), "case {at}");
    }
}

#[test]
fn every_grant_round_trips() {
    let grants = [
        invocation(),
        Grant::Ports { first: 1, count: 2 },
        Grant::Interrupt { line: 4 },
        Grant::Registers { physical: 0xfed0_0000, pages: 2, address: 0x50_0000 },
        Grant::Table(2),
        Grant::PageTable(8),
        Grant::Component(3),
        Grant::Server(9),
        Grant::Bundle,
        Grant::Thread(4),
        Grant::Receive(5),
        Grant::Time,
        Grant::Fill(7),
        Grant::Spend(8),
        Grant::Send(6),
        Grant::Untyped { address: 0x1000_0000, frames: 7 },
    ];
    for grant in grants {
        let capability = Capability { slot: 9, grant };
        assert_eq!(Capability::from_words(&capability.to_words()), Some(capability));
    }
}

#[test]
fn a_name_that_is_no_text_is_cut_where_it_stops_being_text() {
    let mut broken = name("pong");
    broken[2] = 0xff;
    assert_eq!(Component { name: broken, ..component() }.name(), "po");
}
