//! Every order in which threads and cores can meet, on small models of the very same code: only the atomic word is the explorer's. And the
//! same again with one thing broken at a time, which the explorer must find.
//!
//! They are built with `RUSTFLAGS="--cfg loom"` only; the package `tests` runs them that way, and sees to it that these are all models, and
//! that each was gone through. `LOOM_MAX_PREEMPTIONS` widens or narrows the search; the default here keeps it to seconds.
//!
//! | who meets | where | models | found out when broken |
//! |---|---|---|---|
//! | who waits, and who brings what it waits for | `blockpoints` | `who_waits_at_a_blockpoint_is_never_forgotten`, `two_who_wait_for_two_things_have_both`, `of_two_who_bring_at_once_none_is_overlooked`, `who_waits_for_an_exchange_is_never_forgotten`, `who_tells_and_waits_at_once_forgets_nobody_and_is_not_forgotten` | `without_fences_who_waits_is_forgotten`, `without_a_second_try_who_waits_is_forgotten`, `a_scheduler_that_waits_in_an_old_epoch_forgets_who_waits`, `an_exchange_that_is_no_fence_is_found_out`, `who_waits_before_it_tells_is_found_out` |
//! | those that want a lock | `locks` | `a_lock_has_one_owner_and_forgets_nobody`, `three_who_want_a_lock_all_have_it`, `one_of_two_takes_a_lock`, `who_gives_up_leaves_the_lock_to_the_others` | `a_lock_that_is_given_back_in_two_steps_is_found_out`, `a_lock_that_is_taken_in_two_steps_has_two_owners`, `a_lock_whose_epoch_is_read_after_its_owner_forgets_who_waits` |
//! | the two ends of a queue | `ends` | `who_finds_nothing_more_is_told_of_more` | `moving_on_in_two_steps_is_found_out`, `a_mark_that_is_left_in_two_steps_is_found_out` |
//! | those that want into the scheduler, and decide there | `section` | `one_is_inside_and_who_found_it_taken_is_let_in`, `of_three_one_is_inside`, `nothing_is_dispatched_on_old_knowledge`, `nothing_is_dispatched_on_old_knowledge_by_who_decides_again` | `a_section_that_is_left_in_two_steps_forgets_who_found_it_taken`, `a_token_that_is_taken_after_the_decision_is_found_out` |
//! | cores that leave things, and the one that sleeps | `inbox` | `what_two_want_of_one_thing_comes_though_only_one_calls`, `what_two_want_of_two_things_comes_to_a_core_that_sleeps`, `what_is_left_again_while_it_is_taken_comes_once_more`, `what_two_want_of_two_things_each_comes_once` | `who_calls_before_it_leaves_anything_is_found_out`, `what_is_left_in_two_steps_is_found_out`, `what_is_taken_in_two_steps_is_found_out`, `what_goes_along_is_not_there_without_order` |
//! | cores that speak of a blockpoint, and its home | `triggers` | `as_many_go_on_as_were_let_and_in_the_last_epoch`, `what_is_said_of_a_blockpoint_that_is_gone_is_not_heard_of_the_next` | `what_is_said_in_two_steps_is_found_out`, `an_epoch_that_is_raised_without_order_is_found_out`, `who_makes_the_next_without_asking_is_found_out` |
//! | cores that fall quiet | `quiet_cores` | `a_system_is_stuck_when_nothing_is_on_its_way_between_cores_and_not_before` | `a_count_beside_flags_is_found_out`, `bits_that_are_set_before_a_look_are_found_out`, `a_word_that_is_changed_in_two_steps_is_found_out`, `who_tells_before_there_is_anything_is_found_out`, `who_looks_after_it_has_taken_in_is_found_out` |
#![cfg(loom)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

mod blockpoints;
mod desk;
mod ends;
mod inbox;
mod locks;
mod quiet_cores;
mod section;
mod triggers;
mod word;

use loom::sync::atomic::{AtomicU64, Ordering};
use std::num::NonZeroU32;

fn explore(model: impl Fn() + Sync + Send + 'static) {
    explore_with(3, model);
}

/// For models of which there are many more orders.
fn explore_many(model: impl Fn() + Sync + Send + 'static) {
    explore_with(2, model);
}

fn explore_with(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(model);
}

fn number(who: u32) -> NonZeroU32 {
    NonZeroU32::new(who).unwrap()
}

/// What only one may do at a time: if another does it too, or does not see what the one before wrote, the sum is wrong.
fn alone(value: &AtomicU64) {
    let before = value.load(Ordering::Relaxed);
    value.store(before + 1, Ordering::Relaxed);
}
