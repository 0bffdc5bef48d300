//! Lines and points in time, by hand.

extern crate std;

use super::*;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::boxed::Box;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::vec::Vec;

impl Wake for u64 {
    fn wake(self) {}
}

#[derive(Clone, Debug)]
enum Step {
    Wait(usize, u64),
    Leave(usize),
    Drop(usize),
    Pop,
}

fn steps() -> impl proptest::strategy::Strategy<Value = Vec<Step>> {
    use proptest::prelude::*;
    let step = prop_oneof![
        (0_usize..8, 0_u64..4).prop_map(|(node, key)| Step::Wait(node, key)),
        (0_usize..8).prop_map(Step::Leave),
        (0_usize..8).prop_map(Step::Drop),
        Just(Step::Pop),
    ];
    proptest::collection::vec(step, 0..100)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Whoever comes and goes, the line is what a sorted list of those that wait would be.
    #[test]
    fn a_line_is_in_order_whoever_comes_and_goes(steps in steps()) {
        let line = Line::new();
        let mut nodes: [Pin<Box<Node<'_, u64>>>; 8] = core::array::from_fn(|_| Box::pin(Node::new()));
        let mut expected: Vec<(u64, u64, usize)> = Vec::new();
        for (number, step) in (0_u64..).zip(steps) {
            match step {
                Step::Wait(node, key) => {
                    expected.retain(|(_, _, other)| *other != node);
                    let at = expected.partition_point(|(other, _, _)| *other <= key);
                    expected.insert(at, (key, number, node));
                    line.wait(nodes[node].as_ref(), key, number);
                }
                Step::Leave(node) => {
                    expected.retain(|(_, _, other)| *other != node);
                    nodes[node].leave();
                }
                Step::Drop(node) => {
                    expected.retain(|(_, _, other)| *other != node);
                    nodes[node] = Box::pin(Node::new());
                }
                Step::Pop => {
                    let first = (!expected.is_empty()).then(|| expected.remove(0));
                    proptest::prop_assert_eq!(line.pop(), first.map(|(_, waiter, _)| waiter));
                }
            }
            proptest::prop_assert_eq!(line.first_key(), expected.first().map(|(key, _, _)| *key));
        }
    }
}

std::thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
}

fn now() -> u64 {
    NOW.get()
}

/// Counts how often it is woken.
#[derive(Default)]
struct Counted(AtomicU64);

impl std::task::Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn who_sleeps_is_woken_when_its_time_has_come_and_not_before() {
    NOW.set(0);
    let timers = Timers::<Waker>::with_clock(now);
    let counted = Arc::new(Counted::default());
    let waker = Waker::from(counted.clone());
    let context = &mut Context::from_waker(&waker);
    let (mut late, mut soon) = (pin!(timers.sleep_until(20)), pin!(timers.sleep_until(10)));
    assert!(late.as_mut().poll(context).is_pending() && soon.as_mut().poll(context).is_pending());
    assert_eq!((timers.prepare(), timers.serve()), (Readiness::Until(10), false));
    NOW.set(10);
    assert!(timers.serve());
    assert_eq!((counted.0.load(Ordering::Relaxed), timers.prepare()), (1, Readiness::Until(20)));
    assert_eq!((soon.poll(context), late.as_mut().poll(context)), (Poll::Ready(()), Poll::Pending));
    late.set(timers.sleep_until(30));
    assert_eq!(timers.prepare(), Readiness::Never, "nobody waits for what was dropped");
}

/// What happens source by source, told in a log.
struct Told<'t>(&'static str, Cell<bool>, Readiness, &'t RefCell<Vec<&'static str>>);

impl Source for Told<'_> {
    fn serve(&self) -> bool {
        self.3.borrow_mut().push(self.0);
        self.1.take()
    }

    fn prepare(&self) -> Readiness {
        self.2
    }
}

#[derive(Default)]
struct Slept(Rc<RefCell<Vec<u64>>>);

impl Sleeper for Slept {
    fn sleep_until(&self, time: u64) -> Result<()> {
        self.0.borrow_mut().push(time);
        Ok(())
    }

    fn wake(&self, _: u64) -> Result<()> {
        Ok(())
    }
}

#[test]
fn every_source_is_served_and_the_earliest_time_ends_the_sleep() {
    let (log, sleeper) = (RefCell::default(), Slept::default());
    let source = |name, readiness| Told(name, Cell::new(name == "a"), readiness, &log);
    let (a, b) = (source("a", Readiness::Until(9)), source("b", Readiness::Until(5)));
    let (never, ready) = (source("n", Readiness::Never), source("r", Readiness::Ready));
    let all = Sources::new([&a, &never, &b], &sleeper);
    assert!(all.idle() && sleeper.0.borrow().is_empty(), "somebody was woken");
    assert!(all.idle());
    assert_eq!((sleeper.0.take(), log.take().concat()), ([5].to_vec(), "anbanb".into()));
    assert!(Sources::new([&a, &ready], &sleeper).idle() && sleeper.0.borrow().is_empty());
    assert!(!Sources::new([&never], &sleeper).idle(), "for ever");
    assert!(!Sources::new([&a], &()).idle(), "who cannot sleep has nothing to wait for");
}
