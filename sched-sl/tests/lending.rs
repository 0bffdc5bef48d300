//! Threads that wait for each other: whoever the policy chooses, the end of its chain runs, and on its time. Held against a
//! reference that follows every chain anew each time.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

mod common;

use common::{Five, PLACES, QUANTUM, five};
use proptest::prelude::*;
use sched_sl::inherit::{Chains, Cycle};
use sched_sl::policy::fixed_priority_round_robin::Priority;
use sched_sl::*;

const NOW: Instant = Instant(0);

fn threads(scheduler: &mut Five, priorities: &[u8]) -> Vec<ThreadId> {
    let created =
        priorities.iter().zip(0..).map(|(priority, name)| scheduler.create(name, Priority(*priority)).unwrap());
    created.collect()
}

/// Who runs and on whose time.
fn runs(scheduler: &mut Five, now: Instant) -> Option<(u32, u32)> {
    match scheduler.decide(now).unwrap() {
        Decision::Run { name, payer, .. } => Some((name, payer.now)),
        Decision::Idle { .. } => None,
    }
}

#[test]
fn the_owner_runs_in_place_of_a_more_urgent_thread_that_waits_for_it() {
    let mut scheduler = five();
    let [urgent, _, owner] = *threads(&mut scheduler, &[1, 5, 9]) else { panic!() };
    assert_eq!(runs(&mut scheduler, NOW), Some((0, 0)));
    scheduler.hold(urgent, Some(owner), None, NOW).unwrap();
    assert_eq!(runs(&mut scheduler, NOW), Some((2, 0)), "the one in the middle does not delay the urgent one");
    assert!(scheduler.release(urgent).unwrap());
    assert_eq!(runs(&mut scheduler, NOW), Some((0, 0)));
}

#[test]
fn without_lending_the_one_in_the_middle_runs() {
    let mut scheduler = five();
    let [urgent, ..] = *threads(&mut scheduler, &[1, 5, 9]) else { panic!() };
    scheduler.hold(urgent, None, None, NOW).unwrap();
    assert_eq!(runs(&mut scheduler, NOW), Some((1, 1)));
}

#[test]
fn when_the_end_of_a_chain_sleeps_nobody_in_it_is_chosen() {
    let mut scheduler = five();
    let [urgent, other, middle, end] = *threads(&mut scheduler, &[1, 5, 7, 9]) else { panic!() };
    scheduler.hold(urgent, Some(middle), None, NOW).unwrap();
    scheduler.hold(middle, Some(end), None, NOW).unwrap();
    scheduler.sleep_until(end, Instant(50), NOW).unwrap();
    assert_eq!(runs(&mut scheduler, NOW), Some((1, 1)));
    assert_eq!(runs(&mut scheduler, Instant(50)), Some((3, 0)), "it is back, and the urgent one still waits");
    scheduler.apply(Event { thread: end, suspended: true }).unwrap();
    assert_eq!(runs(&mut scheduler, Instant(51)), Some((1, 1)));
    let _ = scheduler.block(other, Instant(51)).unwrap();
    assert_eq!(runs(&mut scheduler, Instant(52)), None);
}

#[test]
fn an_owner_without_time_runs_on_the_time_of_who_waits() {
    let mut scheduler = five();
    let [waiting, owner] = *threads(&mut scheduler, &[5, 1]) else { panic!() };
    scheduler.exhaust(owner, Instant(100)).unwrap();
    assert_eq!(runs(&mut scheduler, NOW), Some((0, 0)));
    scheduler.hold(waiting, Some(owner), None, NOW).unwrap();
    assert_eq!(runs(&mut scheduler, NOW), Some((1, 0)));
    scheduler.exhaust(waiting, Instant(200)).unwrap();
    assert_eq!(runs(&mut scheduler, Instant(1)), None, "neither has time");
    assert_eq!(runs(&mut scheduler, Instant(100)), Some((1, 1)));
}

