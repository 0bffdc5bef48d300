//! The stacks that chains of invocations need, from images whose code needs what these tests say.

use abi::record::RecordKind;

use super::*;
use crate::pass::stack::{Level, Need, Stacks, needs};
use crate::stack::Bounds;

const SYSTEM: &str = r#"
[system]
description = "a test"
[[components]]
name = "booter"
constructor = "kernel"
[[components]]
name = "sched"
implements = [{ interface = "sched" }]
[[components]]
name = "files"
implements = [{ interface = "files" }]
deps = [{ srv = "sched", interface = "sched" }]
[[components]]
name = "one"
deps = [{ srv = "files", interface = "files", via = "page" }, { srv = "sched", interface = "sched" }]
"#;

const SCHED: &str = "yield_now()->()\n";
const FILES: &str = "open()->()\nclose()->()\n";
const BATCH: (u64, u64) = (TRUSTED + 0x10, CLEARING + 0x10);

fn fixtures() -> [Fixture; 4] {
    let sched = Fixture::empty().export("sched", SCHED).record(RecordKind::Plan as u16, "", "");
    let files = Fixture::empty().export("files", FILES).record(RecordKind::Batch as u16, "files", FILES);
    let files = files.at(BATCH.0, BATCH.1).record(RecordKind::Pages as u16, "files", FILES).import("sched", SCHED);
    let one = Fixture { more_memory: PAGE, ..Fixture::empty() }.import("files", FILES).import("sched", SCHED);
    let one = one.record(RecordKind::PageImport as u16, "files", FILES).at(PAGE + 0xe00, 0);
    [Fixture::empty(), sched, files, one]
}

/// What the stacks need if every image needs `most` at each entry, and `leaving` where it leaves.
fn stacks(graph: &str, fixtures: &[Fixture], most: u64, leaving: Option<u64>) -> Result<Vec<Need>, String> {
    let composed = compose(graph, fixtures).unwrap();
    let addresses = composed.schema.components.iter().map(|bindings| bindings.image.entry);
    let addresses = addresses.chain([TRUSTED, CLEARING, BATCH.0, BATCH.1]);
    let bounds = Bounds::fixed(&addresses.map(|address| (address, most, leaving)).collect::<Vec<_>>());
    let bounds = vec![bounds; composed.schema.components.len()];
    let mut found = Diagnostics::default();
    needs(&composed.loaded.graph, &composed.schema, &bounds, &mut found);
    let needs = needs(&composed.loaded.graph, &composed.schema, &bounds, &mut Diagnostics::default());
    if found.has_errors() { Err(found.render(&composed.loaded.source)) } else { Ok(needs.unwrap().components) }
}

#[test]
fn memory_that_cannot_fit_is_an_error() {
    let small = SYSTEM.replace("description", "machine = { memory = \"64MiB\" }\ndescription");
    let many =
        small.replace("name = \"one\"", "name = \"one\"\ncount = 900").replace("name = \"one\"", "name = \"one-{n}\"");
    let many = many.replace("name = \"files\"", "name = \"files\"\nstack = \"60KiB\"");
    let mut fixtures = fixtures().to_vec();
    fixtures.extend(vec![fixtures[3].clone(); 899]);
    says(
        &compose(&many, &fixtures).unwrap_err(),
        &["error[E0809]", "the system needs ", " more than the machine's 64MiB", "these 900 have"],
    );
}

fn chain(need: &Need) -> Vec<usize> {
    need.levels.iter().map(|level| level.component).collect()
}

#[test]
fn invocations_that_come_back_lie_above_what_they_left() {
    let needs = stacks(SYSTEM, &fixtures(), 1000, Some(600)).unwrap();
    // `one` waits in `sched`, which has `files` serve the page, which yields in `sched`.
    assert_eq!((needs[1].bytes, chain(&needs[1])), (600 + 1000, vec![3, 1, 2, 1]));
    assert_eq!((needs[2].bytes, needs[3].bytes), (1000, 1000), "nobody comes back to these");
}

