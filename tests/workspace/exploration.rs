//! The tests that need a build of their own, because what they stand on must not get into any other.

use crate::{Outcome, cargo, target};

#[test]
fn the_syscall_page_is_explored() -> Outcome {
    let arguments = ["test", "--locked", "--package", "syscall-page", "--test", "loom", "--target-dir"];
    let printed = cargo(|cargo| {
        let cargo = cargo.args(arguments).arg(target("loom"));
        cargo.env("RUSTFLAGS", "--cfg loom").env_remove("CARGO_ENCODED_RUSTFLAGS")
    })?;
    assert!(printed.contains("no_wake_up_is_lost ... ok"), "{printed}");
    assert!(printed.contains("in_every_state_that_a_call_can_be_in_it_ends_as_a_direct_call_does ... ok"), "{printed}");
    Ok(())
}

#[test]
fn blockpoints_locks_and_the_critical_section_are_explored() -> Outcome {
    let arguments = ["test", "--locked", "--package", "sched-sl", "--test", "loom", "--target-dir"];
    let printed = cargo(|cargo| {
        let cargo = cargo.args(arguments).arg(target("loom"));
        cargo.env("RUSTFLAGS", "--cfg loom").env_remove("CARGO_ENCODED_RUSTFLAGS")
    })?;
    assert!(printed.contains("who_waits_at_a_blockpoint_is_never_forgotten ... ok"), "{printed}");
    assert!(printed.contains("on_its_way_between_cores_and_not_before ... ok"), "{printed}");
    Ok(())
}
