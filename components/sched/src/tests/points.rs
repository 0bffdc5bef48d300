//! Blockpoints: on whose behalf threads wait and trigger, what becomes of who waits, and who runs meanwhile.

use super::fake::{Me, World, index_of_client, index_of_created, token};
use abi::event::What;
use sched_interface::{NEVER, NOBODY, Sched, SchedError};
use sched_sl::Wakes;
use std::sync::OnceLock;
use std::vec::Vec;

fn wait(me: Me, point: u64, epoch: u64) -> sched_interface::Result<bool> {
    me.sched().wait_on(point, epoch, NOBODY, NEVER)
}

/// A place for a name that one thread makes and others use.
fn shared() -> &'static OnceLock<u64> {
    std::boxed::Box::leak(std::boxed::Box::default())
}

#[test]
fn who_waits_goes_on_when_it_is_triggered_and_an_old_epoch_is_not_waited_for() {
    let (world, name) = (World::with_reach(&[(16, &[]), (16, &[])], &[(1, 0)]), shared());
    world.main(0, move |me| {
        let point = me.sched().create_point().unwrap();
        name.set(point).unwrap();
        me.log("waits");
        assert_eq!(wait(me, point, 0), Ok(true));
        me.log("goes on");
        assert_eq!(wait(me, point, 0), Ok(true), "at once");
        me.sched().free_point(point).unwrap();
    });
    world.main(1, move |me| {
        me.log("triggers");
        let inside = me.sched_as(token(0));
        inside.trigger(*name.get().unwrap(), 1).unwrap();
        me.sched().yield_now().unwrap();
        assert_eq!(inside.trigger(*name.get().unwrap(), 2), Err(SchedError::NoSuchPoint), "it is gone");
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["waits", "triggers", "goes on"]);
}

#[test]
fn that_it_has_happened_is_the_answer_to_one_wait() {
    let (world, name) = (World::new(&[(16, &[16])]), shared());
    world.main(0, move |me| {
        let point = me.sched().create_point().unwrap();
        name.set(point).unwrap();
        me.sched().create(2).unwrap();
        assert_eq!(wait(me, point, 0), Ok(true));
        assert_eq!(me.sched().wait_on(point, 1, NOBODY, 50_000), Ok(false), "nobody has triggered since");
    });
    world.created(0, 0, 2, move |me| {
        me.sched().trigger(*name.get().unwrap(), 1).unwrap();
        What::Ended(0)
    });
    assert_eq!(world.run(), Ok(0));
}

#[test]
fn a_wait_ends_when_its_time_comes_or_when_the_blockpoint_goes() {
    let (world, name) = (World::with_reach(&[(16, &[]), (16, &[])], &[(1, 0)]), shared());
    world.main(0, move |me| {
        let point = me.sched().create_point().unwrap();
        name.set(point).unwrap();
        assert_eq!(me.sched().wait_on(point, 0, NOBODY, 0), Ok(false), "the time is past");
        assert_eq!(me.sched().wait_on(point, 0, NOBODY, 1_000), Ok(false));
        me.log("late");
        me.sched().free_point(point).unwrap();
        me.log("freed");
    });
    world.main(1, move |me| {
        let inside = me.sched_as(token(0));
        assert_eq!(inside.wait_on(*name.get().unwrap(), 0, NOBODY, NEVER), Err(SchedError::NoSuchPoint));
        me.log("let go");
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["late", "freed", "let go"]);
}

#[test]
fn only_the_owner_waits_triggers_and_frees_whoever_it_is_that_comes_there() {
    let world = World::with_reach(&[(16, &[]), (16, &[])], &[(1, 0)]);
    world.main(0, |me| {
        let point = me.sched().create_point().unwrap();
        for other in [me.sched_as(token(1)), me.sched_as(77)] {
            assert_eq!(other.trigger(point, 2), Err(SchedError::NoSuchPoint));
            assert_eq!(other.trigger_one(point, 2), Err(SchedError::NoSuchPoint));
            assert_eq!(
                other.trigger_elsewhere(0, point, 2, Wakes::All),
                Err(SchedError::NoSuchPoint),
                "from another core"
            );
            assert_eq!(other.free_elsewhere(0, point), Err(SchedError::NoSuchPoint), "from another core");
            assert_eq!(other.wait_on(point, 0, NOBODY, 0), Err(SchedError::NoSuchPoint));
            assert_eq!(other.free_point(point), Err(SchedError::NoSuchPoint));
        }
        assert_eq!(me.sched_as(77).create_point(), Err(SchedError::NotScheduled));
        for nonsense in [0, 1, u64::MAX, point + 1, point | 1 << 60] {
            assert_eq!(me.sched().trigger(nonsense, 1), Err(SchedError::NoSuchPoint), "{nonsense:x}");
            assert_eq!(me.sched().free_point(nonsense), Err(SchedError::NoSuchPoint), "{nonsense:x}");
        }
        assert_eq!(me.sched().wait_on(point, 0, NOBODY, 0), Ok(false), "nobody has triggered it");
    });
    world.main(1, |me| me.sched().sleep_until(20_000).unwrap());
    assert_eq!(world.run(), Ok(0));
}

#[test]
fn each_component_has_its_share_of_the_blockpoints() {
    let world = World::new(&[(16, &[]), (16, &[])]);
    world.main(0, |me| {
        let share = crate::state::POINTS / 2;
        let all: Vec<_> = (0..share).map(|_| me.sched().create_point().unwrap()).collect();
        assert_eq!(me.sched().create_point(), Err(SchedError::TooManyPoints));
        assert!(me.sched_as(token(1)).create_point().is_ok(), "the other's");
        me.sched().free_point(all[3]).unwrap();
        let again = me.sched().create_point().unwrap();
        assert!(!all.contains(&again), "a name is used once");
    });
    world.main(1, |_| ());
    assert_eq!(world.run(), Ok(0));
}

/// A high thread, inside the low one's component, waits for a lock that the low one has; one between them, a client of that
/// component, does something about it and has much to do. Who runs is logged.
fn inversion(holder: u64, does: impl FnOnce(Me, u64) + Send + 'static) -> Vec<std::string::String> {
    let world = World::with_reach(&[(20, &[]), (3, &[]), (10, &[])], &[(1, 0), (2, 0)]);
    let name = shared();
    world.main(0, move |me| {
        name.set(me.sched().create_point().unwrap()).unwrap();
        me.log("low has the lock");
        me.sched().sleep_until(1_000).unwrap();
        me.log("low gives it back");
        me.sched().trigger_one(*name.get().unwrap(), 1).unwrap();
        me.log("low is done");
    });
    world.main(1, move |me| {
        me.sched().sleep_until(500).unwrap();
        me.log("high waits");
        assert_eq!(me.sched_as(token(0)).wait_on(*name.get().unwrap(), 0, holder, NEVER), Ok(true));
        me.log("high has the lock");
    });
    world.main(2, move |me| {
        me.sched().sleep_until(900).unwrap();
        does(me, *name.get().unwrap());
        me.work(5_000);
        me.log("middle is done");
    });
    assert_eq!(world.run(), Ok(0));
    world.log()
}

const WITH_INHERITANCE: [&str; 6] =
    ["low has the lock", "high waits", "low gives it back", "high has the lock", "middle is done", "low is done"];

#[test]
fn whoever_has_the_lock_runs_before_those_that_are_less_urgent_than_who_waits() {
    assert_eq!(inversion(index_of_client(0), |_, _| ()), WITH_INHERITANCE);
    let without = ["middle is done", "low gives it back", "high has the lock", "low is done"];
    assert_eq!(inversion(NOBODY, |_, _| ()), [&WITH_INHERITANCE[..2], &without].concat());
}

#[test]
fn a_client_of_who_has_a_lock_lets_nobody_have_it_and_takes_no_time_of_those_that_wait() {
    let triggers = |me: Me, point| assert_eq!(me.sched().trigger(point, u64::MAX), Err(SchedError::NoSuchPoint));
    assert_eq!(inversion(index_of_client(0), triggers), WITH_INHERITANCE);
    let poses = |me: Me, point| {
        assert_eq!(me.sched().wait_on(point, 0, index_of_client(2), 0), Err(SchedError::NoSuchPoint));
    };
    assert_eq!(inversion(index_of_client(0), poses), WITH_INHERITANCE);
}

#[test]
fn a_holder_is_one_whose_thread_can_come_there_and_not_the_one_that_waits() {
    let world = World::with_reach(&[(16, &[]), (16, &[]), (16, &[])], &[(1, 0)]);
    world.main(0, |me| {
        let point = me.sched().create_point().unwrap();
        let wait = |holder| me.sched().wait_on(point, 0, holder, 5_000);
        assert_eq!(wait(index_of_client(0)), Err(SchedError::WouldDeadlock));
        assert_eq!(wait(index_of_client(2)), Err(SchedError::NoSuchThread), "none of its business");
        assert_eq!(wait(index_of_client(1)), Ok(false));
        assert_eq!(wait(1_000), Ok(false), "nobody here");
    });
    // They live as long as that.
    world.main(1, |me| me.sched().sleep_until(20_000).unwrap());
    world.main(2, |me| me.sched().sleep_until(20_000).unwrap());
    assert_eq!(world.run(), Ok(0));
}

#[test]
fn who_waits_for_a_thread_that_faults_or_has_is_told_so() {
    let world = World::new(&[(16, &[3])]);
    world.created(0, 0, 2, |me| {
        me.sched().sleep_until(1_000).unwrap();
        me.log("faults");
        What::Faulted(8)
    });
    world.main(0, |me| {
        let point = me.sched().create_point().unwrap();
        let holder = me.sched().create(2).unwrap();
        let wait = || me.sched().wait_on(point, 0, holder, NEVER);
        assert_eq!(wait(), Err(SchedError::HolderEnded));
        me.log("told");
        assert_eq!(wait(), Err(SchedError::HolderEnded), "at once");
        me.sched().trigger(point, 1).unwrap();
        assert_eq!(me.sched().wait_on(point, 0, NOBODY, NEVER), Ok(true), "it is as good as before");
    });
    assert_eq!(world.run(), Ok(8));
    assert_eq!(world.log(), ["faults", "told"]);
}

#[test]
fn a_circle_of_locks_is_an_error_for_who_closes_it() {
    let (world, name) = (World::with_reach(&[(16, &[]), (17, &[])], &[(1, 0), (0, 1)]), shared());
    world.main(0, move |me| {
        let point = me.sched().create_point().unwrap();
        name.set(point).unwrap();
        assert_eq!(me.sched().wait_on(point, 0, index_of_client(1), NEVER), Ok(true));
        me.log("the other gave up");
    });
    world.main(1, move |me| {
        let other = me.sched().create_point().unwrap();
        assert_eq!(me.sched().wait_on(other, 0, index_of_client(0), NEVER), Err(SchedError::WouldDeadlock));
        me.log("would wait for ever");
        me.sched_as(token(0)).trigger_one(*name.get().unwrap(), 1).unwrap();
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["would wait for ever", "the other gave up"]);
}

#[test]
fn a_turn_that_was_used_is_not_passed_on() {
    let (world, name) = (World::new(&[(16, &[3, 20])]), shared());
    world.created(0, 0, 2, move |me| {
        assert_eq!(wait(me, *name.get().unwrap(), 0), Ok(true));
        me.log("first");
        What::Faulted(8)
    });
    world.created(0, 1, 3, move |me| {
        assert_eq!(wait(me, *name.get().unwrap(), 0), Ok(true));
        me.log("second");
        What::Ended(0)
    });
    world.main(0, move |me| {
        let point = me.sched().create_point().unwrap();
        name.set(point).unwrap();
        assert_eq!(
            [me.sched().create(2), me.sched().create(3)],
            [Ok(index_of_created(0, 0)), Ok(index_of_created(0, 1))]
        );
        me.sched().sleep_until(2_000).unwrap();
        me.sched().trigger_one(point, 1).unwrap();
        me.log("one");
        me.sched().sleep_until(4_000).unwrap();
        me.sched().trigger_one(point, 2).unwrap();
        me.log("two");
    });
    assert_eq!(world.run(), Ok(8));
    assert_eq!(world.log(), ["first", "one", "two", "second"], "a turn that was used is not passed on");
}

#[test]
fn a_wake_up_is_not_for_who_waits_at_a_blockpoint_and_is_not_lost() {
    let (world, name) = (World::with_reach(&[(16, &[]), (16, &[])], &[(1, 0), (0, 1)]), shared());
    world.main(0, move |me| {
        let point = me.sched().create_point().unwrap();
        name.set(point).unwrap();
        assert_eq!(wait(me, point, 0), Ok(true));
        me.log("triggered");
        me.sched().block().unwrap();
        me.log("had been woken");
    });
    world.main(1, move |me| {
        me.sched().wake(index_of_client(0)).unwrap();
        me.sched().yield_now().unwrap();
        me.log("woken");
        me.sched_as(token(0)).trigger(*name.get().unwrap(), 1).unwrap();
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["woken", "triggered", "had been woken"]);
}

#[test]
fn before_the_start_nobody_waits() {
    let world = World::new(&[(16, &[])]);
    world.scheduler.initialise(1_000).unwrap();
    let me = Me::of(world, 0);
    let point = me.sched().create_point().unwrap();
    assert_eq!(wait(me, point, 0), Err(SchedError::NotStarted));
    assert_eq!(me.sched().trigger(point, 1), Ok(()));
}

/// Two threads that hand a turn back and forth by a blockpoint of each's component, and lose the core anywhere in between.
fn hand_over_with_preemption(after: u64) -> u64 {
    let world = World::with_reach(&[(16, &[]), (16, &[])], &[(1, 0), (0, 1)]);
    let names = [shared(), shared()];
    // Each comes to the other's component to trigger there.
    for number in 0..2 {
        world.main(number, move |me| {
            let (sched, there) = (me.sched(), me.sched_as(token(1 - number)));
            names[number].set(sched.create_point().unwrap()).unwrap();
            while names[1 - number].get().is_none() {
                sched.yield_now().unwrap();
            }
            let (mine, theirs) = (*names[number].get().unwrap(), *names[1 - number].get().unwrap());
            for round in 0..4 {
                if number == 0 {
                    there.trigger(theirs, round + 1).unwrap();
                }
                assert_eq!(sched.wait_on(mine, round, NOBODY, NEVER), Ok(true));
                if number == 1 {
                    there.trigger_one(theirs, round + 1).unwrap();
                }
            }
            me.log("done");
        });
    }
    world.fake.preempt_in(after);
    assert_eq!(world.run(), Ok(0), "preempted after {after}");
    assert_eq!(world.log().len(), 2, "preempted after {after}");
    world.fake.rescued()
}

#[test]
fn wherever_a_thread_loses_the_core_no_turn_is_lost() {
    let rescued: u64 = (0..200).map(hand_over_with_preemption).sum();
    assert!(rescued > 5, "some lost it inside the section, and were let finish");
}
