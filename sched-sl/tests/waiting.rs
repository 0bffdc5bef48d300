//! Blockpoints, on the scheduler's side: who waits where, who goes on when, and why. Held against lists.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

mod common;

use common::{Five, PLACES, five};
use proptest::prelude::*;
use sched_sl::policy::fixed_priority_round_robin::Priority;
use sched_sl::*;

const POINTS: usize = 3;
const NOW: Instant = Instant(0);

type Three = Points<POINTS, PLACES>;

/// A scheduler with blockpoints.
struct World {
    scheduler: Five,
    points: Three,
}

impl World {
    fn new() -> Self {
        Self { scheduler: five(), points: Points::new() }
    }

    fn create(&mut self, priority: u8) -> ThreadId {
        self.scheduler.create(0, Priority(priority)).unwrap()
    }

    fn point(&mut self) -> PointId {
        self.points.allocate(0, POINTS).unwrap()
    }

    fn wait(&mut self, thread: ThreadId, point: PointId, epoch: u64) -> Result<Waits, WaitError> {
        self.wait_for(thread, point, epoch, None)
    }

    fn wait_for(
        &mut self,
        thread: ThreadId,
        point: PointId,
        epoch: u64,
        holder: Option<ThreadId>,
    ) -> Result<Waits, WaitError> {
        let wait = Wait { point, epoch: Epoch(epoch), holder, until: None };
        self.points.wait(&mut self.scheduler, thread, wait, NOW)
    }

    fn wait_until(&mut self, thread: ThreadId, point: PointId, until: u64, now: u64) -> Waits {
        let wait = Wait { point, epoch: Epoch(0), holder: None, until: Some(Instant(until)) };
        self.points.wait(&mut self.scheduler, thread, wait, Instant(now)).unwrap()
    }

    fn trigger(&mut self, point: PointId, epoch: u64, wakes: Wakes) -> Result<bool, WaitError> {
        self.points.trigger(&mut self.scheduler, point, Epoch(epoch), wakes)
    }

    fn free(&mut self, point: PointId) -> Result<(), WaitError> {
        self.points.free(&mut self.scheduler, point)
    }

    fn end(&mut self, thread: ThreadId) {
        self.points.forget(&mut self.scheduler, thread);
        self.scheduler.exit(thread).unwrap();
    }

    fn waits(&self, thread: ThreadId) -> bool {
        !self.scheduler.state(thread).unwrap().wants_to_run()
    }

    fn runs(&mut self, now: u64) -> Option<ThreadId> {
        match self.scheduler.decide(Instant(now)).unwrap() {
            Decision::Run { thread, .. } => Some(thread),
            Decision::Idle { .. } => None,
        }
    }
}

#[test]
fn who_waits_in_the_epoch_of_now_is_held_until_the_next() {
    let mut world = World::new();
    let (thread, point) = (world.create(1), world.point());
    assert_eq!(world.wait(thread, point, 0), Ok(Waits::Held));
    assert!(world.waits(thread));
    assert_eq!(world.trigger(point, 1, Wakes::All), Ok(true));
    assert!(!world.waits(thread));
    assert_eq!(world.points.finish(thread), Answer::Triggered);
}

#[test]
fn who_would_wait_in_an_old_epoch_goes_on_at_once() {
    let mut world = World::new();
    let (thread, point) = (world.create(1), world.point());
    assert_eq!(world.trigger(point, 3, Wakes::All), Ok(false));
    assert_eq!(world.trigger(point, 2, Wakes::All), Ok(false), "it comes late, and epochs do not go back");
    assert_eq!([world.wait(thread, point, 0), world.wait(thread, point, 2)], [Ok(Waits::EpochIsPast); 2]);
    assert!(!world.waits(thread));
    assert_eq!(world.wait(thread, point, 3), Ok(Waits::Held));
}

#[test]
fn one_goes_on_in_the_order_of_the_policy_and_of_equals_who_came_first() {
    let mut world = World::new();
    let point = world.point();
    let threads = [5, 1, 5, 1].map(|priority| world.create(priority));
    for thread in threads {
        assert_eq!(world.wait(thread, point, 0), Ok(Waits::Held));
    }
    let mut order = Vec::new();
    for epoch in 1..=4 {
        assert_eq!(world.trigger(point, epoch, Wakes::One), Ok(true));
        order.extend((0..4).find(|at| !order.contains(at) && !world.waits(threads[*at])));
    }
    assert_eq!(order, [1, 3, 0, 2]);
    assert_eq!(world.trigger(point, 5, Wakes::One), Ok(false));
}

