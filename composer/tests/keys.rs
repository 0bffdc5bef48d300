//! The page that lists every key: made of the table of keys and of what shows the effect of each.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p composer --test keys` writes `docs/keys.md` anew. That the tests which it names ran is held
//! by `tests/run`, as for `docs/promises.md`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test, its helpers too, may panic")]

use std::fmt::Write as _;
use std::path::Path;

use Place::{
    AddressSpace, Component, Constant, Dependency, Device, Expect, Fault, File, Implements, Machine, Parameter,
    Personality, Slot, System, Thread,
};
use composer::keys::{KEYS, Key, Kind, PLACES, Place, Status, of};
use composer::text;

const HEAD: &str = "# Keys of the graph file

Every key, what it takes, what it means, and a test that fails if it has no effect. The table of keys, from which parsing,
suggestions and the JSON Schema (`cargo composer schema`) come too, is `composer/src/keys.rs`; the tests are named in
`composer/tests/keys.rs`. A test holds this page against both: `UPDATE_SNAPSHOTS=1 cargo test -p composer --test keys` writes
it anew.
";

/// What shows the effect of each key.
#[rustfmt::skip]
const SHOWN: &[(Place, &str, &str)] = &[
    (File, "system", "pass::tests::reports::a_report_as_text"),
    (File, "components", "pass::tests::the_bundle_holds_the_system"),
    (File, "templates", "systems::system::constructors"),
    (File, "address_spaces", "systems::system::address-spaces"),

    (System, "description", "pass::tests::reports::a_report_as_text"),
    (System, "format", "bad_graphs_get_their_complaints"),
    (System, "expect", "statuses::a_missing_line_is_1"),
    (System, "machine", "statuses::the_machine_is_as_the_graph_says"),

    (Expect, "output", "statuses::a_missing_line_is_1"),
    (Expect, "status", "systems::system::thread-faults"),
    (Expect, "faults", "statuses::a_fault_that_does_not_come_is_1"),

    (Machine, "smp", "statuses::the_machine_is_as_the_graph_says"),
    (Machine, "memory", "statuses::the_machine_is_as_the_graph_says"),
    (Machine, "timeout", "statuses::a_run_has_the_time_that_its_graph_says"),
    (Machine, "icount", "statuses::the_machine_is_as_the_graph_says"),

    (Component, "name", "pass::tests::the_bundle_holds_the_system"),
    (Component, "template", "systems::system::constructors"),
    (Component, "count", "stacks::every_instance_answers"),
    (Component, "img", "stacks::every_instance_answers"),
    (Component, "constructor", "systems::system::constructors"),
    (Component, "implements", "pass::tests::an_interface_that_the_image_does_not_serve"),
    (Component, "deps", "pass::tests::capabilities_grant_what_the_edges_say"),
    (Component, "params", "systems::system::settings"),
    (Component, "devices", "pass::tests::capabilities_grant_what_the_edges_say"),
    (Component, "baseaddr", "pass::tests::addresses_move_with_the_base"),
    (Component, "stack", "pass::tests::a_component_has_stacks_for_all_that_reach_it"),
    (Component, "stack_check", "pass::tests::stacks::a_stack_that_is_too_small_is_an_error_with_the_chain"),
    (Component, "recursion", "stacks::recursion_has_the_bound_that_is_said_and_no_other"),
    (Component, "priority", "systems::system::priorities"),
    (Component, "fault", "systems::system::handlers"),
    (Component, "personality", "systems::system::foreign"),
    (Component, "weight", "systems::system::weights"),
    (Component, "partition", "systems::system::partitions"),
    (Component, "budget", "systems::system::levels-spent"),
    (Component, "period", "systems::system::levels-spent"),
    (Component, "deadline", "a_response_is_what_goes_first_and_ones_own_work"),
    (Component, "cost", "a_response_is_what_goes_first_and_ones_own_work"),
    (Component, "policy", "systems::system::deadlines"),
    (Component, "slots", "systems::system::partitions"),
    (Component, "threads", "systems::system::turns"),
    (Component, "constants", "systems::system::settings"),
    (Component, "initfs", "systems::system::settings"),
    (Component, "memory", "systems::system::sharing"),
    (Component, "cores", "systems::system::across"),

    (Implements, "interface", "pass::tests::an_interface_that_the_image_does_not_serve"),
    (Implements, "variant", "pass::tests::an_interface_that_the_image_does_not_serve"),

    (Dependency, "srv", "pass::tests::capabilities_grant_what_the_edges_say"),
    (Dependency, "interface", "pass::tests::capabilities_grant_what_the_edges_say"),
    (Dependency, "variant", "pass::tests::capabilities_grant_what_the_edges_say"),
    (Dependency, "methods", "pass::tests::capabilities_grant_what_the_edges_say"),
    (Dependency, "trust", "pass::tests::capabilities_grant_what_the_edges_say"),
    (Dependency, "import", "pass::tests::several_imports_of_one_interface"),
    (Dependency, "via", "systems::system::pages"),
    (Dependency, "core", "pass::tests::pages::the_client_is_told_on_which_core_its_page_is_served"),
    (Dependency, "regions", "systems::system::sharing"),
    (Dependency, "workers", "systems::system::pages_share"),
    (Dependency, "interposers", "interposers::one_edge_is_traced_and_another_costs_what_it_did"),

    (Parameter, "key", "pass::tests::an_import_slot_names_its_capability"),
    (Parameter, "value", "pass::tests::an_import_slot_names_its_capability"),
    (Parameter, "at", "systems::system::settings"),

    (Constant, "variable", "systems::system::settings"),
    (Constant, "value", "systems::system::settings"),

    (Device, "name", "pass::tests::devices_match_both_ways"),
    (Device, "ports", "pass::tests::capabilities_grant_what_the_edges_say"),
    (Device, "count", "pass::tests::capabilities_grant_what_the_edges_say"),
    (Device, "interrupt", "pass::tests::devices::a_driver_is_granted_each_resource_and_no_other"),
    (Device, "memory", "pass::tests::devices::a_driver_is_granted_each_resource_and_no_other"),
    (Device, "bytes", "pass::tests::devices::a_driver_is_granted_each_resource_and_no_other"),

    (Thread, "priority", "pass::tests::scheduling::the_plan_says_what_a_scheduler_needs_to_know"),
    (Thread, "weight", "pass::tests::policies::the_plan_has_weights_and_deadlines"),
    (Thread, "partition", "pass::tests::policies::the_plan_has_the_slots_and_who_belongs_to_which"),
    (Thread, "budget", "pass::tests::scheduling::budgets_are_in_the_plan_with_the_time_to_fill_them"),
    (Thread, "period", "pass::tests::scheduling::budgets_are_in_the_plan_with_the_time_to_fill_them"),
    (Thread, "deadline", "pass::tests::policies::the_plan_has_weights_and_deadlines"),
    (Thread, "cores", "pass::tests::levels::the_plan_says_on_which_core_everybody_is"),
    (Thread, "cost", "bad_graphs_get_their_complaints"),

    (Slot, "partition", "pass::tests::policies::the_plan_has_the_slots_and_who_belongs_to_which"),
    (Slot, "length", "pass::tests::policies::the_plan_has_the_slots_and_who_belongs_to_which"),

    (Fault, "handler", "pass::tests::a_fault_handler_is_in_the_slot_where_the_kernel_looks"),
    (Fault, "variant", "pass::tests::a_handler_is_the_variant_that_the_graph_names"),
    (Fault, "policy", "systems::system::policies"),
    (Fault, "limit", "systems::system::policies"),
    (Fault, "backoff", "systems::system::policies"),

    (Personality, "handler", "systems::system::foreign"),
    (Personality, "variant", "pass::tests::a_handler_is_the_variant_that_the_graph_names"),

    (AddressSpace, "name", "pass::tests::spaces::who_shares_a_space_lies_one_after_the_other_behind_those_around"),
    (AddressSpace, "components", "systems::system::address-spaces"),
    (AddressSpace, "parent", "systems::system::address-spaces"),
];

