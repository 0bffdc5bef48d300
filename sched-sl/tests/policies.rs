//! Policies by themselves: what a yield means, who comes first, and that one of several is as good as it is alone.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

use sched_sl::policy::any::NAMES;
use sched_sl::policy::earliest_deadline_first::{EarliestDeadlineFirst, Server, Urgency};
use sched_sl::policy::fixed_priority_round_robin::Priority;
use sched_sl::policy::proportional_share::{ProportionalShare, Weight};
use sched_sl::policy::time_partitions::{Belongs, PARTITIONS, SLOTS, TimePartitions};
use sched_sl::{AnyPolicy, Duration, Instant, Parameters, Past, Policy};

const PLACES: usize = 4;
const NOW: Instant = Instant(100);

fn chosen(policy: &mut impl Policy<PLACES>, now: u64) -> Option<usize> {
    policy.choose(Instant(now)).map(|choice| choice.place)
}

fn server(budget: u64, period: u64) -> Urgency {
    let [budget, period] = [budget, period].map(Duration);
    Urgency::Server(Server { budget, deadline: period, period })
}

#[test]
fn who_yields_its_share_lets_the_next_go_first() {
    let mut policy = ProportionalShare::<PLACES>::new(Duration(10));
    for place in 0..2 {
        policy.admit(place, Weight(1)).unwrap();
        policy.ready(place);
    }
    assert_eq!(chosen(&mut policy, 0), Some(0));
    policy.ran(0, Duration(10));
    assert_eq!(chosen(&mut policy, 10), Some(1), "it is ten behind");
    policy.yielded(1);
    assert_eq!(chosen(&mut policy, 10), Some(0));
    policy.ran(0, Duration(1));
    assert_eq!(chosen(&mut policy, 11), Some(1), "and it is not behind any more");
    policy.ran(1, Duration(2));
    assert_eq!(chosen(&mut policy, 13), Some(0));
}

#[test]
fn who_yields_its_deadline_lets_those_of_the_same_go_first_and_no_others() {
    let mut policy = EarliestDeadlineFirst::<PLACES>::new(Duration(10));
    for (place, period) in [(0, 50), (1, 50), (2, 60)] {
        policy.admit(place, server(10, period)).unwrap();
        policy.ready(place);
    }
    for expected in [0, 1, 0] {
        assert_eq!(chosen(&mut policy, 0), Some(expected));
        policy.yielded(expected);
    }
}

#[test]
fn a_server_that_is_woken_soon_goes_on_with_what_it_has_left() {
    let mut policy = EarliestDeadlineFirst::<PLACES>::new(Duration(10));
    policy.admit(0, server(10, 100)).unwrap();
    policy.ready(0);
    assert_eq!(policy.choose(NOW).map(|choice| choice.until), Some(Instant(110)), "its budget");
    policy.ran(0, Duration(6));
    policy.unready(0);
    policy.ready(0);
    assert_eq!(policy.choose(Instant(106)).map(|choice| choice.until), Some(Instant(110)), "what is left of it");
    policy.unready(0);
    policy.ready(0);
    let until = policy.choose(Instant(190)).map(|choice| choice.until);
    assert_eq!(until, Some(Instant(200)), "four in the last ten are more than its share: it has a new budget");
    policy.ran(0, Duration(10));
    assert_eq!((policy.choose(Instant(200)), policy.idle_until()), (None, Some(Instant(290))));
}

/// Whoever ends and is created again is who it was: else it has a whole budget in each life.
#[test]
fn a_server_goes_on_in_its_next_life_with_what_it_has_left() {
    let mut policy = EarliestDeadlineFirst::<PLACES>::new(Duration(10));
    let admit = |policy: &mut EarliestDeadlineFirst<PLACES>, past| {
        policy.admit(0, server(20, 100)).unwrap();
        policy.recall(0, past);
        policy.ready(0);
    };
    admit(&mut policy, Past::default());
    assert_eq!(policy.choose(NOW).map(|choice| choice.until), Some(Instant(120)));
    let live_for = |policy: &mut EarliestDeadlineFirst<PLACES>, length| {
        policy.ran(0, Duration(length));
        let past = policy.past(0);
        policy.dismiss(0);
        admit(policy, past);
    };
    live_for(&mut policy, 15);
    assert_eq!(policy.choose(Instant(115)).map(|choice| choice.until), Some(Instant(120)), "what is left");
    live_for(&mut policy, 5);
    assert_eq!((chosen(&mut policy, 120), chosen(&mut policy, 199)), (None, None));
    assert_eq!(policy.choose(Instant(200)).map(|choice| choice.until), Some(Instant(220)), "in its next period");
}

/// Two of weight 1 that live for a little less than a turn each time, and one of weight 8.
#[test]
fn who_ends_and_is_created_again_has_no_more_than_its_share() {
    let mut policy = ProportionalShare::<PLACES>::new(Duration(10));
    for (place, weight) in [(0, 1), (1, 1), (2, 8)] {
        policy.admit(place, Weight(weight)).unwrap();
        policy.ready(place);
    }
    let mut had = [0_u64; 3];
    for now in (0..9_000).step_by(9) {
        let place = chosen(&mut policy, now).unwrap();
        policy.ran(place, Duration(9));
        had[place] += 9;
        if place < 2 {
            let past = policy.past(place);
            policy.unready(place);
            policy.dismiss(place);
            policy.admit(place, Weight(1)).unwrap();
            policy.recall(place, past);
            policy.ready(place);
        }
    }
    assert!(had[2].abs_diff(7_200) <= 2 * 9 * 8, "{had:?}");
}

