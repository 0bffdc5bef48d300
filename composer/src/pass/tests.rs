//! The passes behind `build`, from a graph and images made by hand to the bytes of a bundle.

mod devices;
mod examples;
mod levels;
mod pages;
mod policies;
mod regions;
mod reports;
mod scheduling;
mod spaces;
mod stacks;

use abi::bundle::{Bundle, BundleError, Capability, Grant};
use abi::layout::{DEFAULT_BASE, PAGE, READ, STACK_SPAN, WRITE};
use abi::record::{CLEAR_REGISTERS, RecordKind};

use super::bind::{Bound, bind};
use super::build::Images;
use super::capabilities::{Capabilities, capabilities};
use super::image::{self, bundle};
use super::layout::{Layout, layout};
use super::memory::{self, Account};
use super::report::{self, Subject};
use super::schema::{Schema, schema};
use crate::diagnostic::{Diagnostics, Source};
use crate::elf::fixture::{CLEARING, Fixture, TRUSTED, word};
use crate::graph::Graph;
use crate::{LoadOptions, Loaded, judge};

const PONG: &str = "call()->()\nadd(u64,u64)->u64\nstop()->()\n";
const CONSOLE: &str = "write(u64,u64)->()\n";

const GRAPH: &str = r#"
[system]
description = "a test"
[[components]]
name = "booter"
constructor = "kernel"
[[components]]
name = "console"
implements = [{ interface = "console" }]
devices = [{ name = "serial", ports = 0x3f8, count = 8 }]
[[components]]
name = "pong"
implements = [{ interface = "pong", variant = "fast" }]
deps = [{ srv = "console", interface = "console", trust = "both" }]
[[components]]
name = "ping"
baseaddr = 0x800000
stack = "8KiB"
deps = [{ srv = "pong", interface = "pong", variant = "fast", methods = ["stop", "call"] }]
params = [{ key = "count", value = 7 }]
"#;

fn fixtures() -> [Fixture; 4] {
    [
        Fixture::empty(),
        Fixture::empty().export("console", CONSOLE).ports("serial"),
        Fixture::empty().export("pong.fast", PONG).import("console", CONSOLE),
        Fixture::empty().import("pong", PONG).parameter("count"),
    ]
}

#[derive(Debug)]
struct Composed {
    loaded: Loaded,
    schema: Schema,
    layout: Layout,
    capabilities: Capabilities,
    bound: Bound,
    account: Account,
    bundle: Vec<u8>,
    /// For the report: images made by hand have none.
    stacks: Option<super::stack::Stacks>,
}

/// The system, or all complaints as text.
fn compose(graph: &str, fixtures: &[Fixture]) -> Result<Composed, String> {
    let source = Source { path: "test.toml".into(), text: graph.into() };
    let loaded = judge(source, LoadOptions { graph_only: true })
        .map_err(|failure| failure.diagnostics.render(&failure.source))?;
    let images = Images {
        kernel: Default::default(),
        components: fixtures.iter().map(|fixture| fixture.build().into()).collect(),
    };
    let mut found = Diagnostics::default();
    let composed = compose_loaded(loaded.clone(), &images, &mut found);
    assert_eq!(composed.is_none(), found.has_errors());
    composed.ok_or_else(|| found.render(&loaded.source))
}

fn compose_loaded(loaded: Loaded, images: &Images, found: &mut Diagnostics) -> Option<Composed> {
    let schema = schema(&loaded.graph, images, found)?;
    let layout = layout(&loaded.graph, &schema, found)?;
    let (capabilities, bound, account) = fit(&loaded.graph, &schema, &layout, &images.kernel, found)?;
    (!found.has_errors()).then_some(())?;
    let bundle = bundle(&loaded.graph, &bound, &layout, &capabilities);
    assert_eq!(bundle.len() as u64, account.bundle);
    Some(Composed { loaded, schema, layout, capabilities, bound, account, bundle, stacks: None })
}

/// What remains to be decided where everything has its place, and what that takes.
fn fit(
    graph: &Graph,
    schema: &Schema,
    layout: &Layout,
    kernel: &[u8],
    found: &mut Diagnostics,
) -> Option<(Capabilities, Bound, Account)> {
    let capabilities = capabilities(graph, schema, layout, found)?;
    let bound = bind(graph, schema, layout, &capabilities);
    let account = Account::of(memory::Parts { graph, layout, capabilities: &capabilities, bound: &bound }, kernel);
    memory::check(graph, &capabilities, &account, found);
    Some((capabilities, bound, account))
}

