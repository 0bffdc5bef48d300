//! Any sequence of operations: the scheduler does what a model does that is
//! too simple to be wrong. The model keeps one list of ready threads in the
//! order of their turns, and looks through all of it each time.
#![allow(clippy::unwrap_used, reason = "this is how a test fails")]

mod common;

use common::{Five, PLACES, QUANTUM, five};
use proptest::prelude::*;
use sched_sl::policy::fixed_priority_round_robin::Priority;
use sched_sl::*;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wish {
    Run,
    Block,
    Sleep,
}

#[derive(Clone, Debug)]
struct ModelThread {
    id: ThreadId,
    priority: u8,
    wish: Wish,
    /// A wake-up that nobody has used.
    permit: bool,
    suspended: bool,
    /// When its wait in the kernel ends, if its timer is for that; and whether that has come before the wait.
    receive_due: Option<u64>,
    is_overdue: bool,
    due: Option<u64>,
    wakeup: Option<Wakeup>,
    used: u64,
}

impl ModelThread {
    fn is_ready(&self) -> bool {
        self.wish == Wish::Run && !self.suspended
    }
}

#[derive(Default)]
struct Model {
    threads: Vec<ModelThread>,
    turns: Vec<ThreadId>,
    running: Option<(ThreadId, u64)>,
    /// Timers in the order in which they were set.
    timers: Vec<ThreadId>,
    /// What the kernel's timer was set to last.
    set_to: Option<u64>,
}

type Answer<T> = Result<T, ThreadError>;

impl Model {
    fn get(&mut self, id: ThreadId) -> Answer<&mut ModelThread> {
        self.threads.iter_mut().find(|it| it.id == id).ok_or(ThreadError::NoSuchThread)
    }

    /// Puts the list of turns right after any change.
    fn settle(&mut self) {
        let ready: Vec<_> = self.threads.iter().filter(|it| it.is_ready()).map(|it| it.id).collect();
        self.turns.retain(|id| ready.contains(id));
        for id in ready {
            if !self.turns.contains(&id) {
                self.turns.push(id);
                self.get(id).unwrap().used = 0;
            }
        }
    }

    fn move_last(&mut self, id: ThreadId) {
        if let Some(at) = self.turns.iter().position(|it| *it == id) {
            self.turns.remove(at);
            self.turns.push(id);
            self.get(id).unwrap().used = 0;
        }
    }

    fn create(&mut self, id: ThreadId, priority: u8) {
        let wish = Wish::Run;
        self.threads.push(ModelThread {
            id,
            priority,
            wish,
            permit: false,
            suspended: false,
            receive_due: None,
            is_overdue: false,
            due: None,
            wakeup: None,
            used: 0,
        });
    }

    fn exit(&mut self, id: ThreadId) -> Answer<()> {
        self.get(id)?;
        self.threads.retain(|it| it.id != id);
        self.timers.retain(|it| *it != id);
        self.running = self.running.filter(|it| it.0 != id);
        Ok(())
    }

    fn stop(&mut self, id: ThreadId, wish: Wish, due: Option<u64>, now: u64) -> Answer<Block> {
        let thread = self.get(id)?;
        if thread.wish != Wish::Run {
            return Err(ThreadError::NotRunning);
        }
        if wish == Wish::Block && std::mem::take(&mut thread.permit) {
            thread.wakeup = Some(Wakeup::Woken);
            return Ok(Block::WokenBefore);
        }
        (thread.wish, thread.due) = (wish, due);
        if due.is_some() {
            thread.receive_due = None;
            self.set_timer(id);
        }
        self.stop_running(id, now);
        Ok(Block::Blocked)
    }

    fn wake(&mut self, id: ThreadId) -> Answer<()> {
        let thread = self.get(id)?;
        if thread.wish != Wish::Block {
            thread.permit = true;
            return Ok(());
        }
        (thread.wish, thread.due, thread.wakeup) = (Wish::Run, None, Some(Wakeup::Woken));
        if thread.receive_due.is_none() {
            self.timers.retain(|it| *it != id);
        }
        Ok(())
    }

    fn set_timer(&mut self, id: ThreadId) {
        self.timers.retain(|it| *it != id);
        self.timers.push(id);
    }

    /// As a thread that runs says of itself.
    fn end_wait_at(&mut self, id: ThreadId, at: Option<u64>) {
        let thread = self.get(id).unwrap();
        (thread.receive_due, thread.is_overdue) = (at, false);
        self.set_timer(id);
        if at.is_none() {
            self.timers.retain(|it| *it != id);
        }
    }

