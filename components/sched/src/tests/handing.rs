//! Letting another go on and waiting, both at once.

use super::fake::{Me, World, index_of_client, token};
use sched_interface::{NEVER, NOBODY, Sched, SchedError};
use std::format;
use std::sync::OnceLock;

/// Says its name and hands over, so many times; the first one starts.
fn in_turns(name: &'static str, other: u64, times: usize) -> impl FnOnce(Me) + Send {
    move |me| {
        if name == "b" {
            me.sched().block().unwrap();
        }
        for round in 0..times {
            me.log(format!("{name}{round}"));
            me.sched().wake_and_block(other).unwrap();
        }
        // The other may have ended.
        let _ = me.sched().wake(other);
    }
}

/// Two that hand over to each other, whatever their priorities, wherever one of them loses the core.
fn hand_over(priorities: [u64; 2], preempted_after: u64) {
    let world = World::with_reach(&[(priorities[0], &[]), (priorities[1], &[])], &[(0, 1), (1, 0)]);
    world.main(0, move |me| {
        me.sched().sleep_until(100).unwrap();
        in_turns("a", index_of_client(1), 3)(me);
    });
    world.main(1, in_turns("b", index_of_client(0), 3));
    world.fake.preempt_in(preempted_after);
    assert_eq!(world.run(), Ok(0), "{priorities:?}, preempted after {preempted_after}");
    assert_eq!(world.log(), ["a0", "b0", "a1", "b1", "a2", "b2"]);
}

#[test]
fn who_wakes_and_blocks_at_once_loses_no_wake_up() {
    for priorities in [[16, 16], [3, 16], [16, 3]] {
        (0..120).for_each(|after| hand_over(priorities, after));
    }
}