#[test]
fn a_turn_is_used_up_by_whoever_runs_on_it() {
    let mut scheduler = five();
    let [waiting, _, owner] = *threads(&mut scheduler, &[5, 5, 9]) else { panic!() };
    assert_eq!(runs(&mut scheduler, NOW), Some((0, 0)));
    scheduler.hold(waiting, Some(owner), None, NOW).unwrap();
    assert_eq!(runs(&mut scheduler, NOW), Some((2, 0)));
    assert_eq!(runs(&mut scheduler, Instant(QUANTUM)), Some((1, 1)), "its turn is over");
    assert_eq!(runs(&mut scheduler, Instant(2 * QUANTUM)), Some((2, 0)), "and it has another");
    scheduler.yield_now(owner, Instant(2 * QUANTUM)).unwrap();
    assert_eq!(runs(&mut scheduler, Instant(2 * QUANTUM)), Some((1, 1)), "a yield is that of who pays");
}

#[test]
fn a_circle_is_refused_to_who_would_close_it() {
    let mut scheduler = five();
    let [a, b, c] = *threads(&mut scheduler, &[1, 2, 3]) else { panic!() };
    assert_eq!(scheduler.hold(a, Some(a), None, NOW), Err(ThreadError::Deadlock), "with itself");
    scheduler.hold(a, Some(b), None, NOW).unwrap();
    scheduler.hold(b, Some(c), None, NOW).unwrap();
    assert_eq!(scheduler.hold(c, Some(a), None, NOW), Err(ThreadError::Deadlock));
    assert_eq!(scheduler.block_and_lend(c, a, NOW), Err(ThreadError::Deadlock));
    assert_eq!((scheduler.state(c), runs(&mut scheduler, NOW)), (Ok(State::Running), Some((2, 0))), "it goes on");
}

#[test]
fn who_waits_for_an_answer_lends_until_it_is_woken_or_its_time_comes() {
    let mut scheduler = five();
    let [client, _, server] = *threads(&mut scheduler, &[1, 5, 9]) else { panic!() };
    assert_eq!(scheduler.block_and_lend(client, server, NOW), Ok(Block::Blocked));
    assert_eq!(runs(&mut scheduler, NOW), Some((2, 0)));
    scheduler.wake(client).unwrap();
    assert_eq!(runs(&mut scheduler, NOW), Some((0, 0)));
    scheduler.hold(client, Some(server), Some(Instant(30)), NOW).unwrap();
    assert_eq!(runs(&mut scheduler, Instant(29)), Some((2, 0)));
    assert_eq!(runs(&mut scheduler, Instant(30)), Some((0, 0)));
    assert_eq!(scheduler.wakeup(client), Ok(Some(Wakeup::TimedOut)));
    let _ = scheduler.block(client, Instant(31)).unwrap();
    assert_eq!(runs(&mut scheduler, Instant(31)), Some((1, 1)), "it lends no more");
}

#[test]
fn nobody_lends_to_a_thread_that_has_ended() {
    let mut scheduler = five();
    let [waiting, _, owner] = *threads(&mut scheduler, &[1, 5, 9]) else { panic!() };
    scheduler.hold(waiting, Some(owner), None, NOW).unwrap();
    assert_eq!(runs(&mut scheduler, NOW), Some((2, 0)));
    scheduler.exit(owner).unwrap();
    assert_eq!(runs(&mut scheduler, NOW), Some((1, 1)));
    let newer = scheduler.create(7, Priority(20)).unwrap();
    assert_eq!(newer.place(), owner.place());
    assert_eq!(runs(&mut scheduler, NOW), Some((1, 1)), "nor to the next in its place");
    assert_eq!(scheduler.hold(newer, Some(owner), None, NOW), Err(ThreadError::NoSuchThread));
}

#[test]
fn a_wake_up_does_not_end_a_hold_and_is_not_lost() {
    let mut scheduler = five();
    let [held] = *threads(&mut scheduler, &[1]) else { panic!() };
    scheduler.hold(held, None, None, NOW).unwrap();
    scheduler.wake(held).unwrap();
    assert_eq!(runs(&mut scheduler, NOW), None);
    assert!(scheduler.release(held).unwrap() && !scheduler.release(held).unwrap());
    assert_eq!(scheduler.block(held, NOW), Ok(Block::WokenBefore));
}

#[test]
fn among_those_that_wait_the_one_with_the_most_urgent_behind_it_goes_first() {
    let mut scheduler = five();
    let [urgent, other, slow] = *threads(&mut scheduler, &[1, 5, 9]) else { panic!() };
    assert!(scheduler.goes_before(other, slow) && !scheduler.goes_before(slow, other));
    scheduler.hold(urgent, Some(slow), None, NOW).unwrap();
    assert!(scheduler.goes_before(slow, other) && !scheduler.goes_before(other, slow));
}

