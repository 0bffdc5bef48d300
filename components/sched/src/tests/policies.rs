//! Each policy decides, if the plan names it.

use super::fake::{Me, World, index_of_client, scheduled};

use abi::event::What;
use abi::plan::{Parameters, Slot};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use sched_interface::{Sched, SchedError};
use sched_sl::policy::any::NAMES;
use std::format;
use std::vec;
use std::vec::Vec;

/// A world under a policy, in which each client's own thread has these parameters.
fn world(policy: &str, slots: Vec<Slot>, clients: &[Parameters]) -> &'static World {
    world_with_reach(policy, slots, clients, &[])
}

fn world_with_reach(
    policy: &str,
    slots: Vec<Slot>,
    clients: &[Parameters],
    reach: &[(usize, usize)],
) -> &'static World {
    let number = NAMES.iter().position(|name| *name == policy).unwrap_or(NAMES.len());
    let with = |(number, own): (usize, &Parameters)| {
        let mut scheduled = scheduled(number, 16, &[]);
        scheduled.own = *own;
        scheduled
    };
    World::under((number as u64, slots), clients.iter().enumerate().map(with).collect(), reach)
}

/// Three pieces of work, of so many ticks each.
fn works(name: &'static str, ticks: u64) -> impl FnOnce(Me) + Send {
    move |me| {
        for part in 0..3 {
            me.log(format!("{name}{part}"));
            me.work(ticks);
        }
    }
}

fn server(budget: u64, period: u64) -> Parameters {
    Parameters { budget, period, deadline: period, ..Parameters::default() }
}

#[test]
fn the_earliest_deadline_goes_first_and_nobody_has_more_than_its_budget() {
    let background = Parameters { priority: 0, ..Parameters::default() };
    let world = world("earliest-deadline", vec![], &[background, server(2_000, 9_000), server(500, 3_000)]);
    world.main(0, works("background", 400));
    world.main(1, works("late", 300));
    world.main(2, works("soon", 400));
    assert_eq!(world.run(), Ok(0));
    // The first server's second piece of work goes beyond its budget, and waits for the next period; those are long.
    let expected = ["soon0", "soon1", "late0", "late1", "late2", "background0", "background1", "background2", "soon2"];
    assert_eq!(world.log(), expected, "and no budget of the kernel's is filled");
}

/// Two servers that work for most of their budgets, create each other and end, have those two budgets in each period and no more.
#[test]
fn who_ends_and_is_created_again_has_no_new_budget() {
    const LIVES: u64 = 100;
    const WORK: u64 = 150;
    static LIVED: AtomicU64 = AtomicU64::new(0);
    let mut client = scheduled(0, 16, &[0, 0]);
    client.created[..2].fill(server(200, 2_000));
    let number = NAMES.iter().position(|name| *name == "earliest-deadline").unwrap();
    let world = World::under((number as u64, vec![]), vec![client], &[]);
    for life in 0..LIVES {
        world.created(0, life as usize % 2, 2, |me| {
            me.work(WORK);
            if LIVED.fetch_add(1, Relaxed) < LIVES - 1 {
                me.sched().create(2).unwrap();
            }
            What::Ended(0)
        });
    }
    world.main(0, move |me| {
        me.sched().create(2).unwrap();
        me.work(4_000);
        let (lives, passed) = (LIVED.load(Relaxed), world.fake.passed());
        assert!(lives > 4 && lives * WORK <= 2 * 200 * (passed / 2_000 + 2), "{lives} lives in {passed} ticks");
    });
    assert_eq!(world.run(), Ok(0));
}

#[test]
fn weights_are_shares() {
    let of = |weight| Parameters { weight, ..Parameters::default() };
    let world = world("proportional-share", vec![], &[of(1), of(3)]);
    world.main(0, works("light", 1_000));
    world.main(1, works("heavy", 3_000));
    assert_eq!(world.run_with_quantum(500), Ok(0));
    let at = |entry: &str| world.log().iter().position(|other| other == entry);
    // In turns of the same length, the light one would be there after four thousand ticks, the heavy one after six.
    assert!(at("heavy1") < at("light2"), "three times as fast: {:?}", world.log());
}

#[test]
fn partitions_run_in_their_slots() {
    let of = |partition, priority| Parameters { partition, priority, ..Parameters::default() };
    let slots = vec![Slot { partition: 1, length: 2_000 }, Slot { partition: 2, length: 3_000 }];
    let world = world("time-partitions", slots, &[of(1, 31), of(2, 0), of(2, 1)]);
    world.main(0, works("first", 900));
    world.main(1, works("second", 900));
    world.main(2, works("third", 10));
    assert_eq!(world.run(), Ok(0));
    let expected = ["first0", "first1", "first2", "second0", "second1", "second2", "third0", "third1", "third2"];
    assert_eq!(world.log(), expected);
}