/// The tests that show the effect of a key.
fn shown(key: &Key) -> Vec<&'static str> {
    SHOWN.iter().filter(|(place, name, _)| (*place, *name) == (key.place, key.name)).map(|(.., test)| *test).collect()
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for place in PLACES {
        _ = write!(page, "\n## {}\n\n| key | shown by |\n|---|---|\n", heading(*place));
        for key in of(*place) {
            let (must, takes) = (if key.status == Status::Required { ", required" } else { "" }, takes(&key.kind));
            let shown: Vec<_> = shown(key).iter().map(|test| format!("`{test}`")).collect();
            _ = writeln!(page, "| `{}`{must}: {}. Takes {takes} | {} |", key.name, key.meaning, shown.join(", "));
        }
    }
    page
}

fn heading(place: Place) -> String {
    let title = place.title();
    title[..1].to_uppercase() + &title[1..]
}

fn takes(kind: &Kind) -> String {
    match kind {
        Kind::Text => "a text".into(),
        Kind::Name => "a new name".into(),
        Kind::Component => "the name of a component".into(),
        Kind::Identifier => "a name".into(),
        Kind::Crate => "a package's name, or a path".into(),
        Kind::Path => "a path".into(),
        Kind::Choice(choices) => {
            choices.iter().map(|choice| format!("`\"{}\"`", choice.text)).collect::<Vec<_>>().join(" or ")
        }
        Kind::Integer(least, most) => format!("{least} to {most}"),
        Kind::Boolean => "`true` or `false`".into(),
        Kind::Word => "a number of 64 bits, or a boolean".into(),
        Kind::WordOrText => "a number of 64 bits, a boolean, or a text".into(),
        Kind::Size(least, end, unit) => {
            let [least, most, unit] = [*least, (end - 1) / unit * unit, *unit].map(text::size);
            format!("a size from `\"{least}\"` to `\"{most}\"`, a multiple of {unit}")
        }
        Kind::Address => "an address on a page boundary".into(),
        Kind::List(of) => format!("a list, each {}", takes(of)),
        Kind::Table(place) => format!("the keys of {}", place.title()),
    }
}

#[test]
fn the_page_of_keys_is_what_the_table_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/keys.md");
    let now = page();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = before.lines().zip(now.lines()).find(|(before, now)| before != now);
    assert!(before == now, "docs/keys.md is not what the table says, from here on: {differs:?}");
}

#[test]
fn the_effect_of_every_key_is_shown() {
    let is_key = |place: Place, name: &str| KEYS.iter().any(|key| (key.place, key.name) == (place, name));
    let without: Vec<_> = KEYS.iter().filter(|key| shown(key).is_empty()).map(|key| (key.place, key.name)).collect();
    assert_eq!(without, [], "nothing shows the effect of these");
    let unknown: Vec<_> = SHOWN.iter().filter(|(place, name, _)| !is_key(*place, name)).collect();
    assert!(unknown.is_empty(), "these are no keys: {unknown:?}");
}
