//! Blockpoints beside lists, by any sequence of operations.

use super::*;
use proptest::prelude::*;

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
                let result = self.world.points.allocate(0, POINTS, |_| true);
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