/// Calls hand the turn along, whoever gives turns.
#[test]
fn threads_call_each_other_and_hand_over_under_each_policy() {
    for policy in NAMES {
        let own = Parameters { priority: 16, weight: 1, partition: 1, ..server(2_000, 9_000) };
        let slots = if policy == "time-partitions" { vec![Slot { partition: 1, length: 2_000 }] } else { vec![] };
        let own =
            if policy == "earliest-deadline" { own } else { Parameters { budget: 0, period: 0, deadline: 0, ..own } };
        let world = world_with_reach(policy, slots, &[own, own], &[(0, 1), (1, 0)]);
        world.main(0, |me| {
            me.sched().sleep_until(50).unwrap();
            let answers = [1, 2, 3].map(|word| me.sched().exchange(index_of_client(1), word));
            assert_eq!(answers, [Ok(2), Ok(4), Ok(6)]);
            me.sched().wake_and_block(index_of_client(1)).unwrap();
            me.log("is back");
        });
        world.main(1, |me| {
            let (mut client, mut word) = me.sched().accept().unwrap();
            for _ in 0..2 {
                (client, word) = me.sched().answer_and_accept(client, 2 * word).unwrap();
            }
            me.sched().answer(client, 2 * word).unwrap();
            me.sched().block().unwrap();
            me.sched().wake(index_of_client(0)).unwrap();
        });
        assert_eq!((world.run(), world.log()), (Ok(0), vec!["is back".into()]), "{policy}");
    }
}

#[test]
fn a_scheduler_without_time_forgets_nobody_and_does_not_ask_again_and_again() {
    let limited = Parameters { priority: 1, budget: 300, period: 1_000, ..Parameters::default() };
    let free = Parameters { priority: 2, ..Parameters::default() };
    let world = world("fixed-priority", vec![], &[limited, free]);
    world.fake.has_no_time_until(2_000);
    world.main(0, works("limited", 10));
    world.main(1, works("free", 600));
    assert_eq!(world.run(), Ok(0));
    let at = |entry: &str| world.log().iter().position(|other| other == entry);
    assert!(at("free1") < at("limited0"), "whoever has time has the core meanwhile: {:?}", world.log());
    assert!(at("limited2") < at("free2"), "and then it is the other's turn: {:?}", world.log());
    assert!(world.fake.refusals() <= 2_000 / 5, "tried {} times", world.fake.refusals());
}

/// Whoever has some of its budget left when its period ends goes on on the next one, instead of that and not behind it.
#[test]
fn who_runs_as_its_period_ends_loses_the_core_there() {
    let limited = Parameters { priority: 1, budget: 300, period: 1_000, ..Parameters::default() };
    let world = world("fixed-priority", vec![], &[limited]);
    world.main(0, |me| {
        me.sched().sleep_until(900).unwrap();
        let ticks = world.fake.ticks();
        me.work(200);
        me.log(format!("taken {}", world.fake.ticks() - ticks));
    });
    assert_eq!(world.run(), Ok(0));
    let said = world.log();
    let filled: Vec<u64> = said.iter().filter_map(|entry| entry.split_once(": 300")?.0.parse().ok()).collect();
    assert!(filled.len() == 2 && (1_000..1_020).contains(&filled[1]), "filled as the period ends: {said:?}");
    assert_eq!(said.last().map(|it| it.as_str()), Some("taken 1"));
}

#[test]
fn who_has_used_up_its_budget_goes_on_in_its_next_period() {
    let limited = Parameters { priority: 1, budget: 300, period: 1_000, ..Parameters::default() };
    let free = Parameters { priority: 2, ..Parameters::default() };
    let world = world("fixed-priority", vec![], &[limited, free]);
    world.main(0, |me| {
        me.work(500);
        me.log(me.world.fake.passed() / 1_000);
    });
    world.main(1, |me| me.work(600));
    assert_eq!((world.run(), world.log().last().map(|period| &**period)), (Ok(0), Some("1")));
}

/// Two clients: a scheduler below with a budget, which has saved up more than it can ever use, and one behind it.
fn world_above_one_that_saves() -> &'static World {
    let mut below = scheduled(0, 1, &[]);
    below.own = Parameters { priority: 1, budget: 300, period: 1_000, ..Parameters::default() };
    below.client.time = 70;
    let world = World::under((0, vec![]), vec![below, scheduled(1, 2, &[])], &[]);
    world.fake.has_saved(0);
    world
}

/// Works for so long, and says when that was done.
fn works_until(ticks: u64) -> impl FnOnce(Me) + Send {
    move |me| {
        me.work(ticks);
        me.log(format!("ended {}", me.world.fake.passed()));
    }
}

/// When that was.
fn ended(world: &'static World) -> u64 {
    assert_eq!(world.run(), Ok(0));
    world.log().iter().find_map(|entry| entry.strip_prefix("ended ")?.parse().ok()).unwrap()
}