fn composed() -> Composed {
    compose(GRAPH, &fixtures()).unwrap()
}

/// The complaints about [`GRAPH`] with one text replaced, or with other images.
fn complaints(from: &str, to: &str, fixtures: &[Fixture]) -> String {
    assert!(GRAPH.contains(from), "{from}");
    compose(&GRAPH.replace(from, to), fixtures).unwrap_err()
}

#[track_caller]
fn says(complaints: &str, parts: &[&str]) {
    for part in parts {
        assert!(complaints.contains(part), "`{part}` is not in:\n{complaints}");
    }
}

#[test]
fn the_bundle_holds_the_system() {
    let composed = composed();
    let bundle = Bundle::parse(&composed.bundle).unwrap();
    let names: Vec<_> = bundle.components().map(|component| component.name().to_owned()).collect();
    assert_eq!(names, ["booter", "console", "pong", "ping"]);
    let ping = bundle.components().nth(3).unwrap();
    assert_eq!((ping.entry, ping.thread), (0x80_0010, 3));
    let data = bundle.segments(&ping).nth(1).unwrap();
    assert_eq!((data.address, data.rights), (0x80_1000, READ | WRITE));
}

/// Whoever builds images for another composer has all of them complain, and all of their records.
#[test]
fn what_is_wrong_with_several_images_is_said_once() {
    let old = fixtures().map(|fixture| Fixture { version: 1, ..fixture });
    let complaints = compose(GRAPH, &old).unwrap_err();
    says(&complaints, &["the images of 4 components cannot be components'", "it has version 1", "`booter`", "`ping`"]);
    assert_eq!(complaints.matches("[E0601]").count(), 1, "{complaints}");
    let mut one = fixtures();
    one[3].version = 1;
    says(&compose(GRAPH, &one).unwrap_err(), &["the image of `ping` cannot be a component's"]);
}

#[test]
fn an_import_slot_names_its_capability() {
    let composed = composed();
    let filled = |component: usize, address: u64| {
        let bytes = composed.bound.components[component].memory.bytes(address, 8).unwrap();
        u64::from_le_bytes(bytes.try_into().unwrap())
    };
    // Ping trusts nobody; pong trusts the console, and is trusted.
    assert_eq!(filled(3, 0x80_0000 + word(1)), 8 << 16 | CLEAR_REGISTERS);
    assert_eq!(filled(2, DEFAULT_BASE + word(2)), 8 << 16);
    // The console's device, and ping's parameter.
    assert_eq!(filled(1, DEFAULT_BASE + word(2)), 8 << 16);
    assert_eq!(filled(3, 0x80_0000 + word(2)), 7);
    // The stacks.
    assert_eq!(filled(3, 0x80_0000 + word(0)), composed.layout.components[3].first_stack_end);
}

#[test]
fn capabilities_grant_what_the_edges_say() {
    let composed = composed();
    let table = |at: usize| &composed.capabilities.components[at].capabilities;
    // Methods `call` and `stop`, the entry for clients that are not trusted.
    let grant = Grant::Invocation { server: 2, entry: DEFAULT_BASE + CLEARING, token: 4, methods: 0b101 };
    assert_eq!(*table(3), [Capability { slot: 8, grant }]);
    let grant = Grant::Invocation { server: 1, entry: DEFAULT_BASE + TRUSTED, token: 3, methods: 0b1 };
    assert_eq!(*table(2), [Capability { slot: 8, grant }]);
    assert_eq!(*table(1), [Capability { slot: 8, grant: Grant::Ports { first: 0x3f8, count: 8 } }]);
    assert!(table(0).is_empty());
}

#[test]
fn a_component_has_stacks_for_all_that_reach_it() {
    let composed = composed();
    let threads =
        |at: usize| -> Vec<u64> { composed.layout.components[at].stacks.iter().map(|stack| stack.thread).collect() };
    assert_eq!([threads(0), threads(1), threads(2), threads(3)], [vec![0], vec![1, 2, 3], vec![2, 3], vec![3]]);
    let space = &composed.layout.components[1];
    for stack in &space.stacks {
        assert_eq!(stack.end, space.first_stack_end + STACK_SPAN * stack.thread);
        assert_eq!(stack.bytes, abi::layout::DEFAULT_STACK);
    }
    assert_eq!(composed.layout.components[3].stacks[0].bytes, 2 * PAGE);
}