#[test]
fn a_time_that_comes_ends_a_wait_and_the_next_in_line_has_the_turn() {
    let mut world = World::new();
    let (hasty, patient, point) = (world.create(1), world.create(2), world.point());
    assert_eq!(world.wait_until(hasty, point, 10, 10), Waits::TimeIsPast);
    assert_eq!(world.wait_until(hasty, point, 10, 0), Waits::Held);
    assert_eq!(world.wait(patient, point, 0), Ok(Waits::Held));
    assert_eq!(world.runs(9), None);
    assert_eq!(world.runs(10), Some(hasty));
    assert_eq!(world.points.finish(hasty), Answer::TimedOut);
    assert_eq!(world.trigger(point, 1, Wakes::One), Ok(true));
    assert!(!world.waits(patient));
}

#[test]
fn who_is_triggered_before_it_could_say_that_its_time_came_was_triggered() {
    let mut world = World::new();
    let (thread, point) = (world.create(1), world.point());
    assert_eq!(world.wait_until(thread, point, 10, 0), Waits::Held);
    assert_eq!(world.runs(10), Some(thread));
    assert_eq!(world.trigger(point, 1, Wakes::One), Ok(true));
    assert_eq!(world.points.finish(thread), Answer::Triggered, "it makes use of that");
    assert_eq!(world.scheduler.block(thread, Instant(11)), Ok(Block::Blocked), "and no wake-up is left over");
}

#[test]
fn a_thread_that_ends_while_it_waits_is_waited_for_by_nobody() {
    let mut world = World::new();
    let (gone, other, point) = (world.create(1), world.create(2), world.point());
    assert_eq!([world.wait(gone, point, 0), world.wait(other, point, 0)], [Ok(Waits::Held); 2]);
    world.end(gone);
    assert_eq!(world.trigger(point, 1, Wakes::One), Ok(true));
    assert!(!world.waits(other));
    let newer = world.create(3);
    assert_eq!((newer.place(), world.wait(newer, point, 1)), (gone.place(), Ok(Waits::Held)), "a place is used again");
}

#[test]
fn a_thread_that_ends_before_it_has_used_its_turn_passes_it_on() {
    let mut world = World::new();
    let (gone, other, point) = (world.create(1), world.create(2), world.point());
    assert_eq!([world.wait(gone, point, 0), world.wait(other, point, 0)], [Ok(Waits::Held); 2]);
    assert_eq!(world.trigger(point, 1, Wakes::One), Ok(true));
    assert!(!world.waits(gone) && world.waits(other));
    world.end(gone);
    assert!(!world.waits(other));
    assert_eq!(world.points.finish(other), Answer::Triggered);
}

#[test]
fn what_is_left_of_a_thread_can_be_forgotten_when_its_place_is_used_again() {
    let mut world = World::new();
    let (gone, other, point) = (world.create(1), world.create(2), world.point());
    assert_eq!([world.wait(gone, point, 0), world.wait(other, point, 0)], [Ok(Waits::Held); 2]);
    world.scheduler.exit(gone).unwrap();
    let newer = world.create(1);
    assert_eq!(newer.place(), gone.place());
    world.points.forget(&mut world.scheduler, newer);
    assert_eq!(world.trigger(point, 1, Wakes::One), Ok(true));
    assert!(!world.waits(other));
    assert_eq!(world.wait(newer, point, 1), Ok(Waits::Held));
}

#[test]
fn a_blockpoint_that_is_freed_lets_everybody_go_and_its_name_means_nothing() {
    let mut world = World::new();
    let (thread, point) = (world.create(1), world.point());
    assert_eq!(world.wait(thread, point, 0), Ok(Waits::Held));
    assert_eq!(world.free(point), Ok(()));
    assert!(!world.waits(thread));
    assert_eq!(world.points.finish(thread), Answer::Freed);
    let newer = world.point();
    assert_ne!(newer, point);
    let nothing = Err(WaitError::NoSuchPoint);
    assert_eq!((world.wait(thread, point, 0), world.free(point)), (nothing, nothing.map(|_: Waits| ())));
    assert_eq!(world.trigger(point, 1, Wakes::All), Err(WaitError::NoSuchPoint));
    assert_eq!(world.points.owner(point), Err(WaitError::NoSuchPoint));
}