#[test]
fn a_scheduler_below_has_no_more_than_its_budget_in_a_period_whatever_it_has_saved() {
    let world = world_above_one_that_saves();
    world.main(0, |me| me.work(1_500));
    world.main(1, works_until(600));
    let ended = ended(world);
    assert!((900..960).contains(&ended), "the other one has the rest of the first period: {ended}");
    assert!((4_900..5_600).contains(&world.fake.passed()), "five periods: {}", world.fake.passed());
}

/// It is in the scheduler above again and again, and goes on from there itself.
#[test]
fn a_scheduler_below_that_often_calls_is_counted_no_less() {
    let world = world_above_one_that_saves();
    world.main(0, |me| {
        for _ in 0..60 {
            me.sched().wake(index_of_client(0)).unwrap();
            me.work(20);
            me.sched().end_wait_at(u64::MAX).unwrap();
        }
    });
    world.main(1, works_until(600));
    let ended = ended(world);
    assert!((900..960).contains(&ended), "the other one has the rest of the first period: {ended}");
}

/// The policy keeps its budget, and has it in periods of its own. If the kernel did so as well, in others, the scheduler below would run out
/// in the midst of one of these, and come back with a later deadline.
#[test]
fn a_scheduler_below_has_its_share_where_the_policy_keeps_budgets() {
    let mut below = scheduled(0, 0, &[]);
    (below.own, below.client.time) = (server(300, 1_000), 70);
    let mut other = scheduled(1, 0, &[]);
    other.own = server(700, 1_000);
    let policy = NAMES.iter().position(|name| *name == "earliest-deadline").unwrap();
    let world = World::under((policy as u64, vec![]), vec![below, other], &[]);
    world.main(0, |me| {
        for (release, work) in [(1, 100), (700, 280)] {
            me.sched().sleep_until(release).unwrap();
            me.work(work);
        }
        me.sched().sleep_until(1_100).unwrap();
        works_until(560)(me);
    });
    world.main(1, |me| {
        for release in [1_699, 2_999] {
            me.sched().sleep_until(release).unwrap();
            me.work(650);
        }
    });
    let ended = ended(world);
    assert!(ended < 1_100 + 2 * 700 + 600, "two budgets are there by then at worst: {ended}");
}

/// What it does not use is not counted: it sleeps, and has what is left when it is back.
#[test]
fn a_scheduler_below_that_sleeps_is_not_counted_meanwhile() {
    let world = world_above_one_that_saves();
    world.main(0, |me| {
        me.work(100);
        me.sched().sleep_until(700).unwrap();
        works_until(150)(me);
    });
    world.main(1, |me| me.work(900));
    let back = ended(world);
    assert!((850..900).contains(&back), "{back}");
}

/// A thread with much time asks for something again and again, and loses the core after so many ticks. If that was inside the scheduler, it
/// is let finish on what that has left. Answers whether it was.
fn is_let_finish_on_the_last(preempted_after: u64) -> bool {
    let limited = Parameters { priority: 1, budget: 5_000, period: 100_000, ..Parameters::default() };
    let world = world("fixed-priority", vec![], &[limited]);
    world.main(0, |me| (0..10).for_each(|_| me.sched().yield_now().unwrap()));
    world.fake.expire_who_is_let_finish();
    world.fake.preempt_in(preempted_after);
    assert_eq!(world.run(), Ok(0));
    assert!(world.fake.passed() < 5_000, "it waited for its next period, preempted after {preempted_after}");
    world.fake.rescued() > 0
}

#[test]
fn who_is_let_finish_has_not_used_up_its_budget_if_the_schedulers_is() {
    assert!((0..60).filter(|after| is_let_finish_on_the_last(*after)).count() > 3);
}

#[test]
fn a_plan_that_no_policy_can_follow_is_refused() {
    let nobodys = Parameters::default();
    let slot = |partition| vec![Slot { partition, length: 10 }];
    assert_eq!(world("no such policy", vec![], &[]).run(), Err(SchedError::BadPlan));
    assert_eq!(world("fixed-priority", slot(1), &[]).run(), Err(SchedError::BadPlan), "it has no slots");
    assert_eq!(world("time-partitions", slot(1), &[nobodys]).run(), Err(SchedError::BadPlan), "in no partition");
    assert_eq!(world("time-partitions", slot(77), &[]).run(), Err(SchedError::BadPlan), "no such partition");
    assert_eq!(world("proportional-share", vec![], &[nobodys]).run(), Err(SchedError::BadPlan), "without a weight");
    assert_eq!(
        world("fixed-priority", vec![], &[Parameters { priority: 32, ..nobodys }]).run(),
        Err(SchedError::BadPlan)
    );
    assert_eq!(
        world("earliest-deadline", vec![], &[server(10, 5)]).run(),
        Err(SchedError::BadPlan),
        "more than there is"
    );
}
