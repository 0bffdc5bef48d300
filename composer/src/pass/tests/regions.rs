//! Regions: whom the memory manager is told that memory may be given to, and who is told else.

use abi::management::{HEADER_WORDS, Managed, map_at};
use abi::record::RecordKind;

use super::*;
use crate::authority::{Authority, Item};
use crate::command::diff::Change;

const SYSTEM: &str = r#"
[system]
description = "a test"
[[components]]
name = "booter"
constructor = "kernel"
[[components]]
name = "memory"
implements = [{ interface = "memory" }]
[[components]]
name = "pictures"
implements = [{ interface = "pictures" }]
deps = [{ srv = "memory", interface = "memory" }]
[[components]]
name = "camera"
memory = "1MiB"
deps = [{ srv = "memory", interface = "memory" }, { srv = "pictures", interface = "pictures", regions = "client" }]
"#;

const MEMORY: &str = "offer(u64,u64,u64,bool)->()\n";
const PICTURES: &str = "show(u64)->()\n";

/// The numbers of the components.
const PICTURES_AT: usize = 2;
const CAMERA_AT: usize = 3;

fn fixtures() -> [Fixture; 4] {
    let memory = Fixture::empty().export("memory", MEMORY).record(RecordKind::Management as u16, "", "");
    [
        Fixture::empty(),
        memory,
        Fixture::empty().export("pictures", PICTURES).import("memory", MEMORY),
        Fixture::empty().import("memory", MEMORY).import("pictures", PICTURES),
    ]
}

fn with(regions: &str) -> Composed {
    compose(&SYSTEM.replace("\"client\"", &format!("\"{regions}\"")), &fixtures()).unwrap()
}

/// The plan of the memory manager.
fn plan(composed: &Composed) -> Vec<u64> {
    let bundle = Bundle::parse(&composed.bundle).unwrap();
    let manager = bundle.components().nth(1).unwrap();
    let address = composed.layout.components[1].management.unwrap();
    let segment = bundle.segments(&manager).find(|segment| segment.address == address).unwrap();
    let bytes = &composed.bundle[segment.offset as usize..][..segment.file_bytes as usize];
    bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

#[test]
fn the_memory_manager_is_told_who_may_give_to_whom() {
    for (regions, camera, pictures) in [("none", 0, 0), ("client", 1, 0), ("server", 0, 1), ("both", 1, 1)] {
        let plan = plan(&with(regions));
        let expected = (camera << PICTURES_AT, pictures << CAMERA_AT);
        assert_eq!((plan[map_at(4, CAMERA_AT)], plan[map_at(4, PICTURES_AT)]), expected, "{regions}");
    }
}

#[test]
fn there_are_frames_to_map_what_others_lend() {
    let frames = |regions| plan(&with(regions))[abi::management::word::FRAMES];
    assert_eq!(frames("client"), frames("none") + 1, "a megabyte more, mapped twice as loosely: one more node");
}

#[test]
fn the_report_says_who_may_give_memory_to_whom() {
    says(&text_of(&with("both")), &["  may give memory to camera\n", "  may give memory to pictures\n"]);
    assert!(!text_of(&with("none")).contains("give memory"));
}

#[test]
fn regions_are_authority_that_is_gained() {
    let graph = |regions| with(regions).loaded.graph;
    let gained = |from, to| {
        let change = Change::between(&graph(from), &graph(to));
        change.gained.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let camera_gives = ["pictures maps what `camera` gives it", "camera gives memory to `pictures`"];
    assert_eq!(gained("none", "client"), camera_gives);
    assert_eq!(gained("both", "server"), [""; 0]);
    let authority = Authority::of(&graph("server"));
    let leads = |item: &Item| item.leads && item.about == Some(CAMERA_AT);
    assert!(authority.held_by(PICTURES_AT).iter().any(leads), "an explanation follows it");
}

#[test]
fn a_component_that_is_there_from_the_start_has_no_other_manager() {
    let plan = plan(&with("none"));
    let managed = Managed::from_words(&plan[HEADER_WORDS + Managed::WORDS * CAMERA_AT..]).unwrap();
    assert_eq!((managed.quota, managed.partner), (256, 0));
}
