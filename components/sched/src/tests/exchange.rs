//! Calls between threads.

use super::fake::{Me, World, index_of_client, index_of_created, token};
use crate::directory::Entry;
use crate::visit::Visit;
use abi::event::What;
use sched_interface::{Sched, SchedError};
use std::format;

/// Answers so many calls with twice what they bring.
fn serve(me: Me, times: usize) {
    let (mut client, mut word) = me.sched().accept().unwrap();
    for _ in 1..times {
        (client, word) = me.sched().answer_and_accept(client, 2 * word).unwrap();
    }
    me.sched().answer(client, 2 * word).unwrap();
}

/// A server that client 0 can call and client 2 cannot, at the highest or the lowest priority of all.
fn exchanges(priority: u64, preempted_after: u64) {
    let world = World::with_reach(&[(10, &[]), (priority, &[]), (12, &[])], &[(0, 1)]);
    world.main(0, |me| {
        me.sched().sleep_until(50).unwrap();
        for word in 1..6 {
            assert_eq!(me.sched().exchange(index_of_client(1), word), Ok(2 * word));
        }
        me.log("answered");
    });
    world.main(1, |me| serve(me, 5));
    world.main(2, |me| {
        assert_eq!(me.sched().exchange(index_of_client(1), 1), Err(SchedError::NoSuchThread), "none of its business");
        me.sched().sleep_until(70).unwrap();
        me.work(100);
    });
    world.fake.preempt_in(preempted_after);
    assert_eq!(world.run(), Ok(0), "preempted after {preempted_after}");
    assert_eq!(world.log(), ["answered"]);
}

#[test]
fn a_call_is_answered_wherever_anybody_loses_the_core() {
    for priority in [3, 30] {
        (0..120).for_each(|after| exchanges(priority, after));
    }
}

/// A thread that was looked up has ended, and another is in its place by the time that the caller comes.
#[test]
fn who_is_called_in_the_place_of_another_still_waits_for_a_call() {
    let world = World::with_reach(&[(20, &[]), (10, &[10, 10])], &[(0, 1)]);
    let [first, second] = [0, 1].map(|at| index_of_created(1, at));
    let found = |index| world.scheduler.directory.find(index);
    let gone = std::sync::Mutex::new(None);
    let gone: &'static _ = std::boxed::Box::leak(std::boxed::Box::new(gone));
    for at in [0, 1] {
        world.created(1, at, 2, |me| {
            me.sched().block().unwrap();
            What::Ended(0)
        });
    }
    world.created(1, 0, 3, |_| What::Ended(0));
    world.created(1, 1, 3, |me| {
        serve(me, 1);
        What::Ended(0)
    });
    world.main(1, move |me| {
        let create = |word| me.sched().create(word).unwrap();
        assert_eq!([create(2), create(2)], [first, second]);
        *gone.lock().unwrap() = found(first);
        // Their places are given out again, the last one first.
        for index in [first, second] {
            me.sched().wake(index).unwrap();
            while found(index).is_some() {
                me.sched().yield_now().unwrap();
            }
        }
        assert_eq!([create(3), create(3)], [first, second]);
        assert_eq!(
            found(second).map(Entry::place),
            gone.lock().unwrap().map(Entry::place),
            "in the place of the first"
        );
    });
    world.main(0, move |me| {
        me.sched().sleep_until(200).unwrap();
        let (visit, gone) = (Visit::of(&world.scheduler, me.index).unwrap(), gone.lock().unwrap().unwrap());
        assert_eq!(me.sched().exchange_with_one(visit, gone, 1), Err(SchedError::NoSuchThread));
        assert_eq!(me.sched().exchange(second, 4), Ok(8), "it was not called, and waits for that");
    });
    assert_eq!(world.run(), Ok(0));
}