#[test]
fn no_stack_lies_on_the_image() {
    let composed = composed();
    for (space, ready) in composed.layout.components.iter().zip(&composed.bound.components) {
        for stack in &space.stacks {
            assert!(stack.end - STACK_SPAN >= ready.memory.end());
        }
    }
}

#[test]
fn addresses_move_with_the_base() {
    let composed = composed();
    let bindings = &composed.schema.components[3];
    let moved = &composed.bound.components[3].memory;
    for address in &bindings.image.relocations {
        let word = |memory: &crate::elf::Memory, address| {
            u64::from_le_bytes(memory.bytes(address, 8).unwrap().try_into().unwrap())
        };
        assert_eq!(word(moved, address + 0x80_0000), word(&bindings.image.memory, *address).wrapping_add(0x80_0000));
    }
}

/// `pong` with an import of its console and a record by which it is told of itself, and the address of its name there.
fn panicking(schema: &str) -> (Fixture, u64) {
    // The name has as much room as the record's own: that word says how much.
    let (records, own) = (5, 3);
    let name = word(records) + own * abi::record::RECORD_BYTES as u64 + 16;
    let pong = Fixture::empty().export("pong.fast", PONG).import("console", CONSOLE);
    let pong = pong.record(RecordKind::Identity as u16, "console", schema).at(word(own), name);
    (pong.parameter("more room"), name)
}

#[test]
fn an_image_is_told_its_name_and_its_console() {
    let word_of = |composed: &Composed, address: u64| {
        let (bound, space) = (&composed.bound.components[2], &composed.layout.components[2]);
        let bytes = bound.memory.bytes(address + space.shift, 8).unwrap();
        u64::from_le_bytes(bytes.try_into().unwrap())
    };
    let [booter, console, _, ping] = fixtures();
    let (pong, name) = panicking(CONSOLE);
    let composed = compose(GRAPH, &[booter.clone(), console.clone(), pong, ping.clone()]).unwrap();
    let shift = composed.layout.components[2].shift;
    assert_eq!(word_of(&composed, word(3)), word_of(&composed, word(2)), "the console, by the same capability");
    assert_eq!([8, 16].map(|at| word_of(&composed, word(3) + at)), [shift, shift + PAGE], "where the code is");
    assert_eq!(word_of(&composed, name + 8), 4);
    assert_eq!(word_of(&composed, name + 16), u64::from(u32::from_le_bytes(*b"pong")));

    let (pong, _) = panicking("say(u64)->()\n");
    let composed = compose(GRAPH, &[booter, console, pong, ping]).unwrap();
    assert_eq!(word_of(&composed, word(3)), 0, "another console than it knows");
}

#[test]
fn same_input_same_bytes() {
    assert_eq!(composed().bundle, composed().bundle);
}

#[test]
fn a_changed_bundle_is_refused() {
    let mut bytes = composed().bundle;
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert_eq!(Bundle::parse(&bytes).unwrap_err(), BundleError::Corrupt);
}

fn report_of(composed: &Composed) -> report::Report {
    report::report(Subject {
        graph: &composed.loaded.graph,
        text: &composed.loaded.source.text,
        schema: &composed.schema,
        stacks: composed.stacks.as_ref(),
        layout: &composed.layout,
        capabilities: &composed.capabilities,
        bound: &composed.bound,
        bundle_bytes: composed.bundle.len(),
        account: &composed.account,
        kernel_bytes: 4096,
        file_bytes: &[8192, 12_288, 19_200, 21_552],
        disk: &report::Disk::Missing("there is no loader".into()),
    })
}

fn text_of(composed: &Composed) -> String {
    report::render(&report_of(composed))
}

