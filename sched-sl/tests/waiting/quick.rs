//! The quick forms beside the general ones.

use super::*;
use proptest::prelude::*;

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