#[test]
fn there_are_as_many_as_there_is_room_for_and_as_each_owner_may_have() {
    let mut world = World::new();
    let mut allocate = |owner, most| world.points.allocate(owner, most);
    let first = allocate(7, 2).unwrap();
    let _ = allocate(7, 2).unwrap();
    assert_eq!(allocate(7, 2), Err(WaitError::Exhausted), "its own");
    let _ = allocate(8, 2).unwrap();
    assert_eq!(allocate(9, 2), Err(WaitError::Exhausted), "all");
    assert_eq!((world.free(first), world.points.owner(first)), (Ok(()), Err(WaitError::NoSuchPoint)));
    let again = world.points.allocate(9, 2).unwrap();
    assert_eq!(world.points.owner(again), Ok(9));
}

#[test]
fn a_name_is_one_word_and_no_other_word_is_that_name() {
    let mut world = World::new();
    let point = world.point();
    let word = point.to_word();
    assert_ne!(word, 0);
    assert_eq!(PointId::from_word(word), point);
    for other in [0, 1, word + 1, word + (1 << 16), word | 1 << 48, word | 1 << 63, u64::MAX] {
        assert_eq!(world.points.owner(PointId::from_word(other)), Err(WaitError::NoSuchPoint), "{other:x}");
    }
}

#[test]
fn those_who_wait_for_a_lock_lend_to_its_holder_and_then_to_the_next() {
    let mut world = World::new();
    let point = world.point();
    let [urgent, second, middle, holder] = [1, 2, 5, 9].map(|priority| world.create(priority));
    assert_eq!(world.wait_for(second, point, 0, Some(holder)), Ok(Waits::Held));
    assert_eq!(world.wait_for(urgent, point, 0, Some(holder)), Ok(Waits::Held));
    assert_eq!(world.runs(0), Some(holder));
    assert_eq!(world.trigger(point, 1, Wakes::One), Ok(true));
    assert_eq!(world.runs(0), Some(urgent));
    assert_eq!(world.points.finish(urgent), Answer::Triggered);
    let _ = world.scheduler.sleep_until(urgent, Instant(50), NOW);
    assert_eq!(world.runs(0), Some(middle), "who has the lock sleeps, so who waits for it does not run either");
    let _ = world.scheduler.block(middle, NOW);
    assert_eq!(world.runs(0), Some(holder), "it runs as itself: nobody waits for it any more");
    assert_eq!(world.trigger(point, 2, Wakes::One), Ok(true));
    assert_eq!(world.runs(0), Some(second));
}

#[test]
fn one_names_the_holder_for_all() {
    let mut world = World::new();
    let point = world.point();
    let [urgent, middle, late, first, barger] = [1, 5, 7, 8, 9].map(|priority| world.create(priority));
    assert_eq!(world.wait_for(urgent, point, 0, Some(first)), Ok(Waits::Held));
    assert_eq!(world.runs(0), Some(first));
    assert_eq!(world.wait_for(late, point, 0, Some(barger)), Ok(Waits::Held));
    assert_eq!(world.runs(0), Some(barger), "before the one in the middle");
    let _ = middle;
}

#[test]
fn a_thread_that_would_wait_for_itself_is_refused() {
    let mut world = World::new();
    let [a, b] = [1, 2].map(|priority| world.create(priority));
    let [left, right] = [world.point(), world.point()];
    let deadlock = Err(WaitError::Thread(ThreadError::Deadlock));
    assert_eq!(world.wait_for(a, left, 0, Some(a)), deadlock);
    assert_eq!(world.wait_for(a, left, 0, Some(b)), Ok(Waits::Held));
    assert_eq!(world.wait_for(b, right, 0, Some(a)), deadlock);
    assert!(!world.waits(b));
}