#[test]
fn a_server_runs_with_the_priority_of_who_calls() {
    let world = World::with_reach(&[(5, &[]), (30, &[]), (10, &[])], &[(0, 1)]);
    world.main(0, |me| {
        me.sched().sleep_until(100).unwrap();
        assert_eq!(me.sched().exchange(index_of_client(1), 4), Ok(8));
        me.log("answered");
    });
    world.main(1, |me| {
        let (client, word) = me.sched().accept().unwrap();
        me.work(300);
        me.sched().answer(client, 2 * word).unwrap();
        me.log("on its own");
    });
    world.main(2, |me| {
        me.sched().sleep_until(150).unwrap();
        me.log("in between");
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["answered", "in between", "on its own"]);
}

#[test]
fn those_that_call_a_busy_server_wait_in_the_order_of_their_priorities_and_lend_it_theirs() {
    let world = World::with_reach(&[(7, &[]), (30, &[]), (6, &[]), (10, &[])], &[(0, 1), (2, 1)]);
    for (client, start) in [(0, 100), (2, 110)] {
        world.main(client, move |me| {
            me.sched().sleep_until(start).unwrap();
            assert_eq!(me.sched().exchange(index_of_client(1), client as u64), Ok(2 * client as u64));
            me.log(format!("answered {client}"));
        });
    }
    world.main(1, |me| {
        me.work(200);
        for _ in 0..2 {
            let (client, word) = me.sched().accept().unwrap();
            me.log(format!("serves {word}"));
            me.sched().answer(client, 2 * word).unwrap();
        }
    });
    world.main(3, |me| {
        me.sched().sleep_until(120).unwrap();
        me.log("in between");
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["serves 2", "answered 2", "serves 0", "answered 0", "in between"]);
}

#[test]
fn who_calls_a_thread_that_ends_is_told_so() {
    let world = World::new(&[(10, &[10, 20])]);
    world.created(0, 0, 2, |me| {
        let (client, word) = me.sched().accept().unwrap();
        me.sched().answer_and_accept(client, word + 1).unwrap();
        What::Ended(0)
    });
    world.created(0, 1, 3, |me| {
        me.work(50);
        What::Ended(0)
    });
    world.main(0, |me| {
        let servers = [2, 3].map(|word| me.sched().create(word).unwrap());
        me.sched().yield_now().unwrap();
        assert_eq!(me.sched().exchange(servers[0], 1), Ok(2));
        // One has taken the call, the other is not as urgent, and has not: it runs because it is called.
        assert_eq!(servers.map(|server| me.sched().exchange(server, 1)), [Err(SchedError::NoSuchThread); 2]);
        me.log("goes on");
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["goes on"]);
}

#[test]
fn what_is_no_call_is_not_answered() {
    let world = World::with_reach(&[(10, &[10]), (12, &[])], &[(1, 0)]);
    world.created(0, 0, 2, |me| {
        let (client, word) = me.sched().accept().unwrap();
        assert_eq!(me.sched().answer(index_of_client(1), 1), Err(SchedError::NoSuchThread), "it waits for another");
        me.sched().answer(client, word + 1).unwrap();
        assert_eq!(me.sched().answer(client, word), Err(SchedError::NoSuchThread), "a second time");
        What::Ended(0)
    });
    world.main(0, |me| {
        let own = index_of_client(0);
        assert_eq!(me.sched().exchange(own, 1), Err(SchedError::NoSuchThread), "itself");
        assert_eq!(me.sched().answer(own, 1), Err(SchedError::NoSuchThread), "nobody has called");
        let server = me.sched().create(2).unwrap();
        me.sched().yield_now().unwrap();
        assert_eq!(me.sched_as(token(1)).exchange(server, 1), Ok(2), "by the edge of one that can come here");
        assert_eq!(me.sched().exchange(index_of_created(0, 5), 1), Err(SchedError::NoSuchThread));
    });
    world.main(1, |me| me.sched().sleep_until(500).unwrap());
    assert_eq!(world.run(), Ok(0));
}