#[test]
fn the_report_says_who_may_call_what() {
    let report = report_of(&composed());
    says(
        &report::render(&report),
        &[
            "no disk image: there is no loader\n",
            "  ping -> pong: pong.fast (call, stop)\n",
            "  pong -> console: console (write)\n",
            "  slot 8: pong.fast of pong, methods call, stop; neither trusts the other [line ",
            "  slot 8: console of console, methods write; each trusts the other [line ",
            "  slot 8: I/O ports 0x3f8-0x3ff (serial) [line ",
            "  parameter count = 7\n",
        ],
    );
    let json: serde_json::Value = serde_json::to_value(&report).unwrap();
    assert_eq!(json["components"][3]["capabilities"][0]["kind"], "invocation");
    assert_eq!(json["components"][3]["capabilities"][0]["methods"], serde_json::json!(["call", "stop"]));
    assert_eq!(json["components"][3]["memory"]["stacks"], 8192);
    assert_eq!(json["disk"], serde_json::json!({ "missing": "there is no loader" }));
}

#[test]
fn an_import_without_a_server() {
    let [booter, console, pong, ping] = fixtures();
    let ping = ping.import("clock", "now()->u64\n").import("console", CONSOLE);
    let complaints = complaints("", "", &[booter, console, pong, ping]);
    says(&complaints, &["[E0701]", "`ping` imports `clock`, the graph gives it no server"]);
    says(&complaints, &["{ srv = \"...\", interface = \"clock\" }", "{ srv = \"console\", interface = \"console\" }"]);
}

#[test]
fn a_dependency_that_the_image_does_not_call() {
    let [booter, console, pong, _] = fixtures();
    let complaints =
        complaints("", "", &[booter, console, pong, Fixture::empty().import("pongs", PONG).parameter("count")]);
    says(&complaints, &["[E0702]", "the image of `ping` does not call `pong`", "did you mean `pongs`?"]);
    says(&complaints, &["[E0701]", "`ping` imports `pongs`"]);
}