    fn stop_running(&mut self, id: ThreadId, now: u64) {
        if self.running.is_some_and(|it| it.0 == id) {
            self.charge(now);
        }
    }

    fn yield_now(&mut self, id: ThreadId, now: u64) -> Answer<()> {
        if self.get(id)?.wish != Wish::Run {
            return Err(ThreadError::NotRunning);
        }
        self.stop_running(id, now);
        self.move_last(id);
        Ok(())
    }

    fn suspend(&mut self, id: ThreadId, suspended: bool) -> Answer<()> {
        let thread = self.get(id)?;
        let ends_at_once = suspended && std::mem::take(&mut thread.is_overdue);
        thread.suspended = suspended && !ends_at_once;
        Ok(())
    }

    fn due(&mut self, id: ThreadId) -> u64 {
        let thread = self.get(id).unwrap();
        thread.receive_due.or(thread.due).unwrap()
    }

    fn charge(&mut self, now: u64) {
        let Some((id, since)) = self.running.take() else { return };
        let thread = self.get(id).unwrap();
        thread.used += now - since;
        if thread.used >= QUANTUM {
            self.move_last(id);
        }
    }

    fn expire(&mut self, now: u64) {
        loop {
            let timers = self.timers.clone();
            let Some(first) = timers.into_iter().min_by_key(|id| self.due(*id)) else { return };
            if self.due(first) > now {
                return;
            }
            self.timers.retain(|it| *it != first);
            let thread = self.get(first).unwrap();
            if thread.receive_due.take().is_some() {
                thread.is_overdue = !std::mem::take(&mut thread.suspended);
            } else {
                (thread.wish, thread.due, thread.wakeup) = (Wish::Run, None, Some(Wakeup::TimedOut));
            }
            self.settle();
        }
    }

    /// Who runs and until when.
    fn decide(&mut self, now: u64) -> (Option<ThreadId>, Option<u64>) {
        self.charge(now);
        self.expire(now);
        let timers = self.timers.clone();
        let due = timers.into_iter().map(|id| self.due(id)).min();
        let priority = |model: &mut Self, id| model.get(id).unwrap().priority;
        let turns = self.turns.clone();
        let Some(first) = turns.iter().copied().min_by_key(|id| priority(self, *id)) else { return (None, due) };
        let rank = priority(self, first);
        let equals = turns.iter().filter(|id| priority(self, **id) == rank).count();
        let left = QUANTUM.saturating_sub(self.get(first).unwrap().used);
        self.running = Some((first, now));
        let turn = (equals > 1).then_some(now + left);
        let wanted = [due, turn].into_iter().flatten().min().map(|at| at.max(1));
        let is_early = |set: u64| set > now && wanted.is_none_or(|wanted| set <= wanted);
        if !self.set_to.is_some_and(is_early) {
            self.set_to = wanted;
        }
        (Some(first), self.set_to)
    }

    /// The same, if it changes anything.
    fn reconsider(&mut self, now: u64) -> Option<(Option<ThreadId>, Option<u64>)> {
        let (running, set_to) = (self.running.map(|it| it.0), self.set_to);
        let decision = self.decide(now);
        let stays = decision.0.is_some() && decision.0 == running && self.set_to == set_to;
        (!stays).then_some(decision)
    }
}

/// What happens next; threads are picked among all that ever were.
#[derive(Clone, Debug)]
enum Operation {
    Create(u8),
    Exit(usize),
    Block(usize),
    BlockFor(usize, u64),
    SleepFor(usize, u64),
    Wake(usize),
    Yield(usize),
    Suspend(usize, bool),
    EndWait(usize, Option<u64>),
    /// Time goes by, and nobody decides.
    Pass(u64),
    Decide,
    Reconsider,
    /// The quick forms, of whoever was dispatched last.
    QuickYield,
    QuickBlock,
    QuickSleep(u64),
    QuickWake(usize),
    QuickWakeAndBlock(usize),
}

