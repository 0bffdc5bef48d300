//! Threads that hand over to each other without the kernel, as the scheduler sees it: it hears of who runs when the turn is over, or when that
//! one asks for something. Whoever handed over has spent its own turn, under every policy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "this is how a test fails")]

use sched_sl::policy::earliest_deadline_first::{EarliestDeadlineFirst, Server, Urgency};
use sched_sl::policy::proportional_share::{ProportionalShare, Weight};
use sched_sl::{Decision, Duration, Event, HeapTimers, Instant, Policy, Scheduler, ThreadId};

const PLACES: usize = 3;

type Under<P> = Scheduler<(), P, HeapTimers<PLACES>, PLACES>;

fn under<P: Policy<PLACES>>(policy: P, all: [P::Parameters; 2]) -> (Under<P>, [ThreadId; 2]) {
    let mut scheduler = Scheduler::new(policy, HeapTimers::new(), HeapTimers::new());
    let threads = all.map(|parameters| scheduler.create((), parameters).unwrap());
    (scheduler, threads)
}

/// Who runs from now on, and until when.
fn decided<P: Policy<PLACES>>(scheduler: &mut Under<P>, now: u64) -> (ThreadId, Option<u64>) {
    match scheduler.decide(Instant(now)).unwrap() {
        Decision::Run { thread, until, .. } => (thread, until.map(|until| until.0)),
        Decision::Idle { until } => panic!("nobody is ready until {until:?}"),
    }
}

/// The kernel has taken the core from this thread, which ran in place of another.
fn is_told_of<P: Policy<PLACES>>(scheduler: &mut Under<P>, thread: ThreadId) {
    scheduler.apply(Event { thread, suspended: false }).unwrap();
}

fn server(budget: u64, period: u64) -> Urgency {
    let [budget, period] = [budget, period].map(Duration);
    Urgency::Server(Server { budget, deadline: period, period })
}

#[test]
fn by_deadlines_who_hands_over_has_the_other_run_on_its_budget() {
    let (mut scheduler, [one, other]) =
        under(EarliestDeadlineFirst::new(Duration(10)), [server(20, 100), server(30, 200)]);
    assert_eq!(decided(&mut scheduler, 0), (one, Some(20)));
    // It hands over at once.
    is_told_of(&mut scheduler, other);
    assert_eq!(decided(&mut scheduler, 20), (other, Some(50)), "all of its own budget is left");
    is_told_of(&mut scheduler, other);
    assert_eq!(decided(&mut scheduler, 49), (other, Some(50)));
    assert_eq!(scheduler.decide(Instant(50)), Ok(Decision::Idle { until: Some(Instant(100)) }), "both have had theirs");
}

#[test]
fn by_weights_who_hands_over_is_charged_for_both() {
    let (mut scheduler, [one, other]) = under(ProportionalShare::new(Duration(10)), [Weight(1), Weight(1)]);
    let (mut now, mut dispatched) = (0, [0; 2]);
    for _ in 0..20 {
        let (thread, until) = decided(&mut scheduler, now);
        dispatched[usize::from(thread == other)] += 1;
        // The first one always hands over, the other never does.
        is_told_of(&mut scheduler, other);
        now = until.unwrap();
    }
    assert_eq!(dispatched, [10, 10], "{one:?} has its share of the turns, and gives it away");
}
