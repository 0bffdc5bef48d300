//! What can happen between a wish and what follows from it: the races that schedulers of this kind are known to lose.
//!
//! Here a thread loses the core where it looks at the clock. At each instruction it does in the systems `moments` and `moments-budget`.
//!
//! The list is that of a scheduler that has lost each of them (gwsystems/composite, its library `slm` and its kernel), and behind each the test
//! that it is not lost here. Those of the library alone are in `sched-sl/tests/with_the_kernel.rs`.
//!
//! | race | test |
//! |---|---|
//! | a wake-up comes before the block that it is for | [`a_wake_up_between_the_look_and_the_block_is_not_lost`], wherever the waker interrupts |
//! | *suspended in the kernel* wipes out *woken* | [`a_wake_up_survives_a_wait_in_the_kernel`] |
//! | a decision is overtaken, and carried out all the same | [`a_decision_that_was_overtaken_is_not_carried_out`], [`a_decision_has_its_token_before_anybody_else_can_decide`] |
//! | events are pending while a thread decides that gets none | [`a_thread_that_gets_no_events_lets_them_be_taken_in`] |
//! | the ring of events is full | [`as_many_events_as_there_are_threads_are_kept`] |
//! | who finds the section taken helps without a timer, and for ever | [`an_owner_that_is_let_finish_comes_back_in_a_few_steps`] |
//! | a thread ends while its event is on the way, and its place is another's | [`an_event_of_the_one_before_says_nothing_of_the_next`] |
//! | equals whose wake-ups push each other back | [`a_woken_thread_waits_for_those_before_it_and_no_longer`] |
//! | a tick comes though nothing is due | [`no_tick_comes_where_nothing_is_due`] |
//! | the ring of wake-ups for another core is full | [`no_wake_up_is_lost_between_cores`](super::shared), [`no_trigger_is_lost_between_cores`](super::shared) |
//! | a thread waits in an epoch that is past | [`who_waits_goes_on_when_it_is_triggered_and_an_old_epoch_is_not_waited_for`](super::points) |
//! | a scheduler below another has spent what it had, and its thread is forgotten or spins | [`a_scheduler_without_time_forgets_nobody_and_does_not_ask_again_and_again`](super::policies) |
//! | who holds a lock is never given the core | [`whoever_has_the_lock_runs_before_those_that_are_less_urgent_than_who_waits`](super::points) |
//! | threads and blockpoints are never given back | `lives`, a system of the tests |
//! | the time of a wait in the kernel comes before the wait, or ends another one | `moments`, a system of the tests; the model of `sched-sl` |
//! | the set of events of which a thread waits for any overflows | there is nothing to overflow: it is a mask |
//! | a tick that was set for somebody else comes early | [`a_tick_that_comes_early_takes_nobodys_turn`] |

use super::fake::{Me, QUANTUM, World, index_of_client, index_of_created};
use abi::event::What;
use sched_interface::Sched;
use std::format;

/// One looks for something, misses it and blocks; the other brings it and wakes. Whoever loses the core loses it after so many looks at the
/// clock.
fn look_and_block(preempted_after: u64) {
    let world = World::with_reach(&[(16, &[]), (10, &[])], &[(0, 1)]);
    world.main(0, |me| {
        // It has looked, and blocks. If the other has come in between, its wake-up is there.
        me.work(3);
        me.sched().block().unwrap();
        me.log("woken");
    });
    world.main(1, |me| {
        me.sched().sleep_until(12).unwrap();
        me.sched().wake(index_of_client(0)).unwrap();
    });
    world.fake.preempt_in(preempted_after);
    assert_eq!(world.run(), Ok(0), "preempted after {preempted_after}");
    assert_eq!(world.log(), ["woken"]);
}

#[test]
fn a_wake_up_between_the_look_and_the_block_is_not_lost() {
    (0..60).for_each(look_and_block);
}

#[test]
fn a_wake_up_survives_a_wait_in_the_kernel() {
    let world = World::with_reach(&[(10, &[]), (16, &[])], &[(0, 1)]);
    world.main(0, |me| {
        me.receive();
        me.log("received");
        me.sched().block().unwrap();
        me.log("woken before");
    });
    world.main(1, |me| {
        me.sched().wake(index_of_client(0)).unwrap();
        me.send(0);
        me.sched().yield_now().unwrap();
        me.log("ends");
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["received", "woken before", "ends"]);
}

#[test]
fn a_decision_that_was_overtaken_is_not_carried_out() {
    // Wherever the first loses the core on its way, the urgent one has run by the time that it goes on.
    for after in 0..40 {
        let world = World::new(&[(16, &[]), (16, &[]), (3, &[])]);
        for client in [0, 1] {
            world.main(client, |me| (0..3).for_each(|_| me.sched().yield_now().unwrap()));
        }
        world.main(2, |me| {
            me.sched().sleep_until(20).unwrap();
            me.log("urgent");
            me.sched().block_until(60).unwrap();
        });
        world.fake.preempt_in(after);
        assert_eq!(world.run(), Ok(0), "preempted after {after}");
        assert_eq!(world.log(), ["urgent"]);
    }
}

#[test]
fn a_decision_has_its_token_before_anybody_else_can_decide() {
    // Whoever takes a token loses the core just before: outside of the section, others would decide then, and what it has decided be carried
    // out behind that.
    for others in 0..30 {
        let world = World::new(&[(16, &[]), (16, &[])]);
        for client in [0, 1] {
            world.main(client, move |me| {
                for _ in 0..8 {
                    me.log(client);
                    me.sched().yield_now().unwrap();
                }
            });
        }
        world.fake.preempt_at_token(others);
        assert_eq!(world.run(), Ok(0), "behind {others} others");
        assert_eq!(world.log().concat(), "01".repeat(8), "behind {others} others");
    }
}

#[test]
fn a_thread_that_gets_no_events_lets_them_be_taken_in() {
    let world = World::new(&[(3, &[]), (16, &[]), (16, &[])]);
    world.main(0, |me| {
        me.receive();
        me.log("urgent");
    });
    for client in [1, 2] {
        world.main(client, move |me| {
            if client == 1 {
                me.send(0);
            }
            // The event is pending, so whatever is decided now is refused, and decided again when it is known.
            me.sched().yield_now().unwrap();
            me.log(format!("{client} goes on"));
        });
    }
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log().first().map(|first| &**first), Some("urgent"));
}

