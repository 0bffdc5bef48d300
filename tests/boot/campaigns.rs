//! Campaigns in small: the rest of them is for who has the time.

use std::process::Command;

use crate::tools::{Outcome, ensure, finish, root, trials};
use libtest_mimic::Trial;
use tests::campaign::{Order, guest, kernel, sched};

/// The trials.
pub fn trials() -> Vec<Trial> {
    trials!("campaigns": random_calls_beside_neighbours random_calls_beside_neighbours_again guided_entries guided_graphs_and_images block_and_wake_on_two_cores block_and_wake_again rewritten_pages simulated_tasks threads_that_come_and_go threads_that_are_joined many_threads_that_work_at_once shares_by_chance an_unknown_campaign_is_2)
}

fn campaign(arguments: &[&str]) -> Command {
    let mut command = Command::new(root().join("tests/campaign"));
    command.args(arguments);
    command
}

/// In the guest on two cores, twice, and then in the guest and on the host.
fn random_calls_beside_neighbours() -> Outcome {
    let finished = finish(&mut campaign(&["kernel", "--count", "500000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("kernel: 1000000 tried, "), || finished.output.clone())
}

/// One seed, one run: on two cores, with timers, neighbours and players that end.
fn random_calls_beside_neighbours_again() -> Outcome {
    let report = |seed| {
        let parameters = kernel::by_turns(&Order { count: 20_000, seed });
        guest::run(&parameters, &mut |_| ()).map_err(|error| error.to_string())
    };
    let (one, again, other) = (report(7)?, report(7)?, report(8)?);
    let neighbours = one.neighbours.is_some_and(|[rounds, _]| rounds > 0);
    ensure(neighbours && one.tally.is_some(), || format!("{one:?}"))?;
    ensure(one == again, || format!("{one:?}\n{again:?}"))?;
    ensure(one.parts != other.parts, || "the seed makes no difference".to_owned())
}

fn guided_entries() -> Outcome {
    let finished = finish(&mut campaign(&["kernel-logic", "--count", "2000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("kernel-logic: 2000 tried, "), || finished.output.clone())
}

fn rewritten_pages() -> Outcome {
    let finished = finish(&mut campaign(&["pages", "--count", "100000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("pages: 400000 tried, 400000 succeeded"), || finished.output.clone())
}

fn simulated_tasks() -> Outcome {
    let finished = finish(&mut campaign(&["simulator", "--count", "20000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("simulator: 20000 tried, "), || finished.output.clone())
}

fn threads_that_come_and_go() -> Outcome {
    let finished = finish(&mut campaign(&["threads", "--count", "2000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("threads: 2000 tried, 2000 succeeded, "), || finished.output.clone())
}

fn threads_that_are_joined() -> Outcome {
    let finished = finish(&mut campaign(&["joins", "--count", "2000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("joins: 2000 tried, 2000 succeeded, "), || finished.output.clone())
}

fn many_threads_that_work_at_once() -> Outcome {
    let finished = finish(&mut campaign(&["stress", "--count", "31360", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("stress: 31360 tried, 31360 succeeded, "), || finished.output.clone())
}

fn shares_by_chance() -> Outcome {
    let finished = finish(&mut campaign(&["levels", "--count", "2000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("levels: 2000 tried, 2000 succeeded, "), || finished.output.clone())
}

fn block_and_wake_on_two_cores() -> Outcome {
    let finished = finish(&mut campaign(&["sched", "--count", "20000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("sched: 20000 tried, 20000 succeeded, "), || finished.output.clone())
}

/// One seed, one run, where the cores take turns.
fn block_and_wake_again() -> Outcome {
    let said = |seed| {
        let said = sched::boot(&Order { count: 2_000, seed }, true, &mut |_| ());
        said.map(|said| said.console).map_err(|error| error.to_string())
    };
    let (one, again, other) = (said(7)?, said(7)?, said(8)?);
    ensure(one.contains("pairs woke each other") && one == again, || format!("{one}\n{again}"))?;
    ensure(one != other, || format!("the seed makes no difference: {one}"))
}

fn guided_graphs_and_images() -> Outcome {
    let finished = finish(&mut campaign(&["graph", "--count", "20000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("graph: 20000 tried, "), || finished.output.clone())
}

fn an_unknown_campaign_is_2() -> Outcome {
    let finished = finish(&mut campaign(&["kernal"]))?.expect_status(2)?;
    finished.expect_text("kernel ").map(|_| ())
}