/// The reference: every question is answered by looking through everything.
#[derive(Clone, Debug)]
struct Known {
    id: ThreadId,
    name: u32,
    priority: u8,
    is_stopped: bool,
    suspended: bool,
    exhausted: bool,
    to: Option<ThreadId>,
}

#[derive(Default)]
struct Reference(Vec<Known>);

impl Reference {
    fn get(&self, id: ThreadId) -> &Known {
        self.0.iter().find(|known| known.id == id).unwrap()
    }

    fn get_mut(&mut self, id: ThreadId) -> &mut Known {
        self.0.iter_mut().find(|known| known.id == id).unwrap()
    }

    fn chain(&self, id: ThreadId) -> Vec<ThreadId> {
        let mut chain = vec![id];
        while let Some(to) = self.get(chain[chain.len() - 1]).to {
            chain.push(to);
        }
        chain
    }

    fn end(&self, id: ThreadId) -> &Known {
        self.get(*self.chain(id).last().unwrap())
    }

    fn choice(&self) -> Option<(u32, u32)> {
        let can_be_chosen = |known: &&Known| {
            let end = self.end(known.id);
            !known.exhausted && !end.is_stopped && !end.suspended
        };
        let chosen = self.0.iter().filter(can_be_chosen).min_by_key(|known| known.priority)?;
        Some((self.end(chosen.id).name, chosen.name))
    }

    fn forget(&mut self, id: ThreadId) {
        self.0.retain(|known| known.id != id);
        self.0.iter_mut().for_each(|known| known.to = known.to.filter(|to| *to != id));
    }
}

#[derive(Clone, Debug)]
enum Operation {
    Create,
    Exit(usize),
    Hold(usize, Option<usize>),
    Exchange(usize, usize),
    Lend(usize, Option<usize>),
    Release(usize),
    Wake(usize),
    Suspend(usize, bool),
    Exhaust(usize),
}

fn operation() -> impl Strategy<Value = Operation> {
    let who = 0..PLACES;
    let to = proptest::option::of(who.clone());
    prop_oneof![
        2 => Just(Operation::Create),
        1 => who.clone().prop_map(Operation::Exit),
        6 => (who.clone(), to.clone()).prop_map(|(who, to)| Operation::Hold(who, to)),
        3 => (who.clone(), who.clone()).prop_map(|(who, to)| Operation::Exchange(who, to)),
        2 => (who.clone(), to).prop_map(|(who, to)| Operation::Lend(who, to)),
        2 => who.clone().prop_map(Operation::Release),
        1 => who.clone().prop_map(Operation::Wake),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, suspended)| Operation::Suspend(who, suspended)),
        1 => who.prop_map(Operation::Exhaust),
    ]
}

struct Pair {
    real: Five,
    reference: Reference,
    created: u32,
    /// Whether wake-ups can be waiting, so that a block may not block: they are asked of the real one.
    now: u64,
}

impl Pair {
    fn pick(&self, who: usize) -> Option<ThreadId> {
        self.reference.0.get(who % self.reference.0.len().max(1)).map(|known| known.id)
    }

    fn create(&mut self) {
        // Each priority is one thread's, so that there are no turns to keep account of.
        let taken: Vec<_> = self.reference.0.iter().map(|known| known.priority).collect();
        let priority = (0..32).map(|at| (at * 7 + self.created as u8 * 5) % 32).find(|it| !taken.contains(it)).unwrap();
        let Ok(id) = self.real.create(self.created, Priority(priority)) else { return };
        let (is_stopped, suspended, exhausted, to) = (false, false, false, None);
        self.reference.0.push(Known { id, name: self.created, priority, is_stopped, suspended, exhausted, to });
        self.created += 1;
    }

    fn expected(&self, who: ThreadId, to: Option<ThreadId>) -> Result<(), ThreadError> {
        match to {
            Some(to) if self.reference.chain(to).contains(&who) => Err(ThreadError::Deadlock),
            _ => Ok(()),
        }
    }