/// All end their waits before the scheduler has looked once. Then the one that brought that about loses the core after so many looks at the
/// clock: also where it is inside, so that all events are to be kept until it has left.
fn all_at_once(preempted_after: u64) {
    let clients = [(5, &[][..]); 20];
    let world = World::new(&clients);
    for client in 0..19 {
        world.main(client, |me| {
            me.receive();
            me.log("received");
        });
    }
    world.main(19, move |me| {
        me.world.fake.preempt_in(preempted_after);
        (0..19).for_each(|client| me.send(client));
        me.sched().yield_now().unwrap();
    });
    assert_eq!(world.run(), Ok(0), "preempted after {preempted_after}");
    assert_eq!(world.log().len(), 19, "preempted after {preempted_after}");
}

#[test]
fn as_many_events_as_there_are_threads_are_kept() {
    (0..12).for_each(all_at_once);
}

#[test]
fn an_owner_that_is_let_finish_comes_back_in_a_few_steps() {
    let world = World::new(&[(16, &[]), (16, &[])]);
    for client in [0, 1] {
        world.main(client, |me| (0..200).for_each(|_| me.sched().yield_now().unwrap()));
    }
    // A turn of two ticks: most are over inside.
    assert_eq!(world.run_with_quantum(2), Ok(0));
    assert!(world.fake.rescued() > 10, "{} were let finish", world.fake.rescued());
}

#[test]
fn an_event_of_the_one_before_says_nothing_of_the_next() {
    let world = World::new(&[(16, &[16])]);
    for round in 0..50 {
        world.created(0, 0, 2, move |me| {
            me.log(round);
            What::Ended(0)
        });
    }
    world.main(0, |me| {
        for _ in 0..50 {
            let index = me.sched().create(2).unwrap();
            assert_eq!(index, index_of_created(0, 0));
            while me.sched().wake(index).is_ok() {
                me.sched().yield_now().unwrap();
            }
        }
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log().len(), 50);
}

#[test]
fn a_woken_thread_waits_for_those_before_it_and_no_longer() {
    let world = World::with_reach(&[(16, &[]), (16, &[]), (16, &[])], &[(0, 1)]);
    world.main(0, |me| {
        me.sched().block().unwrap();
        me.log("woken");
    });
    world.main(1, |me| {
        me.sched().wake(index_of_client(0)).unwrap();
        me.sched().yield_now().unwrap();
        me.log("waker");
    });
    world.main(2, |me| {
        me.log("other");
        me.sched().yield_now().unwrap();
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["other", "woken", "waker"]);
}

#[test]
fn no_tick_comes_where_nothing_is_due() {
    let world = World::new(&[(16, &[]), (20, &[])]);
    world.main(0, |me| me.work(20 * QUANTUM));
    world.main(1, |me| me.work(20 * QUANTUM));
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.fake.ticks(), 0, "neither has an equal");

    let world = World::new(&[(16, &[]), (16, &[])]);
    world.main(0, |me| me.work(10 * QUANTUM));
    world.main(1, |me| me.work(10 * QUANTUM));
    assert_eq!(world.run(), Ok(0));
    assert!((18..=20).contains(&world.fake.ticks()), "one at the end of each turn: {}", world.fake.ticks());
}

#[test]
fn a_tick_that_comes_early_takes_nobodys_turn() {
    let world = World::new(&[(16, &[]), (16, &[])]);
    let work = |name: &'static str| {
        move |me: Me| {
            // The timer is set for the first turn, and stays while the two yield to each other.
            me.work(QUANTUM / 4);
            me.sched().yield_now().unwrap();
            me.log(format!("{name} begins"));
            me.work(QUANTUM * 9 / 10);
            me.log(format!("{name} is done in one turn"));
        }
    };
    world.main(0, work("a"));
    world.main(1, work("b"));
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["a begins", "a is done in one turn", "b begins", "b is done in one turn"]);
}
