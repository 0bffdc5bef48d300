//! Components that share address spaces: where they lie, what the bundle says, and who is told.

use super::*;
use crate::authority::Authority;
use crate::command::diff::Change;

const SHARED: &str = r#"
[[address_spaces]]
name = "flat"
parent = "house"
components = ["ping", "pong"]
[[address_spaces]]
name = "house"
components = ["console"]
"#;

/// [`GRAPH`], in which ping has no base of its own, with these address spaces.
fn with(spaces: &str) -> String {
    GRAPH.replace("baseaddr = 0x800000\n", "") + spaces
}

#[test]
fn who_shares_a_space_lies_one_after_the_other_behind_those_around() {
    let composed = compose(&with(SHARED), &fixtures()).unwrap();
    let range = |at: usize| composed.layout.components[at].range.clone();
    let [console, pong, ping] = [1, 2, 3].map(range);
    assert_eq!(console.start, DEFAULT_BASE, "the outermost");
    assert!(console.end <= pong.start && pong.end <= ping.start, "{console:x?} {pong:x?} {ping:x?}");
    let alone = compose(&with(""), &fixtures()).unwrap();
    assert!([1, 2, 3].iter().all(|at| alone.layout.components[*at].range.start == DEFAULT_BASE));
}

#[test]
fn the_bundle_says_whose_page_table_it_is() {
    let composed = compose(&with(SHARED), &fixtures()).unwrap();
    let bundle = Bundle::parse(&composed.bundle).unwrap();
    let said: Vec<_> = bundle.components().map(|component| (component.space, component.around)).collect();
    // Pong comes first in its space, which lies in that of the console.
    assert_eq!(said, [(0, 0), (0, 0), (0, 1), (2, 1)]);
}

#[test]
fn bases_that_the_graph_gives_must_not_overlap() {
    let at = |base: &str| with(SHARED).replace("stack = \"8KiB\"", &format!("stack = \"8KiB\"\nbaseaddr = {base}"));
    let complaint = compose(&at("0x800000"), &fixtures()).unwrap_err();
    says(&complaint, &["error[E0810]", "`ping` and `console` lie at the same addresses", "from 0x800000 to "]);
    assert!(compose(&at("0x80000000"), &fixtures()).is_ok());
}

#[test]
fn the_report_says_who_reaches_whose_memory() {
    let shared = text_of(&compose(&with(SHARED), &fixtures()).unwrap());
    says(
        &shared,
        &["  flat, inside house: pong, ping; they reach the memory of console as well\n", "  house: console\n"],
    );
    says(&text_of(&composed()), &["  every component has one of its own: nobody reaches the memory of another\n"]);
}

#[test]
fn sharing_is_authority_that_is_gained() {
    let graph = |spaces: &str| compose(&with(spaces), &fixtures()).unwrap().loaded.graph;
    let change = Change::between(&graph(""), &graph(SHARED));
    let gained: Vec<String> = change.gained.iter().map(ToString::to_string).collect();
    assert_eq!(
        gained,
        [
            "pong reads and writes the memory of `ping`",
            "pong reads and writes the memory of `console`",
            "ping reads and writes the memory of `pong`",
            "ping reads and writes the memory of `console`",
        ]
    );
    assert!(change.lost.is_empty());
    let authority = Authority::of(&graph(SHARED));
    assert!(
        authority.held_by(1).iter().all(|item| !item.what.contains("memory of")),
        "whoever is outside reaches nothing inside"
    );
}