#[test]
fn a_worker_comes_into_its_own_component_as_a_client_does() {
    let mut fixtures = fixtures();
    let files = Fixture::empty().export("files", FILES).import("sched", SCHED);
    let files = files.record(RecordKind::Batch as u16, "files", FILES).at(BATCH.0, BATCH.1);
    fixtures[2] = files.record(RecordKind::Pages as u16, "files", FILES).at(PAGE + 0x5f8, PAGE + 0x5f8);
    let needs = stacks(SYSTEM, &fixtures, 1000, Some(600)).unwrap();
    assert_eq!((needs[2].bytes, chain(&needs[2])), (600 + 1000, vec![2, 2]));
}

#[test]
fn a_chain_says_how_often_a_function_calls_itself() {
    let path = ["start", "down", "down", "down", "print"].map(str::to_owned).to_vec();
    let need = Need { bytes: 40, levels: vec![Level { component: 0, bytes: 40, path }] };
    assert_eq!(need.chain(&composed().loaded.graph), "`booter`: 40 bytes: start → down (3 times) → print");
}

#[test]
fn what_is_not_checked_has_no_bound_in_the_report() {
    let bounds = |check: &str| {
        let graph = SYSTEM.replace("name = \"one\"", &format!("name = \"one\"\nstack_check = {check}"));
        let mut composed = compose(&graph, &fixtures()).unwrap();
        let need = Need { bytes: 40, levels: vec![Level { component: 3, bytes: 40, path: vec!["run".into()] }] };
        composed.stacks = Some(Stacks { components: vec![need; 4], ..Stacks::default() });
        let one = report_of(&composed).components.remove(3);
        (one.stack_bound, one.stack_chain)
    };
    assert_eq!(bounds("true"), (Some(40), vec!["`one`: 40 bytes: run".to_owned()]));
    assert_eq!(bounds("false"), (None, Vec::new()), "0 bytes are no bound");
}

#[test]
fn what_never_leaves_is_never_come_back_to() {
    let needs = stacks(SYSTEM, &fixtures(), 1000, None).unwrap();
    assert_eq!(needs[1].bytes, 1000);
}

#[test]
fn a_scheduler_serves_the_pages_of_those_that_ask_it() {
    // `files` has no page: what invokes it has.
    let needs = stacks(&SYSTEM.replace(r#", via = "page""#, ""), &without_page(), 1000, Some(600)).unwrap();
    assert_eq!(needs[1].bytes, 1000);
}

fn without_page() -> [Fixture; 4] {
    let [booter, sched, _, _] = fixtures();
    let files = Fixture::empty().export("files", FILES).import("sched", SCHED);
    [booter, sched, files, Fixture::empty().import("files", FILES).import("sched", SCHED)]
}

#[test]
fn a_stack_that_is_too_small_is_an_error_with_the_chain() {
    let complaint = stacks(SYSTEM, &fixtures(), 10_000, Some(6_400)).unwrap_err();
    says(
        &complaint,
        &["error[E0805]", "the stacks of `sched` have 16KiB, and may need 16400 bytes", "`stack = \"20KiB\"`"],
    );
    says(&complaint, &["`one`\n", "→ `sched`: 6400 bytes", "→ `files`\n", "→ `sched`: 10000 bytes"]);
    let larger = SYSTEM.replace("name = \"sched\"", "name = \"sched\"\nstack = \"20KiB\"");
    assert!(stacks(&larger, &fixtures(), 10_000, Some(6_400)).is_ok());
    let unchecked = SYSTEM.replace("name = \"sched\"", "name = \"sched\"\nstack_check = false");
    assert!(stacks(&unchecked, &fixtures(), 10_000, Some(6_400)).is_ok(), "the graph says that nobody is to look");
}