fn operation() -> impl Strategy<Value = Operation> {
    let who = 0usize..8;
    let length = 0u64..40;
    prop_oneof![
        2 => (0u8..4).prop_map(Operation::Create),
        1 => who.clone().prop_map(Operation::Exit),
        3 => who.clone().prop_map(Operation::Block),
        3 => (who.clone(), length.clone()).prop_map(|(who, length)| Operation::BlockFor(who, length)),
        2 => (who.clone(), length.clone()).prop_map(|(who, length)| Operation::SleepFor(who, length)),
        5 => who.clone().prop_map(Operation::Wake),
        2 => who.clone().prop_map(Operation::Yield),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, suspended)| Operation::Suspend(who, suspended)),
        2 => (who, prop::option::of(0u64..40)).prop_map(|(who, length)| Operation::EndWait(who, length)),
        8 => length.prop_map(Operation::Pass),
        8 => Just(Operation::Decide),
        4 => Just(Operation::Reconsider),
        4 => Just(Operation::QuickYield),
        4 => Just(Operation::QuickBlock),
        4 => (0u64..40).prop_map(Operation::QuickSleep),
        4 => (0usize..8).prop_map(Operation::QuickWake),
        6 => (0usize..8).prop_map(Operation::QuickWakeAndBlock),
    ]
}

struct Pair {
    real: Five,
    model: Model,
    ids: Vec<ThreadId>,
    now: u64,
}

impl Pair {
    /// One of the latest threads, so that both living and ended ones are met.
    fn pick(&self, who: usize) -> Option<ThreadId> {
        let back = who.checked_rem(self.ids.len())?;
        self.ids.iter().rev().nth(back).copied()
    }

    fn create(&mut self, priority: u8) {
        match self.real.create(self.ids.len() as u32, Priority(priority)) {
            Ok(id) => {
                assert!(!self.ids.contains(&id), "a name is used once");
                self.ids.push(id);
                self.model.create(id, priority);
            }
            Err(error) => assert_eq!((error, self.model.threads.len()), (CreateError::Exhausted, PLACES)),
        }
    }

    fn stop(&mut self, id: ThreadId, length: Option<u64>) {
        let due = length.map(|length| self.now + length);
        let real = match due {
            None => self.real.block(id, Instant(self.now)),
            Some(due) => self.real.block_until(id, Instant(due), Instant(self.now)),
        };
        assert_eq!(real, self.model.stop(id, Wish::Block, due, self.now));
    }

    fn sleep(&mut self, id: ThreadId, length: u64) {
        let due = self.now + length;
        let model = self.model.stop(id, Wish::Sleep, Some(due), self.now).map(drop);
        assert_eq!(self.real.sleep_until(id, Instant(due), Instant(self.now)), model);
    }

    fn decide(&mut self) {
        let decision = self.real.decide(Instant(self.now)).unwrap();
        assert_eq!(self.of(decision), self.model.decide(self.now));
    }

    fn reconsider(&mut self) {
        let decision = self.real.reconsider(Instant(self.now)).unwrap();
        assert_eq!(decision.map(|decision| self.of(decision)), self.model.reconsider(self.now));
    }

    /// A quick form leads to what the general ones lead to, or changes nothing.
    fn quick(&mut self, quick: Quick<u32>, general: impl FnOnce(&mut Model, u64)) {
        match quick {
            Quick::Unusual => return,
            Quick::Turn(turn) => {
                general(&mut self.model, self.now);
                self.model.settle();
                assert_eq!(self.of(turn.into()), self.model.decide(self.now));
            }
            Quick::Noted | Quick::Idle => {
                general(&mut self.model, self.now);
                self.model.settle();
                self.decide();
            }
            Quick::Stays => {
                general(&mut self.model, self.now);
                self.model.settle();
                assert_eq!(self.model.reconsider(self.now), None);
            }
        }
        QUICK.fetch_add(1, Ordering::Relaxed);
    }

    /// Who was dispatched last, with the kernel's name for it.
    fn running(&self) -> Option<(ThreadId, u32)> {
        let (id, _) = self.model.running?;
        Some((id, self.ids.iter().position(|it| *it == id)? as u32))
    }

    /// What the model would say of it.
    fn of(&self, decision: Decision<u32>) -> (Option<ThreadId>, Option<u64>) {
        let (id, until) = match decision {
            Decision::Run { thread, name, until, .. } => {
                assert_eq!(self.ids[name as usize], thread);
                (Some(thread), until)
            }
            Decision::Idle { until } => (None, until),
        };
        (id, until.map(|at| at.0))
    }