#[test]
fn a_circle_that_shows_later_is_answered_too() {
    let mut world = World::new();
    let [waiting, next, barger] = [1, 2, 3].map(|priority| world.create(priority));
    let [lock, other] = [world.point(), world.point()];
    assert_eq!(world.wait(waiting, lock, 0), Ok(Waits::Held));
    assert_eq!(world.wait_for(barger, other, 0, Some(waiting)), Ok(Waits::Held));
    assert_eq!(world.wait_for(next, lock, 0, Some(barger)), Ok(Waits::Held), "it says who has the lock");
    assert_eq!(world.points.finish(waiting), Answer::Deadlock);
    assert!(!world.waits(waiting));
}

#[derive(Clone, Debug)]
enum Operation {
    Create(u8),
    End(usize),
    Allocate,
    Free(usize),
    Wait { who: usize, at: usize, behind: u64, length: Option<u64> },
    Trigger { at: usize, forward: u64, all: bool },
    Finish(usize),
    Pass(u64),
}

fn operation() -> impl Strategy<Value = Operation> {
    let (who, at) = (0..PLACES, 0..POINTS);
    prop_oneof![
        2 => (0u8..4).prop_map(Operation::Create),
        1 => who.clone().prop_map(Operation::End),
        1 => Just(Operation::Allocate),
        1 => at.clone().prop_map(Operation::Free),
        8 => (who.clone(), at.clone(), 0u64..2, proptest::option::of(1u64..20))
            .prop_map(|(who, at, behind, length)| Operation::Wait { who, at, behind, length }),
        5 => (at, 0u64..3, any::<bool>()).prop_map(|(at, forward, all)| Operation::Trigger { at, forward, all }),
        5 => who.prop_map(Operation::Finish),
        3 => (0u64..10).prop_map(Operation::Pass),
    ]
}

/// A thread of the reference: where it waits, or why it does not any more, and that it has the only turn of a blockpoint.
#[derive(Clone, Debug)]
struct Known {
    id: ThreadId,
    priority: u8,
    waits: Option<(PointId, Option<u64>)>,
    answer: Option<Answer>,
    turn: Option<PointId>,
    is_held: bool,
}

struct Pair {
    world: World,
    threads: Vec<Known>,
    /// Who waits where, in the order in which they came.
    queue: Vec<(PointId, ThreadId)>,
    points: Vec<(PointId, u64)>,
    now: u64,
}

impl Pair {
    fn known(&mut self, id: ThreadId) -> &mut Known {
        self.threads.iter_mut().find(|known| known.id == id).unwrap()
    }

    fn pick(&self, who: usize) -> Option<Known> {
        self.threads.get(who % self.threads.len().max(1)).cloned()
    }

    fn point(&self, at: usize) -> Option<(PointId, u64)> {
        self.points.get(at % self.points.len().max(1)).copied()
    }

    fn let_go(&mut self, id: ThreadId, answer: Answer, turn: Option<PointId>) {
        self.queue.retain(|(_, thread)| *thread != id);
        let known = self.known(id);
        (known.waits, known.answer, known.turn, known.is_held) = (None, Some(answer), turn, false);
    }

    fn pass_on(&mut self, point: PointId) {
        let waiting: Vec<_> = self.queue.iter().filter(|(at, _)| *at == point).map(|(_, id)| *id).collect();
        let first = waiting.into_iter().min_by_key(|id| self.threads.iter().find(|it| it.id == *id).unwrap().priority);
        if let Some(first) = first {
            self.let_go(first, Answer::Triggered, Some(point));
        }
    }

    fn all_at(&self, point: PointId) -> Vec<ThreadId> {
        self.queue.iter().filter(|(at, _)| *at == point).map(|(_, id)| *id).collect()
    }

    fn wait(&mut self, known: &Known, (point, epoch): (PointId, u64), behind: u64, length: Option<u64>) {
        // A thread asks once it is back from before.
        if known.is_held || known.answer.is_some() || known.waits.is_some() {
            return;
        }
        let until = length.map(|length| self.now + length);
        let seen = epoch.saturating_sub(behind);
        let wait = Wait { point, epoch: Epoch(seen), holder: None, until: until.map(Instant) };
        let result = self.world.points.wait(&mut self.world.scheduler, known.id, wait, Instant(self.now));
        if seen < epoch {
            assert_eq!(result, Ok(Waits::EpochIsPast));
            return;
        }
        assert_eq!(result, Ok(Waits::Held));
        self.queue.push((point, known.id));
        let known = self.known(known.id);
        (known.waits, known.is_held) = (Some((point, until)), true);
    }

