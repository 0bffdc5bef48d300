//! The tests that need a build of their own, because what they stand on must not get into any other.

use crate::{Outcome, cargo, target};

/// Of a page's models, those without which a promise would not be kept: about wake-ups, about ends, and about authority.
const OF_A_PAGE: [&str; 17] = [
    "sleep::no_wake_up_is_lost",
    "sleep::who_polls_and_waits_misses_no_result",
    "sleep::a_sleeper_on_a_blocked_call_is_woken_by_its_answer",
    "workers::of_two_workers_one_wakes_the_sleeper",
    "workers::two_workers_run_each_call_once",
    "relay::a_runner_that_sleeps_is_woken_by_what_is_announced",
    "relay::a_poster_that_waits_is_woken_by_an_answer",
    "ends::a_result_that_is_given_up_at_any_moment_gives_its_slot_back",
    "ends::a_blocked_call_is_given_up_while_it_is_answered",
    "ends::a_server_that_dies_during_service_ends_that_call_and_no_other",
    "ends::of_two_workers_one_dies_and_the_others_answer_is_its_own",
    "ends::a_client_that_dies_at_any_moment_leaves_its_server_nothing_to_trip_over",
    "ends::a_client_that_dies_while_workers_answer_leaves_nothing_that_waits",
    "refused::a_call_is_run_or_refused_whenever_the_edge_goes_and_later_ones_are_served_in_order",
    "refused::a_worker_that_is_inside_when_the_edge_goes_takes_a_call_or_its_client_takes_it_back",
    "refused::in_every_state_that_a_call_can_be_in_it_ends_as_a_direct_call_does",
    "refused::a_server_that_is_gone_ends_what_it_was_at_and_its_workers_calls_keep_their_slots",
];

/// Of blockpoints, locks and cores.
const OF_THREADS: [&str; 2] =
    ["who_waits_at_a_blockpoint_is_never_forgotten", "on_its_way_between_cores_and_not_before"];

#[test]
fn the_syscall_page_is_explored() -> Outcome {
    explored("syscall-page", &OF_A_PAGE)
}

#[test]
fn blockpoints_locks_and_the_critical_section_are_explored() -> Outcome {
    explored("sched-sl", &OF_THREADS)
}

/// Explores the models of a package, among which these are.
fn explored(package: &str, models: &[&str]) -> Outcome {
    let arguments = ["test", "--locked", "--package", package, "--test", "loom", "--target-dir"];
    let printed = cargo(|cargo| {
        let cargo = cargo.args(arguments).arg(target("loom"));
        cargo.env("RUSTFLAGS", "--cfg loom").env_remove("CARGO_ENCODED_RUSTFLAGS")
    })?;
    let missing: Vec<_> = models.iter().filter(|model| !printed.contains(&format!("{model} ... ok"))).collect();
    assert!(missing.is_empty(), "{missing:?} in: {printed}");
    Ok(())
}
