//! Campaigns in small: the rest of them is for who has the time.

use std::process::Command;

use crate::tools::{Outcome, ensure, finish, root, trials};
use libtest_mimic::Trial;

/// The trials.
pub fn trials() -> Vec<Trial> {
    trials!("campaigns": random_calls_beside_neighbours guided_entries an_unknown_campaign_is_2)
}

fn campaign(arguments: &[&str]) -> Command {
    let mut command = Command::new(root().join("tests/campaign"));
    command.args(arguments);
    command
}

/// In the guest on two cores, and then in the guest and on the host.
fn random_calls_beside_neighbours() -> Outcome {
    let finished = finish(&mut campaign(&["kernel", "--count", "300000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("kernel: 300000 tried, "), || finished.output.clone())
}

fn guided_entries() -> Outcome {
    let finished = finish(&mut campaign(&["kernel-logic", "--count", "2000", "--seed", "1"]))?.expect_status(0)?;
    ensure(finished.output.contains("kernel-logic: 2000 tried, "), || finished.output.clone())
}

fn an_unknown_campaign_is_2() -> Outcome {
    let finished = finish(&mut campaign(&["kernal"]))?.expect_status(2)?;
    finished.expect_text("kernel ").map(|_| ())
}