#[test]
fn a_wake_up_that_came_before_is_used_and_nobody_waits() {
    let world = World::with_reach(&[(10, &[]), (16, &[])], &[(0, 1), (1, 0)]);
    world.main(0, |me| {
        let own = index_of_client(0);
        me.sched().wake(own).unwrap();
        assert_eq!(me.sched().wake_and_block(index_of_client(1)), Ok(()), "at once");
        assert_eq!(me.sched().wake_and_block(own), Ok(()), "itself");
        me.log("goes on");
    });
    world.main(1, |me| {
        me.sched().block().unwrap();
        me.log("woken");
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["goes on", "woken"]);
}

#[test]
fn who_may_not_wake_does_not_wait_either() {
    let world = World::with_reach(&[(10, &[]), (16, &[])], &[]);
    world.main(0, |me| {
        for other in [index_of_client(1), 77, 1_024, u64::MAX] {
            assert_eq!(me.sched().wake_and_block(other), Err(SchedError::NoSuchThread), "{other}");
        }
        assert_eq!(me.sched_as(77).wake_and_block(index_of_client(0)), Err(SchedError::NoSuchThread), "by no edge");
        me.log("goes on");
    });
    world.main(1, |me| {
        assert_eq!(me.sched_as(token(0)).wake_and_block(index_of_client(1)), Err(SchedError::NoSuchThread));
        me.log("and so does the other");
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["goes on", "and so does the other"]);
}

/// What is remembered of who may wake whom is about one edge and one thread.
#[test]
fn what_one_edge_allows_another_does_not() {
    let world = World::with_reach(&[(10, &[]), (16, &[]), (16, &[])], &[(1, 0)]);
    world.main(0, |me| {
        let other = index_of_client(1);
        for _ in 0..2 {
            assert_eq!(me.sched().wake(other), Ok(()), "its threads can come here");
            assert_eq!(me.sched_as(token(2)).wake(other), Err(SchedError::NoSuchThread), "and not there");
            assert_eq!(me.sched().wake(index_of_client(2)), Err(SchedError::NoSuchThread));
        }
    });
    world.main(1, |me| me.log("1"));
    world.main(2, |me| me.log("2"));
    assert_eq!(world.run(), Ok(0));
}

/// A place for the names of two blockpoints.
fn shared() -> &'static OnceLock<[u64; 2]> {
    std::boxed::Box::leak(std::boxed::Box::default())
}

/// Two that have something for each other, each at a blockpoint of the first one's.
fn tell_and_wait(priorities: [u64; 2], preempted_after: u64) {
    let (world, names) = (World::with_reach(&[(priorities[0], &[]), (priorities[1], &[])], &[(1, 0)]), shared());
    world.main(0, move |me| {
        let [mine, others] = *names.get_or_init(|| [0, 1].map(|_| me.sched().create_point().unwrap()));
        me.sched().sleep_until(100).unwrap();
        for round in 0..3 {
            me.log(format!("a{round}"));
            me.sched().trigger_and_wait(others, round + 1, mine, round).unwrap();
        }
    });
    world.main(1, move |me| {
        me.sched().sleep_until(50).unwrap();
        let (inside, [others, mine]) = (me.sched_as(token(0)), *names.get().unwrap());
        assert_eq!(inside.wait_on(mine, 0, NOBODY, NEVER), Ok(true));
        for round in 0..3 {
            me.log(format!("b{round}"));
            match round {
                2 => inside.trigger(others, round + 1).unwrap(),
                _ => inside.trigger_and_wait(others, round + 1, mine, round + 1).unwrap(),
            }
        }
    });
    world.fake.preempt_in(preempted_after);
    assert_eq!(world.run(), Ok(0), "{priorities:?}, preempted after {preempted_after}");
    assert_eq!(world.log(), ["a0", "b0", "a1", "b1", "a2", "b2"]);
}

#[test]
fn who_tells_and_waits_at_once_is_told() {
    for priorities in [[16, 16], [3, 16], [16, 3]] {
        (0..120).for_each(|after| tell_and_wait(priorities, after));
    }
}

#[test]
fn whose_blockpoint_it_is_not_is_refused_and_an_epoch_that_is_past_is_not_waited_for() {
    let world = World::with_reach(&[(16, &[]), (16, &[])], &[(1, 0)]);
    world.main(0, |me| {
        let [there, here] = [0, 1].map(|_| me.sched().create_point().unwrap());
        for stranger in [me.sched_as(token(1)), me.sched_as(77)] {
            assert_eq!(stranger.trigger_and_wait(there, 1, here, 0), Err(SchedError::NoSuchPoint));
        }
        for nonsense in [0, u64::MAX, here + 1] {
            assert_eq!(
                me.sched().trigger_and_wait(there, 1, nonsense, 0),
                Err(SchedError::NoSuchPoint),
                "{nonsense:x}"
            );
            assert_eq!(me.sched().trigger_and_wait(nonsense, 1, here, 0), Err(SchedError::NoSuchPoint), "{nonsense:x}");
        }
        assert_eq!(me.sched().wait_on(there, 0, NOBODY, 0), Ok(false), "nothing has begun");
        assert_eq!(me.sched().trigger(here, 1), Ok(()));
        assert_eq!(me.sched().trigger_and_wait(there, 1, here, 0), Ok(()), "at once");
        assert_eq!(me.sched().trigger_and_wait(there, 3, there, 2), Ok(()), "it tells itself");
        me.log("goes on");
    });
    world.main(1, |me| me.log("and so does the other"));
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["goes on", "and so does the other"]);
}

#[test]
fn before_the_start_nobody_waits_and_nobody_is_woken() {
    let world = World::new(&[(16, &[])]);
    world.scheduler.initialise(1_000).unwrap();
    let me = Me::of(world, 0);
    let [there, here] = [0, 1].map(|_| me.sched().create_point().unwrap());
    assert_eq!(me.sched().wake_and_block(index_of_client(0)), Err(SchedError::NotStarted));
    assert_eq!(me.sched().trigger_and_wait(there, 1, here, 0), Err(SchedError::NotStarted));
}
