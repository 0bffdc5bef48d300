//! One image for each mistake, and images with bytes changed at random.

use abi::layout::{EXECUTE, PAGE, READ, WRITE};
use abi::record::RecordKind;
use proptest::prelude::*;

use super::defect::RecordProblem;
use super::fixture::{CLEARING, DATA_OFFSET, Fixture, TRUSTED, word};
use super::strip::strip;
use super::{Defect, Image};

const SCHEMA: &str = "call()->()\nadd(u64,u64)->u64\n";

fn whole() -> Fixture {
    Fixture::empty().import("console", "write(u64)->()\n").export("pong", SCHEMA).parameter("count").ports("serial")
}

fn defects(fixture: &Fixture) -> Vec<Defect> {
    Image::read(&fixture.build()).unwrap_err()
}

fn problem(fixture: &Fixture) -> RecordProblem {
    match defects(fixture)[..] {
        [Defect::Record { problem, .. }] => problem,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn reads_what_is_there() {
    let image = Image::read(&whole().build()).unwrap();
    assert_eq!(image.entry, 0x10);
    let rights: Vec<_> = image.memory.segments.iter().map(|segment| (segment.address, segment.rights)).collect();
    assert_eq!(rights, [(0, READ | EXECUTE), (PAGE, READ | WRITE)]);
    // Four addresses in each of five records.
    assert_eq!(image.relocations.len(), 20);
    let kinds: Vec<_> = image.records.iter().map(|record| record.kind).collect();
    use RecordKind::{Export, Import, Parameter, Ports, Stacks};
    assert_eq!(kinds, [Stacks, Import, Export, Parameter, Ports]);
    let pong = &image.records[2];
    assert_eq!((pong.name.as_str(), pong.schema.as_str()), ("pong", SCHEMA));
    assert_eq!((pong.first, pong.second), (TRUSTED, CLEARING));
    assert!(pong.methods().eq(["call", "add"]));
    assert_eq!(image.records[3].first, word(3));
}

#[test]
fn a_named_import_is_told_from_its_interface() {
    let image = Image::read(&Fixture::empty().import("pong/left", SCHEMA).build()).unwrap();
    assert_eq!(image.records[1].import(), ("pong", Some("left")));
}

#[test]
fn uninitialised_memory_is_memory() {
    let fixture = Fixture { more_memory: 3 * PAGE, ..whole() };
    let image = Image::read(&fixture.build()).unwrap();
    assert_eq!(image.memory.segments[1].memory_bytes, 4 * PAGE);
    assert!((image.memory.segments[1].contents.len() as u64) < PAGE);
}

#[test]
fn no_elf_file() {
    for file in [&b""[..], b"\x7fELF", b"#!/bin/sh\n", &[0; 64]] {
        assert!(matches!(Image::read(file).unwrap_err()[..], [Defect::Malformed(_)]), "{file:?}");
    }
}

#[test]
fn another_machine() {
    let mut file = whole().build();
    file[18] = 183;
    assert_eq!(Image::read(&file).unwrap_err(), [Defect::Malformed("it is for another machine".into())]);
}

#[test]
fn linked_for_one_address() {
    assert_eq!(defects(&Fixture { kind: 2, ..whole() }), [Defect::NotPositionIndependent]);
}

#[test]
fn in_need_of_a_dynamic_linker() {
    assert_eq!(defects(&Fixture { dynamic: vec![(1, 1), (1, 2)], ..whole() }), [Defect::Dynamic]);
    assert_eq!(defects(&Fixture { programs: vec![(3, 1)], ..whole() }), [Defect::Dynamic]);
    // The table of relocations by procedure, and the packed one.
    assert_eq!(defects(&Fixture { dynamic: vec![(2, 24)], ..whole() }), [Defect::Dynamic]);
    assert_eq!(defects(&Fixture { dynamic: vec![(35, 8)], ..whole() }), [Defect::Dynamic]);
}

#[test]
fn thread_local_variables() {
    assert_eq!(defects(&Fixture { programs: vec![(7, 8)], ..whole() }), [Defect::ThreadLocal]);
}

#[test]
fn writable_code() {
    assert_eq!(defects(&Fixture { data_flags: 7, ..whole() }), [Defect::WritableCode { address: PAGE }]);
}

#[test]
fn segments_on_one_page() {
    let mut file = whole().build();
    // The data segment's address: 64 bytes of header, 56 of the first program header, 16 into the second.
    file[64 + 56 + 16..][..8].copy_from_slice(&(PAGE - 8).to_le_bytes());
    assert!(Image::read(&file).unwrap_err().contains(&Defect::SharedPage { address: 0 }));
}

#[test]
fn too_much_memory() {
    assert_eq!(defects(&Fixture { more_memory: 1 << 30, ..whole() }), [Defect::TooLarge]);
    assert!(!defects(&Fixture { more_memory: u64::MAX - (1 << 20), ..whole() }).is_empty());
}

#[test]
fn a_relocation_of_another_type() {
    // Every one of them is named.
    let all = defects(&Fixture { relocation: 1, ..Fixture::empty() });
    assert_eq!(all.len(), 4);
    assert!(matches!(all[0], Defect::Relocation { kind: 1, .. }), "{all:?}");
}

#[test]
fn an_entry_outside_the_code() {
    assert_eq!(defects(&Fixture { entry: PAGE, ..whole() }), [Defect::EntryNotExecutable { address: PAGE }]);
}

#[test]
fn no_records() {
    let mut file = whole().build();
    let at = file.windows(16).rposition(|window| window == b".tessera.records").unwrap();
    file[at] = b'_';
    assert_eq!(Image::read(&file).unwrap_err(), [Defect::NoRecords]);
}

#[test]
fn malformed_records() {
    let import = RecordKind::Import as u16;
    let long = "m()->()\n".repeat(65);
    assert_eq!(problem(&Fixture { version: 9, ..Fixture::empty() }), RecordProblem::OtherVersion(9));
    assert_eq!(problem(&Fixture::empty().record(77, "x", "")), RecordProblem::UnknownKind(77));
    assert_eq!(problem(&Fixture::empty().record(import, "", SCHEMA)), RecordProblem::BadText);
    assert_eq!(problem(&Fixture::empty().import("a\u{1b}b", SCHEMA)), RecordProblem::BadText);
    assert_eq!(problem(&Fixture::empty().import("a", "call()")), RecordProblem::BadSchema);
    assert_eq!(problem(&Fixture::empty().import("a", "no method\n")), RecordProblem::BadSchema);
    assert_eq!(problem(&Fixture::empty().import("a", &long)), RecordProblem::TooManyMethods);
    assert_eq!(problem(&Fixture::empty().import("a", SCHEMA).at(word(1) + 4, 0)), RecordProblem::BadWord(word(1) + 4));
    assert_eq!(problem(&Fixture::empty().parameter("a").at(1 << 40, 0)), RecordProblem::BadWord(1 << 40));
    assert_eq!(problem(&Fixture::empty().export("a", SCHEMA).at(TRUSTED, word(0))), RecordProblem::BadEntry(word(0)));
    assert_eq!(problem(&Fixture::empty().import("a", SCHEMA).import("a", SCHEMA)), RecordProblem::Duplicate);
    assert_eq!(problem(&Fixture::empty().record(RecordKind::Parameter as u16, "a", "f32")), RecordProblem::BadType);
    assert_eq!(problem(&Fixture::empty().record(RecordKind::Constant as u16, "A", "")), RecordProblem::BadType);
    assert_eq!(problem(&Fixture::bare().parameter("a")), RecordProblem::NoStacks);
}

#[test]
fn all_malformed_records_are_named() {
    let fixture = Fixture::empty().record(77, "x", "").import("a", "nothing").parameter("fine");
    let expected = [(1, RecordProblem::UnknownKind(77)), (2, RecordProblem::BadSchema)];
    assert_eq!(defects(&fixture), expected.map(|(at, problem)| Defect::Record { at, problem }));
}

#[test]
fn every_defect_says_what_to_do() {
    for defect in [Defect::NoRecords, Defect::TooLarge, Defect::Dynamic, Defect::ThreadLocal] {
        assert!(!defect.to_string().is_empty() && !defect.help().is_empty());
    }
}

#[test]
fn stripping_keeps_what_is_loaded() {
    let file = whole().build();
    let stripped = strip(&file).unwrap();
    assert!(stripped.len() < file.len());
    assert_eq!(stripped[DATA_OFFSET..], file[DATA_OFFSET..stripped.len()]);
    // Without a section table the records are not found, but the file is still one that loads.
    assert_eq!(Image::read(&stripped).unwrap_err(), [Defect::NoRecords]);
}

/// Where a change hits something: headers, the data segment, the section table.
fn interesting(length: usize) -> impl Strategy<Value = usize> {
    prop_oneof![0..(64 + 4 * 56usize), DATA_OFFSET..length]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((interesting(whole().build().len()), any::<u8>()), 1..8)) {
        let mut file = whole().build();
        for (at, byte) in changes {
            file[at] = byte;
        }
        let _ = Image::read(&file);
        let _ = strip(&file);
    }

    #[test]
    fn a_truncated_file_is_no_image(length in 0..whole().build().len() - 1) {
        prop_assert!(Image::read(&whole().build()[..length]).is_err());
    }

    #[test]
    fn any_bytes_never_panic(mut file in prop::collection::vec(any::<u8>(), 0..4096)) {
        let _ = Image::read(&file);
        for (to, from) in file.iter_mut().zip([0x7f, b'E', b'L', b'F', 2, 1, 1]) {
            *to = from;
        }
        let _ = Image::read(&file);
        let _ = strip(&file);
    }
}
