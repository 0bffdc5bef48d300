//! Syscall pages: two clients of one server, one of them with a scheduler.

use abi::page::{PageEdge, SERVE_ONLY};
use abi::record::RecordKind;

use super::*;

const GRAPH: &str = r#"
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
[[components]]
name = "one"
deps = [{ srv = "files", interface = "files", via = "page", trust = "both" }, { srv = "sched", interface = "sched" }]
[[components]]
name = "two"
deps = [{ srv = "files", interface = "files", via = "page", methods = ["close"] }]
"#;

const SCHED: &str = "yield_now()->()\n";
const FILES: &str = "open()->()\nclose()->()\n";

/// Where words lie that are more than a fixture's record has room for: behind what is in the file.
const SLOT: u64 = PAGE + 0xe00;

/// The word of the server's table.
const TABLE: u64 = PAGE + 0x5f8;

/// The batch entries, as far behind the others as the fixture's entries are apart.
const BATCH: (u64, u64) = (TRUSTED + 0x10, CLEARING + 0x10);

fn client() -> Fixture {
    let client = Fixture { more_memory: PAGE, ..Fixture::empty() };
    client.import("files", FILES).record(RecordKind::PageImport as u16, "files", FILES).at(SLOT, 0)
}

fn server() -> Fixture {
    let server = Fixture::empty().export("files", FILES);
    let server = server.record(RecordKind::Batch as u16, "files", FILES).at(BATCH.0, BATCH.1);
    server.record(RecordKind::Pages as u16, "files", FILES)
}

fn fixtures() -> [Fixture; 5] {
    let sched = Fixture::empty().export("sched", SCHED).record(RecordKind::Plan as u16, "", "");
    [Fixture::empty(), sched, server(), client().import("sched", SCHED), client()]
}

fn composed() -> Composed {
    compose(GRAPH, &fixtures()).unwrap()
}