    fn stop(&mut self, who: ThreadId, to: Option<ThreadId>, result: Result<(), ThreadError>) {
        let expected = self.expected(who, to).and(match self.reference.get(who).is_stopped {
            true => Err(ThreadError::NotRunning),
            false => Ok(()),
        });
        assert_eq!(result, expected);
        if result.is_ok() {
            let known = self.reference.get_mut(who);
            (known.is_stopped, known.to) = (true, to);
        }
    }

    fn go_on(&mut self, who: ThreadId) {
        let known = self.reference.get_mut(who);
        (known.is_stopped, known.to) = (false, None);
    }

    fn apply(&mut self, operation: &Operation) -> Option<()> {
        let now = Instant(self.now);
        match *operation {
            Operation::Create => self.create(),
            Operation::Exit(who) => {
                let who = self.pick(who)?;
                self.real.exit(who).unwrap();
                self.reference.forget(who);
            }
            Operation::Hold(who, to) => {
                let (who, to) = (self.pick(who)?, to.and_then(|to| self.pick(to)));
                let held = self.real.hold(who, to, None, now);
                self.stop(who, to, held);
            }
            Operation::Exchange(who, to) => {
                let (who, to) = (self.pick(who)?, self.pick(to)?);
                match self.real.block_and_lend(who, to, now) {
                    Ok(Block::WokenBefore) => {}
                    result => self.stop(who, Some(to), result.map(drop)),
                }
            }
            Operation::Lend(who, to) => {
                let (who, to) = (self.pick(who)?, to.and_then(|to| self.pick(to)));
                let expected = self.expected(who, to);
                assert_eq!(self.real.lend(who, to), expected);
                let known = self.reference.get_mut(who);
                known.to = if expected.is_ok() && known.is_stopped { to } else { known.to };
            }
            Operation::Release(who) => {
                let who = self.pick(who)?;
                if self.real.release(who).unwrap() {
                    self.go_on(who);
                }
            }
            Operation::Wake(who) => {
                let who = self.pick(who)?;
                let before = self.real.state(who);
                self.real.wake(who).unwrap();
                if before == Ok(State::Blocked) {
                    self.go_on(who);
                }
            }
            Operation::Suspend(who, suspended) => {
                let who = self.pick(who)?;
                self.real.apply(Event { thread: who, suspended }).unwrap();
                self.reference.get_mut(who).suspended = suspended;
            }
            Operation::Exhaust(who) => {
                let who = self.pick(who)?;
                self.real.exhaust(who, Instant::NEVER).unwrap();
                self.reference.get_mut(who).exhausted = true;
            }
        }
        Some(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn the_end_of_the_most_urgent_chain_runs(operations in prop::collection::vec(operation(), 0..100)) {
        let mut pair = Pair { real: five(), reference: Reference::default(), created: 0, now: 0 };
        (0..3).for_each(|_| pair.create());
        for operation in &operations {
            let _ = pair.apply(operation);
            pair.now += 1;
            prop_assert_eq!(runs(&mut pair.real, Instant(pair.now)), pair.reference.choice());
        }
    }

    #[test]
    fn chains_are_what_a_list_of_pairs_is(steps in prop::collection::vec((0_usize..8, 0_usize..9), 0..200)) {
        let mut chains = Chains::<8>::new();
        let mut pairs = [None; 8];
        for (place, target) in steps {
            let follow = |from: usize| std::iter::successors(Some(from), |at| pairs[*at]).collect::<Vec<usize>>();
            match target {
                8 => {
                    chains.cut(place);
                    pairs[place] = None;
                }
                _ if follow(target).contains(&place) => prop_assert_eq!(chains.wait_for(place, target), Err(Cycle)),
                _ => {
                    prop_assert_eq!(chains.wait_for(place, target), Ok(()));
                    pairs[place] = Some(target);
                }
            }
            let follow = |from: usize| std::iter::successors(Some(from), |at| pairs[*at]).collect::<Vec<usize>>();
            for (at, pair) in pairs.iter().enumerate() {
                prop_assert_eq!(chains.target(at), *pair);
                prop_assert_eq!(Some(chains.end(at)), follow(at).last().copied());
                let mut tree: Vec<_> = chains.tree(at).collect();
                tree.sort_unstable();
                let expected: Vec<_> = (0..8).filter(|from| follow(*from).contains(&at)).collect();
                prop_assert_eq!(&tree, &expected);
                prop_assert_eq!(chains.is_alone(at), pair.is_none() && expected.len() == 1);
            }
        }
    }
}