    fn apply(&mut self, operation: &Operation) -> Option<()> {
        match *operation {
            Operation::Create(priority) => {
                let id = self.world.scheduler.create(0, Priority(priority)).ok()?;
                let (waits, answer, turn, is_held) = (None, None, None, false);
                self.threads.push(Known { id, priority, waits, answer, turn, is_held });
            }
            Operation::End(who) => {
                let known = self.pick(who)?;
                self.world.end(known.id);
                self.queue.retain(|(_, thread)| *thread != known.id);
                self.threads.retain(|other| other.id != known.id);
                known.turn.filter(|_| known.answer.is_some()).into_iter().for_each(|point| self.pass_on(point));
            }
            Operation::Allocate => {
                let result = self.world.points.allocate(0, POINTS);
                assert_eq!(result.is_ok(), self.points.len() < POINTS);
                self.points.push((result.ok()?, 0));
            }
            Operation::Free(at) => {
                let (point, _) = self.point(at)?;
                self.world.free(point).unwrap();
                self.all_at(point).into_iter().for_each(|id| self.let_go(id, Answer::Freed, None));
                self.points.retain(|(other, _)| *other != point);
            }
            Operation::Wait { who, at, behind, length } => {
                let (known, point) = (self.pick(who)?, self.point(at)?);
                self.wait(&known, point, behind, length);
            }
            Operation::Trigger { at, forward, all } => {
                let (point, epoch) = self.point(at)?;
                let epoch = epoch + forward;
                let any = !self.all_at(point).is_empty();
                let wakes = if all { Wakes::All } else { Wakes::One };
                assert_eq!(self.world.trigger(point, epoch, wakes), Ok(any));
                self.points.iter_mut().filter(|it| it.0 == point).for_each(|it| it.1 = epoch);
                match all {
                    true => self.all_at(point).into_iter().for_each(|id| self.let_go(id, Answer::Triggered, None)),
                    false => self.pass_on(point),
                }
            }
            Operation::Finish(who) => {
                let known = self.pick(who)?;
                if !known.is_held && (known.answer.is_some() || known.waits.is_some()) {
                    let expected = known.answer.unwrap_or(Answer::TimedOut);
                    assert_eq!(self.world.points.finish(known.id), expected);
                    self.queue.retain(|(_, thread)| *thread != known.id);
                    let known = self.known(known.id);
                    (known.waits, known.answer, known.turn) = (None, None, None);
                }
            }
            Operation::Pass(length) => {
                self.now += length;
                let _ = self.world.runs(self.now);
                let now = self.now;
                let is_due = |known: &&mut Known| known.waits.is_some_and(|(_, at)| at.is_some_and(|at| at <= now));
                self.threads.iter_mut().filter(is_due).for_each(|known| known.is_held = false);
            }
        }
        Some(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn blockpoints_are_what_lists_are(operations in prop::collection::vec(operation(), 0..120)) {
        let (threads, queue, points) = (Vec::new(), Vec::new(), Vec::new());
        let mut pair = Pair { world: World::new(), threads, queue, points, now: 0 };
        for operation in &operations {
            let _ = pair.apply(operation);
            for known in &pair.threads {
                prop_assert_eq!(pair.world.waits(known.id), known.is_held, "{:?}", known);
            }
        }
    }
}

/// Who runs, and on whose time; by the kernel's names.
type Runs = Option<(u32, u32)>;

/// Threads that wait at blockpoints and trigger them, whichever runs; by the general forms or by the quick ones.
struct Acting {
    world: World,
    ids: Vec<ThreadId>,
    points: Vec<PointId>,
    is_quick: bool,
    runs: Runs,
    /// How often the quick form was all that was asked.
    quick: u32,
}

/// Three threads, the most urgent of which waits for each in turn, and is told.
#[test]
fn the_quick_forms_are_what_is_asked_most_often() {
    let mut acting = Acting::new(&[1, 2, 3], true);
    let wait = |holder| Act::Wait { at: 0, behind: 0, holder, length: None };
    for holder in [None, Some(1), None, Some(1)] {
        acting.act(&wait(holder), NOW);
        assert_eq!(acting.runs, Some((1, if holder.is_some() { 0 } else { 1 })));
        acting.act(&Act::Trigger { at: 0, all: holder.is_none() }, NOW);
        assert_eq!(acting.runs, Some((0, 0)));
    }
    assert_eq!(acting.quick, 8);
}

/// Two equals that have something for each other at two blockpoints.
#[test]
fn those_that_tell_and_wait_at_once_take_turns_by_the_quick_form() {
    let mut acting = Acting::new(&[2, 2], true);
    acting.act(&Act::Wait { at: 0, behind: 0, holder: None, length: None }, NOW);
    for (there, here, next) in [(0, 1, 0), (1, 0, 1), (0, 1, 0)] {
        let before = acting.quick;
        acting.act(&Act::TriggerAndWait { there, here, behind: 0 }, NOW);
        assert_eq!((acting.runs, acting.quick), (Some((next, next)), before + 1));
    }
}

#[derive(Clone, Debug)]
enum Act {
    Wait { at: usize, behind: u64, holder: Option<usize>, length: Option<u64> },
    Trigger { at: usize, all: bool },
    TriggerAndWait { there: usize, here: usize, behind: u64 },
    Yield,
    Suspend(usize, bool),
}

impl Acting {
    fn new(priorities: &[u8], is_quick: bool) -> Self {
        let mut world = World::new();
        let create = |(name, priority): (u32, &u8)| world.scheduler.create(name, Priority(*priority)).unwrap();
        let ids = (0..).zip(priorities).map(create).collect();
        let points = (0..POINTS).map(|_| world.point()).collect();
        let mut acting = Self { world, ids, points, is_quick, runs: None, quick: 0 };
        acting.decide(NOW);
        acting
    }

    fn decide(&mut self, now: Instant) {
        self.runs = match self.world.scheduler.decide(now).unwrap() {
            Decision::Run { name, payer, .. } => Some((name, payer.now)),
            Decision::Idle { .. } => None,
        };
    }

    fn epoch(&mut self, at: usize) -> u64 {
        let point = self.points[at];
        // The first epoch that is not past: found by asking for a wait that ends at once.
        (0..).find(|epoch| self.peek(point, *epoch)).unwrap()
    }

    fn peek(&mut self, point: PointId, epoch: u64) -> bool {
        let wait = Wait { point, epoch: Epoch(epoch), holder: None, until: Some(NOW) };
        let id = self.ids[0];
        self.world.points.wait(&mut self.world.scheduler, id, wait, NOW) == Ok(Waits::TimeIsPast)
    }

    fn wait(&mut self, name: u32, wait: Wait, now: Instant) {
        let me = self.ids[name as usize];
        let World { scheduler, points } = &mut self.world;
        let quick = match self.is_quick {
            true => points.quick_wait(scheduler, (me, |is| is == name), wait, now),
            false => Quick::Unusual,
        };
        if self.follow(quick, now) {
            match self.world.points.wait(&mut self.world.scheduler, me, wait, now) {
                Ok(Waits::Held) => self.decide(now),
                Ok(Waits::EpochIsPast | Waits::TimeIsPast) | Err(_) => {}
            }
        }
    }

    fn trigger(&mut self, point: PointId, epoch: Epoch, wakes: Wakes, now: Instant) {
        let World { scheduler, points } = &mut self.world;
        let quick = match self.is_quick {
            true => points.quick_trigger(scheduler, point, (epoch, wakes), now, |_| {}),
            false => Quick::Unusual,
        };
        if self.follow(quick, now)
            && self.world.trigger(point, epoch.0, wakes).unwrap()
            && let Some(Decision::Run { name, payer, .. }) = self.world.scheduler.reconsider(now).unwrap()
        {
            self.runs = Some((name, payer.now));
        }
    }

    fn trigger_and_wait(&mut self, name: u32, there: (PointId, Epoch), here: (PointId, Epoch), now: Instant) {
        let me = self.ids[name as usize];
        let World { scheduler, points } = &mut self.world;
        let quick = match self.is_quick {
            true => points.quick_trigger_and_wait(scheduler, (me, |is| is == name), there, here, (0, now), |_| {}),
            false => Quick::Unusual,
        };
        if self.follow(quick, now) {
            self.world.trigger(there.0, there.1.0, Wakes::All).unwrap();
            let wait = Wait { point: here.0, epoch: here.1, holder: None, until: None };
            let waits = self.world.points.wait(&mut self.world.scheduler, me, wait, now);
            if waits == Ok(Waits::Held) {
                self.decide(now);
            } else if let Some(Decision::Run { name, payer, .. }) = self.world.scheduler.reconsider(now).unwrap() {
                self.runs = Some((name, payer.now));
            }
        }
    }

    /// Answers whether the general form is to be asked.
    fn follow(&mut self, quick: Quick<u32>, now: Instant) -> bool {
        match quick {
            Quick::Unusual => return true,
            Quick::Turn(turn) => self.runs = Some((turn.name, turn.payer.now)),
            Quick::Stays => {}
            Quick::Noted | Quick::Idle => self.decide(now),
        }
        self.quick += 1;
        false
    }

    fn act(&mut self, act: &Act, now: Instant) {
        match *act {
            Act::Wait { at, behind, holder, length } => {
                let Some((name, _)) = self.runs else { return };
                let _ = self.world.points.finish(self.ids[name as usize]);
                let epoch = Epoch(self.epoch(at).saturating_sub(behind));
                let holder = holder.map(|holder| self.ids[holder % self.ids.len()]);
                let until = length.map(|length| now.after(Duration(length)));
                self.wait(name, Wait { point: self.points[at], epoch, holder, until }, now);
            }
            Act::Trigger { at, all } => {
                let epoch = Epoch(self.epoch(at) + 1);
                let wakes = if all { Wakes::All } else { Wakes::One };
                self.trigger(self.points[at], epoch, wakes, now);
                // If nobody ran, whoever triggered is none of this scheduler's: it decides.
                if self.runs.is_none() {
                    self.decide(now);
                }
            }
            Act::TriggerAndWait { there, here, behind } => {
                let Some((name, _)) = self.runs else { return };
                let _ = self.world.points.finish(self.ids[name as usize]);
                let begins = (self.points[there], Epoch(self.epoch(there) + 1));
                let seen = (self.points[here], Epoch(self.epoch(here).saturating_sub(behind)));
                self.trigger_and_wait(name, begins, seen, now);
            }
            Act::Yield => {
                let Some((name, _)) = self.runs else { return };
                self.world.scheduler.yield_now(self.ids[name as usize], now).unwrap();
                self.decide(now);
            }
            Act::Suspend(who, suspended) => {
                let thread = self.ids[who % self.ids.len()];
                self.world.scheduler.apply(Event { thread, suspended }).unwrap();
                self.decide(now);
            }
        }
    }
}

fn act() -> impl Strategy<Value = Act> {
    let (who, at) = (0..PLACES, 0..POINTS);
    let length = proptest::option::weighted(0.2, 1u64..30);
    let holder = proptest::option::of(who.clone());
    prop_oneof![
        6 => (at.clone(), 0u64..2, holder, length)
            .prop_map(|(at, behind, holder, length)| Act::Wait { at, behind: behind / 2, holder, length }),
        5 => (at.clone(), any::<bool>()).prop_map(|(at, all)| Act::Trigger { at, all }),
        5 => (at.clone(), at, 0u64..4)
            .prop_map(|(there, here, behind)| Act::TriggerAndWait { there, here, behind: behind / 3 }),
        1 => Just(Act::Yield),
        1 => (who, any::<bool>()).prop_map(|(who, suspended)| Act::Suspend(who, suspended)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn the_quick_forms_lead_to_what_the_general_ones_lead_to(
        priorities in prop::collection::vec(0u8..3, 2..PLACES),
        acts in prop::collection::vec((act(), 0u64..4), 0..80),
    ) {
        let mut worlds = [false, true].map(|is_quick| Acting::new(&priorities, is_quick));
        let mut now = 0;
        for (act, passes) in &acts {
            now += passes;
            worlds.iter_mut().for_each(|world| world.act(act, Instant(now)));
            let [general, quick] = &mut worlds;
            prop_assert_eq!(general.runs, quick.runs, "{:?}", act);
            for id in &general.ids {
                prop_assert_eq!(general.world.scheduler.state(*id), quick.world.scheduler.state(*id));
                prop_assert_eq!(general.world.scheduler.wakeup(*id), quick.world.scheduler.wakeup(*id));
            }
        }
    }
}