#[test]
fn several_imports_of_one_interface() {
    let [booter, console, pong, _] = fixtures();
    let ping = Fixture::empty().import("pong/left", PONG).import("pong/right", PONG).parameter("count");
    let images = [booter, console, pong, ping];
    let unnamed = complaints("", "", &images);
    says(&unnamed, &["[E0702]", "write `import = \"left\"` or `import = \"right\"`"]);
    assert!(!unnamed.contains("E0701"), "{unnamed}");
    let edge = |name: &str| format!(r#"{{ srv = "pong", interface = "pong", variant = "fast", import = "{name}" }}"#);
    let from = r#"{ srv = "pong", interface = "pong", variant = "fast", methods = ["stop", "call"] }"#;
    let graph = GRAPH.replace(from, &format!("{}, {}", edge("left"), edge("right")));
    let composed = compose(&graph, &images).unwrap();
    let slots: Vec<_> = composed.schema.components[3].edges.iter().map(|edge| edge.slot).collect();
    assert_eq!(slots, [word(1), word(2)]);
}

#[test]
fn an_interface_that_the_image_does_not_serve() {
    let [booter, console, _, ping] = fixtures();
    let pong = Fixture::empty().export("pong.slow", PONG).import("console", CONSOLE);
    let complaints = complaints("", "", &[booter, console, pong, ping]);
    says(&complaints, &["[E0703]", "the image of `pong` does not serve `pong.fast`", "pong.slow"]);
}

#[test]
fn two_versions_of_an_interface() {
    let [booter, console, pong, _] = fixtures();
    let ping = Fixture::empty().import("pong", &PONG.replace("add(u64,u64)", "add(u64)")).parameter("count");
    let complaints = complaints("", "", &[booter, console, pong, ping]);
    says(
        &complaints,
        &[
            "[E0704]",
            "`ping` and `pong` were built with different versions of `pong`",
            "`ping` calls  add(u64)->u64",
            "`pong` serves add(u64,u64)->u64",
        ],
    );
}

#[test]
fn a_method_more_is_another_version() {
    let [booter, console, pong, _] = fixtures();
    let ping = Fixture::empty().import("pong", &format!("{PONG}more()->()\n")).parameter("count");
    let complaints = complaints("", "", &[booter, console, pong, ping]);
    says(&complaints, &["[E0704]", "`ping` calls  more()->()", "`pong` serves (no such method)"]);
}

#[test]
fn an_unknown_method() {
    let complaints = complaints("\"stop\"", "\"stp\"", &fixtures());
    says(&complaints, &["[E0705]", "`pong` has no method `stp`", "did you mean `stop`?", "test.toml:19:74"]);
}

#[test]
fn an_unknown_parameter() {
    let complaints = complaints("key = \"count\"", "key = \"cont\"", &fixtures());
    says(&complaints, &["[E0706]", "the image of `ping` has no parameter `cont`", "did you mean `count`?"]);
}

#[test]
fn devices_match_both_ways() {
    let complaints = complaints("\"serial\"", "\"parallel\"", &fixtures());
    says(&complaints, &["[E0707]", "the image of `console` drives no device `parallel`"]);
    says(&complaints, &["[E0708]", "`console` drives the device `serial`, but the graph does not grant it"]);
}

#[test]
fn an_image_that_is_none_and_a_wrong_name_elsewhere() {
    let [booter, console, pong, ping] = fixtures();
    let complaints =
        complaints("", "", &[Fixture { kind: 2, ..booter }, console, Fixture { data_flags: 7, ..pong }, ping]);
    says(&complaints, &["the image of `booter` cannot be a component's: it is linked for one address", "2 errors"]);
    says(
        &complaints,
        &["the image of `pong` cannot be a component's: the segment at 0x1000 may be written and executed"],
    );
}

#[test]
fn a_base_without_room() {
    let complaints = complaints("0x800000", "0x7fffffffe000", &fixtures());
    says(&complaints, &["[E0801]", "image and stacks of `ping` do not fit there"]);
}

#[test]
fn more_capabilities_than_a_table_has_slots() {
    let free = (abi::crossing::CAPABILITIES - abi::crossing::FIRST_GRANT) as usize;
    let calls = |edges: usize| {
        let import = |at: usize| format!("{{ srv = \"pong\", interface = \"pong\", import = \"i{at}\" }}");
        let deps: Vec<_> = (0..edges).map(import).collect();
        let graph = format!(
            "[system]\ndescription = \"a test\"\n[[components]]\nname = \"booter\"\nconstructor = \"kernel\"\n\
             [[components]]\nname = \"pong\"\nimplements = [{{ interface = \"pong\" }}]\n\
             [[components]]\nname = \"ping\"\ndeps = [\n{}\n]\n",
            deps.join(",\n")
        );
        let ping = (0..edges).fold(Fixture::empty(), |ping, at| ping.import(&format!("pong/i{at}"), PONG));
        compose(&graph, &[Fixture::empty(), Fixture::empty().export("pong", PONG), ping]).map(drop)
    };
    assert_eq!(calls(free), Ok(()));
    says(
        &calls(free + 1).unwrap_err(),
        &["[E0803]", &format!("`ping` needs {} capabilities, its table has room for {free}", free + 1)],
    );
}

#[test]
fn a_directory_is_replaced_as_a_whole() {
    let place = temp_dir::TempDir::new().unwrap();
    let directory = place.path().join("systems/test");
    let files = |text: &str| vec![(image::BUNDLE, composed().bundle), ("report.txt", text.into())];
    image::write(&directory, &files("one"), None).unwrap();
    image::write(&directory, &files("two"), None).unwrap();
    assert_eq!(std::fs::read(directory.join("report.txt")).unwrap(), b"two");
    // Nothing is left beside it.
    assert_eq!(std::fs::read_dir(directory.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_corrupt_bundle_is_not_put_in_place() {
    let place = temp_dir::TempDir::new().unwrap();
    let directory = place.path().join("test");
    assert!(image::write(&directory, &vec![(image::BUNDLE, vec![0; 4096])], None).is_err());
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_of_other_things_is_not_replaced() {
    let place = temp_dir::TempDir::new().unwrap();
    let precious = place.path().join("precious");
    std::fs::write(&precious, "text").unwrap();
    let error = image::write(place.path(), &vec![(image::BUNDLE, composed().bundle)], None).unwrap_err();
    assert_eq!(error.to_string(), "the directory holds `precious`, which is no part of a system");
    assert!(precious.exists());
}

/// [`GRAPH`] with a component that handles the faults of `pong`.
fn with_handler(export: &str, schema: &str) -> Result<Composed, String> {
    let [booter, console, pong, ping] = fixtures();
    let graph = GRAPH.replace("name = \"pong\"\n", "name = \"pong\"\nfault = { handler = \"warden\" }\n");
    let warden = "[[components]]\nname = \"warden\"\nimplements = [{ interface = \"fault\" }]\n\
                  deps = [{ srv = \"console\", interface = \"console\" }]\n";
    let images = [booter, console, Fixture::empty().export(export, schema).import("console", CONSOLE), pong, ping];
    compose(&(graph + warden), &images)
}

#[test]
fn a_fault_handler_is_in_the_slot_where_the_kernel_looks() {
    let composed = with_handler("fault", abi::fault::SCHEMA).unwrap();
    let bundle = Bundle::parse(&composed.bundle).unwrap();
    let names: Vec<_> = bundle.components().map(|component| component.name().to_owned()).collect();
    assert_eq!(names, ["booter", "console", "warden", "pong", "ping"]);
    let pong = bundle.components().nth(3).unwrap();
    let held: Vec<_> = bundle.capabilities(&pong).collect();
    let grant = Grant::Invocation { server: 2, entry: DEFAULT_BASE + CLEARING, token: 4, methods: 1 };
    let slot = abi::crossing::FAULT_HANDLER.into();
    assert_eq!(held.first(), Some(&Capability { slot, grant }));
    assert_eq!(held.get(1).map(|capability| capability.slot), Some(8), "edges have the slots that they had");
    let ping = bundle.components().nth(4).unwrap();
    assert!(bundle.capabilities(&ping).all(|capability| capability.slot != slot), "its faults are nobody's business");
}

#[test]
fn a_fault_handler_has_stacks_for_all_that_can_fault() {
    let composed = with_handler("fault", abi::fault::SCHEMA).unwrap();
    let threads =
        |at: usize| -> Vec<u64> { composed.layout.components[at].stacks.iter().map(|stack| stack.thread).collect() };
    // Ping's thread comes to the handler by a fault of pong; and from there to the console.
    assert_eq!((threads(2), threads(1)), (vec![2, 3, 4], vec![1, 2, 3, 4]));
}

#[test]
fn the_report_says_who_handles_whose_faults() {
    let composed = with_handler("fault", abi::fault::SCHEMA).unwrap();
    says(
        &text_of(&composed),
        &[
            "  pong -> warden: fault, when it faults\n",
            "  slot 1: fault of warden, for the kernel: it handles its faults [line ",
        ],
    );
}

#[test]
fn a_fault_handler_keeps_the_kernels_contract() {
    let complaints = with_handler("fault", "handle(u64)->u64\n").unwrap_err();
    says(&complaints, &["[E0704]", "`warden` was built with another version of `fault` than the kernel's"]);
    says(&complaints, &["the kernel calls handle(Cause,u64,u64)->Answer", "`warden` serves handle(u64)->u64"]);
    says(&with_handler("faults", "").unwrap_err(), &["[E0703]", "the image of `warden` does not serve `fault`"]);
}

#[test]
fn a_handler_is_the_variant_that_the_graph_names() {
    let [booter, console, pong, ping] = fixtures();
    let graph = GRAPH
        .replace("name = \"pong\"\n", "name = \"pong\"\nfault = { handler = \"warden\", variant = \"strict\" }\n")
        + "[[components]]\nname = \"warden\"\nimplements = [{ interface = \"fault\", variant = \"mild\" }, { interface = \"fault\", variant = \"strict\" }]\n\
           [[components]]\nname = \"guest\"\npersonality = { handler = \"warden\", variant = \"strict\" }\n";
    let warden = Fixture::empty().export("fault.mild", abi::fault::SCHEMA);
    let warden = warden.export("fault.strict", abi::fault::SCHEMA).at(TRUSTED + 0x20, CLEARING + 0x20);
    let names = ["booter", "console", "warden", "pong", "ping", "guest"];
    let composed = compose(&graph, &[booter, console, warden, pong, ping, Fixture::empty()]).unwrap();
    let entry = |component: &str| {
        let at = names.iter().position(|name| *name == component).unwrap();
        let table = &composed.capabilities.components[at];
        match table.fault.or(table.personality).map(|held| held.grant) {
            Some(Grant::Invocation { entry, .. }) => entry,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((entry("pong"), entry("guest")), (DEFAULT_BASE + CLEARING + 0x20, DEFAULT_BASE + CLEARING + 0x20));
}