#[test]
fn a_server_with_a_short_deadline_that_has_waited_goes_on_in_its_next_period() {
    let mut policy = EarliestDeadlineFirst::<PLACES>::new(Duration(10));
    let times = Server { budget: Duration(10), deadline: Duration(50), period: Duration(100) };
    policy.admit(0, Urgency::Server(times)).unwrap();
    policy.ready(0);
    assert_eq!(chosen(&mut policy, 100), Some(0));
    policy.ran(0, Duration(1));
    policy.unready(0);
    policy.ready(0);
    assert_eq!((policy.choose(Instant(102)), policy.idle_until()), (None, Some(Instant(200))));
    assert_eq!(policy.choose(Instant(200)).map(|choice| choice.until), Some(Instant(210)));
}

#[test]
fn servers_go_before_those_without_a_budget_which_have_priorities() {
    let mut policy = EarliestDeadlineFirst::<PLACES>::new(Duration(10));
    for (place, urgency) in
        [Urgency::Background(Priority(9)), Urgency::Background(Priority(3)), server(10, 1_000)].into_iter().enumerate()
    {
        policy.admit(place, urgency).unwrap();
        policy.ready(place);
    }
    assert_eq!(chosen(&mut policy, 0), Some(2));
    policy.ran(2, Duration(10));
    assert_eq!(chosen(&mut policy, 10), Some(1));
    policy.unready(1);
    assert_eq!(chosen(&mut policy, 20), Some(0));
    policy.dismiss(2);
    assert_eq!(policy.idle_until(), None, "nobody has a budget to wait for");
}

#[test]
fn a_table_has_room_for_so_many_slots() {
    let mut policy = TimePartitions::<PLACES>::new(Duration(10));
    for slot in 0..SLOTS {
        policy.add_slot(Some((slot % PARTITIONS) as u8), Duration(10)).unwrap();
    }
    assert!(policy.add_slot(Some(0), Duration(10)).is_err());
    let belongs = Belongs { partition: Some(PARTITIONS as u8 - 1), priority: Priority(0) };
    policy.admit(0, belongs).unwrap();
    policy.ready(0);
    assert_eq!((policy.choose(NOW), policy.idle_until()), (None, Some(Instant(100 + 10 * (PARTITIONS as u64 - 1)))));
    assert_eq!(policy.choose(Instant(175)).map(|choice| choice.until), Some(Instant(180)), "to the end of the slot");
}

#[test]
fn cycles_that_are_counted_from_one_point_are_in_step() {
    // A core that begins early, one that begins in the midst of a cycle, and one that does so long after.
    let switches = [90, 130, 1_070].map(|start| {
        let mut policy = AnyPolicy::<PLACES>::new(Duration(10));
        policy.change_to("time-partitions", Duration(1_000)).unwrap();
        policy.count_from(Instant(100));
        for (partition, length) in [(0, 60), (1, 40)] {
            policy.add_slot(Some(partition), Duration(length)).unwrap();
            let place = usize::from(partition);
            policy.admit(place, Parameters { partition: Some(partition), ..Parameters::with_priority(0) }).unwrap();
            policy.ready(place);
        }
        policy.choose(Instant(start)).map(|choice| (choice.place, choice.until))
    });
    assert_eq!(switches, [Some((0, Instant(150))), Some((0, Instant(160))), Some((1, Instant(1_100)))]);
}

/// What two policies answer to the same questions.
#[test]
fn one_of_several_policies_answers_as_it_does_alone() {
    let of = |weight| Parameters { weight, partition: Some(0), ..Parameters::with_priority(3) };
    for name in NAMES {
        let mut any = AnyPolicy::<PLACES>::new(Duration(1));
        any.change_to(name, Duration(10)).unwrap();
        let _ = any.add_slot(Some(0), Duration(1_000));
        for place in 0..3 {
            any.admit(place, of(1)).unwrap();
            any.ready(place);
        }
        let turns: Vec<_> = (0..6)
            .map(|turn| {
                let choice = any.choose(Instant(turn * 10)).unwrap();
                assert_eq!(choice.until, Instant(turn * 10 + 10), "{name}: turns of the length that was asked for");
                any.ran(choice.place, Duration(10));
                choice.place
            })
            .collect();
        assert_eq!(turns, [0, 1, 2, 0, 1, 2], "{name}");
        any.unready(0);
        any.yielded(1);
        assert_eq!(chosen(&mut any, 60), Some(2), "{name}");
        any.dismiss(2);
        any.unready(1);
        assert_eq!((any.choose(Instant(70)), any.idle_until()), (None, None), "{name}");
    }
    assert!(AnyPolicy::<PLACES>::new(Duration(1)).change_to("none", Duration(1)).is_err());
}