fn words(composed: &Composed, component: usize, address: u64, count: usize) -> Vec<u64> {
    let bytes = composed.bound.components[component].memory.bytes(address, 8 * count as u64).unwrap();
    bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

/// Where a component has frames that can be written and lie at the front of the bundle's contents: address and offset.
fn shared(composed: &Composed, component: usize) -> Vec<(u64, u64)> {
    let bundle = Bundle::parse(&composed.bundle).unwrap();
    let component = bundle.components().nth(component).unwrap();
    let all = bundle.components().flat_map(|component| bundle.segments(&component).collect::<Vec<_>>());
    let first = all.filter(|segment| segment.file_bytes > 0).map(|segment| segment.offset).min().unwrap();
    let segments = bundle.segments(&component).filter(|segment| segment.rights == READ | WRITE);
    let frames = segments.map(|segment| (segment.address, (segment.offset - first) / PAGE));
    frames.filter(|(_, frame)| *frame < 4).collect()
}

#[test]
fn client_and_server_share_frames_and_the_scheduler_has_the_header_alone() {
    let composed = composed();
    let frames = |component| shared(&composed, component).into_iter().map(|(_, frame)| frame).collect::<Vec<_>>();
    assert_eq!(frames(0).len(), 0);
    assert_eq!(frames(1), [0], "of the page that it serves");
    assert_eq!(frames(2), [0, 1, 2, 3]);
    assert_eq!((frames(3), frames(4)), (vec![0, 1], vec![2, 3]));
}

#[test]
fn the_client_is_told_of_its_page() {
    let composed = composed();
    let frames = |component| shared(&composed, component).into_iter().map(|(address, _)| address).collect::<Vec<_>>();
    let [header, entries] = frames(3)[..] else { panic!("two frames") };
    assert_eq!(words(&composed, 3, DEFAULT_BASE + SLOT, 7), [10 << 16, 0, header, entries, 0b11, 0, 0]);
    let [header, entries] = frames(4)[..] else { panic!("two frames") };
    assert_eq!(
        words(&composed, 4, DEFAULT_BASE + SLOT, 7),
        [9 << 16, abi::record::CLEAR_REGISTERS, header, entries, 0b10, 0, 0]
    );
}

/// The graph with the first client's page served on core 0, by a thread of its own.
fn on_a_core() -> String {
    GRAPH
        .replacen("trust = \"both\" }", "trust = \"both\", core = 0 }", 1)
        .replace("\"one\"", "\"one\"\nthreads = [{}]")
}

#[test]
fn the_client_is_told_on_which_core_its_page_is_served() {
    let [booter, sched, server, _, other] = fixtures();
    let client = Fixture { more_memory: PAGE, ..Fixture::empty() }.import("files", FILES);
    let client = client.record(RecordKind::PageImport as u16, "files", FILES).at(SLOT, SLOT);
    let composed = compose(&on_a_core(), &[booter, sched, server, client.import("sched", SCHED), other]).unwrap();
    assert_eq!(words(&composed, 3, DEFAULT_BASE + SLOT, 7)[6], 1);
    assert_eq!(words(&composed, 4, DEFAULT_BASE + SLOT, 7)[6], 0);
}

#[test]
fn an_image_without_a_thread_for_it_has_its_page_served_where_it_is() {
    let complaints = compose(&on_a_core(), &fixtures()).unwrap_err();
    assert!(complaints.contains("E0711") && complaints.contains("this edge names a core"), "{complaints}");
}

#[test]
fn the_server_is_told_of_its_pages_in_memory_of_its_own() {
    let composed = composed();
    let table = words(&composed, 2, DEFAULT_BASE + word(3), 1)[0];
    let frames: Vec<_> = shared(&composed, 2).into_iter().map(|(address, _)| address).collect();
    assert!(!frames.contains(&table) && table.is_multiple_of(PAGE));
    assert_eq!(words(&composed, 2, table, 8), [2, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(words(&composed, 2, table + 64, 8), [frames[0], frames[1], 0b11, 4, 0, 0, 0, 0]);
    assert_eq!(words(&composed, 2, table + 128, 8), [frames[2], frames[3], 0b10, 5, 0, 0, 0, 0]);
}

/// The server with workers, and so many threads for them.
fn with_workers(threads: usize, own: Option<u64>) -> Result<Composed, String> {
    let [booter, sched, _, one, two] = fixtures();
    let server = Fixture::empty().export("files", FILES).import("sched", SCHED);
    let server = server.record(RecordKind::Batch as u16, "files", FILES).at(BATCH.0, BATCH.1);
    let server = server.record(RecordKind::Pages as u16, "files", FILES).at(TABLE, TABLE);
    let threads = vec!["{}"; threads].join(", ");
    let files = format!(
        "[{{ interface = \"files\" }}]\ndeps = [{{ srv = \"sched\", interface = \"sched\" }}]\nthreads = [{threads}]"
    );
    let own = own.map_or_else(|| "trust = \"both\"".to_owned(), |own| format!("trust = \"both\", workers = {own}"));
    let graph = GRAPH.replace(r#"[{ interface = "files" }]"#, &files).replacen("trust = \"both\"", &own, 1);
    compose(&graph, &[booter, sched, server, one, two])
}

#[test]
fn workers_enter_the_server_as_its_clients_do_and_each_client_has_its_share_of_them() {
    // Threads and a number of the first client's own; what each client has, and what all have together that have none of their own.
    let cases = [(5, None, [2, 2], 5), (1, None, [1, 1], 1), (5, Some(3), [3, 2], 2), (3, Some(3), [3, 0], 0)];
    for (threads, own, shares, common) in cases {
        let composed = with_workers(threads, own).unwrap();
        let grant = |token, methods| Grant::Invocation { server: 2, entry: DEFAULT_BASE + TRUSTED, token, methods };
        let [one, two] = composed.capabilities.components[2].works() else { panic!("two clients") };
        assert_eq!([one.grant, two.grant], [grant(4, 0b11), grant(5, 0b10)]);
        let table = words(&composed, 2, DEFAULT_BASE + TABLE, 1)[0];
        assert_eq!(words(&composed, 2, table, 4), [2, threads as u64, common, 0]);
        let places = table + 8 * 3 * abi::page::ROW_WORDS as u64;
        assert_eq!(words(&composed, 2, places, 4), [one.slot << 16, shares[0], own.map_or(1, |_| 0), 0]);
        let places = places + 8 * abi::page::PARKED_WORDS as u64;
        assert_eq!(words(&composed, 2, places, 3), [two.slot << 16, shares[1], 1]);
    }
}

#[test]
fn workers_of_an_image_that_has_none_are_an_error() {
    let graph = GRAPH.replacen("trust = \"both\"", "trust = \"both\", workers = 1", 1);
    let files = "[{ interface = \"files\" }]\nthreads = [{}]\ndeps = [{ srv = \"sched\", interface = \"sched\" }]";
    let graph = graph.replace("[{ interface = \"files\" }]", files);
    let [booter, sched, files, one, two] = fixtures();
    let complaints = compose(&graph, &[booter, sched, files.import("sched", SCHED), one, two]).unwrap_err();
    says(&complaints, &["[E0711]", "the image of `files` has no workers for calls of `files` that may block"]);
}

#[test]
fn clients_may_flush_and_the_scheduler_may_serve_and_nothing_else() {
    let composed = composed();
    let grant = |entry, token| Grant::Invocation { server: 2, entry, token, methods: SERVE_ONLY };
    let table = |component: usize| &composed.capabilities.components[component];
    assert_eq!(table(3).flushes(), [Capability { slot: 10, grant: grant(DEFAULT_BASE + BATCH.0, 0) }]);
    assert_eq!(table(4).flushes(), [Capability { slot: 9, grant: grant(DEFAULT_BASE + BATCH.1, 1) }]);
    let [serve] = table(1).serves() else { panic!("one page has a scheduler") };
    assert_eq!(serve.grant, grant(DEFAULT_BASE + BATCH.0, 0));
    assert!(table(2).flushes().is_empty() && table(2).serves().is_empty());
    assert!(table(1).scheduled().iter().all(|capability| capability.slot != serve.slot));
}

#[test]
fn the_plan_describes_the_page() {
    let composed = composed();
    let plan = words(&composed, 1, DEFAULT_BASE + word(2), 1)[0];
    let [count, first] = words(&composed, 1, plan + 6 * 8, 2)[..] else { panic!("two words") };
    assert_eq!(count, 1);
    let page = PageEdge::from_words(&words(&composed, 1, plan + 8 * first, PageEdge::WORDS)).unwrap();
    let serve = composed.capabilities.components[1].serves()[0].slot;
    assert_eq!(page, PageEdge { client: 4, serve, header: shared(&composed, 1)[0].0 });
}

#[test]
fn the_scheduler_clears_registers_where_the_client_does() {
    let composed = compose(&GRAPH.replace(", trust = \"both\"", ""), &fixtures()).unwrap();
    let plan = words(&composed, 1, DEFAULT_BASE + word(2), 1)[0];
    let first = words(&composed, 1, plan + 7 * 8, 1)[0];
    let serve = composed.capabilities.components[1].serves()[0].slot;
    assert_eq!(words(&composed, 1, plan + 8 * (first + 1), 1), [serve | abi::record::CLEAR_REGISTERS]);
}

#[test]
fn the_report_tells_pages_from_calls() {
    says(
        &text_of(&composed()),
        &[
            "  one -> files: files (open, close), posted to a page as well\n",
            "  sched -> files: files, to have the page of one served\n",
            "  posts to the page of files between two and files: header ",
            "  has served the page of files between one and files: header ",
            "  slot 9: the batch entry of files for files, to flush [line ",
        ],
    );
    let json: serde_json::Value = serde_json::to_value(report_of(&composed())).unwrap();
    assert_eq!(json["components"][1]["pages"][0]["role"], "scheduler");
    assert_eq!(json["components"][1]["pages"][0]["entries"], serde_json::Value::Null);
    assert_eq!(json["components"][3]["capabilities"][2]["kind"], "flush");
    assert_eq!(json["components"][2]["memory"]["shared"], 4 * PAGE);
}

#[test]
fn a_client_that_would_post_calls_directly_where_the_graph_gives_it_no_page() {
    let graph = GRAPH.replace(r#"via = "page", methods"#, "methods");
    let composed = compose(&graph, &fixtures()).unwrap();
    let frames = |component| shared(&composed, component).into_iter().map(|(_, frame)| frame).collect::<Vec<_>>();
    assert_eq!([frames(2), frames(3), frames(4)], [vec![0, 1], vec![0, 1], vec![]], "shared with nobody");
    let slot = words(&composed, 4, DEFAULT_BASE + SLOT, 7);
    let [calls] = composed.capabilities.components[4].invocations() else { panic!("one edge") };
    let posted = slot[2];
    let expected = [calls.slot << 16, abi::record::CLEAR_REGISTERS, posted, posted + PAGE, 0b10, 0, abi::page::DIRECT];
    assert_eq!(slot, expected);
    let mut segments = composed.bound.components[4].memory.segments.iter();
    assert!(
        segments.any(|it| (it.address, it.memory_bytes) == (posted, 2 * PAGE)),
        "room of its own for what it posts"
    );
    assert!(composed.capabilities.components[4].flushes().is_empty());
    says(&text_of(&composed), &["calls that it posts, and makes directly"]);
}

#[test]
fn images_can_do_what_the_graph_says_of_a_page() {
    let [booter, sched, files, one, two] = fixtures();
    let calls = Fixture::empty().import("files", FILES);
    let images = [booter.clone(), sched.clone(), files, one.clone(), calls];
    says(&compose(GRAPH, &images).unwrap_err(), &["[E0711]", "the image of `two` does not post to a page of `files`"]);
    let images = [booter, sched, Fixture::empty().export("files", FILES), one, two];
    says(&compose(GRAPH, &images).unwrap_err(), &["[E0711]", "the image of `files` does not serve pages of `files`"]);
}