    fn apply(&mut self, operation: &Operation) -> Option<()> {
        match *operation {
            Operation::Create(priority) => self.create(priority),
            Operation::Exit(who) => {
                let id = self.pick(who)?;
                assert_eq!(self.real.exit(id), self.model.exit(id));
            }
            Operation::Block(who) => self.stop(self.pick(who)?, None),
            Operation::BlockFor(who, length) => self.stop(self.pick(who)?, Some(length)),
            Operation::SleepFor(who, length) => self.sleep(self.pick(who)?, length),
            Operation::Wake(who) => {
                let id = self.pick(who)?;
                assert_eq!(self.real.wake(id), self.model.wake(id));
            }
            Operation::Yield(who) => {
                let id = self.pick(who)?;
                assert_eq!(self.real.yield_now(id, Instant(self.now)), self.model.yield_now(id, self.now));
            }
            Operation::Suspend(who, suspended) => {
                let thread = self.pick(who)?;
                assert_eq!(self.real.apply(Event { thread, suspended }), self.model.suspend(thread, suspended));
            }
            Operation::EndWait(who, length) => {
                let (id, at) = (self.pick(who)?, length.map(|length| self.now + length));
                let wants_to_run = self.model.get(id).ok()?.wish == Wish::Run;
                wants_to_run.then(|| self.model.end_wait_at(id, at))?;
                assert_eq!(self.real.end_wait_at(id, at.map(Instant)), Ok(()));
            }
            Operation::Pass(length) => self.now += length,
            Operation::Decide => self.decide(),
            Operation::Reconsider => self.reconsider(),
            Operation::QuickYield => {
                let (id, name) = self.running()?;
                let quick = self.real.quick_yield(|is| is == name, Instant(self.now));
                self.quick(quick, |model, now| model.yield_now(id, now).unwrap());
            }
            Operation::QuickBlock => {
                let (id, name) = self.running()?;
                let quick = self.real.quick_block(|is| is == name, Instant(self.now));
                self.quick(quick, |model, now| _ = model.stop(id, Wish::Block, None, now).unwrap());
            }
            Operation::QuickSleep(length) => {
                let ((id, name), due) = (self.running()?, self.now + length);
                let quick = self.real.quick_sleep(|is| is == name, Instant(due), Instant(self.now));
                self.quick(quick, |model, now| _ = model.stop(id, Wish::Sleep, Some(due), now).unwrap());
            }
            Operation::QuickWakeAndBlock(who) => {
                let ((me, own), woken) = (self.running()?, self.pick(who)?);
                let name = self.real.name(woken).ok()?;
                let (me, to) = ((me, own), (woken.place(), |is| is == name));
                let quick = self.real.quick_wake_and_block((me.0.place(), |is| is == me.1), to, Instant(self.now));
                self.quick(quick, |model, now| {
                    model.wake(woken).unwrap();
                    let _ = model.stop(me.0, Wish::Block, None, now).unwrap();
                });
            }
            Operation::QuickWake(who) => {
                let id = self.pick(who)?;
                let name = self.real.name(id).ok()?;
                let quick = self.real.quick_wake((id.place(), |is| is == name), Instant(self.now));
                self.quick(quick, |model, _| model.wake(id).unwrap());
            }
        }
        Some(())
    }

    fn compare(&mut self) {
        self.model.settle();
        assert_eq!(self.real.free_places(), PLACES - self.model.threads.len());
        for thread in &self.model.threads {
            let expected = match (thread.wish, thread.permit) {
                (Wish::Run, false) => State::Running,
                (Wish::Run, true) => State::Woken,
                (Wish::Block, _) => State::Blocked,
                (Wish::Sleep, false) => State::Asleep,
                (Wish::Sleep, true) => State::AsleepWoken,
            };
            assert_eq!(self.real.state(thread.id), Ok(expected));
            assert_eq!(self.real.wakeup(thread.id), Ok(thread.wakeup));
        }
    }
}

/// How often a quick form was taken.
static QUICK: AtomicUsize = AtomicUsize::new(0);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    fn the_scheduler_does_what_the_model_does_in_any_case(operations in prop::collection::vec(operation(), 0..200)) {
        let mut pair = Pair { real: five(), model: Model::default(), ids: Vec::new(), now: 0 };
        for operation in &operations {
            let _ = pair.apply(operation);
            pair.compare();
        }
    }
}

#[test]
fn the_scheduler_does_what_the_model_does() {
    the_scheduler_does_what_the_model_does_in_any_case();
    let quick = QUICK.load(Ordering::Relaxed);
    assert!(quick > 1000, "the quick forms were taken {quick} times");
}
