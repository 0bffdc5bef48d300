//! What cores leave for each other: nothing is lost, and nobody waits.

use super::fake::{Fake, World, index_of_client};
use crate::shared::Shared;
use crate::shared::mail::{ARRIVE, START, WAKE};
use abi::event::What;
use sched_interface::{Sched, SchedError};
use sched_sl::{Epoch, PointId, Quiet, Said, Wakes};
use std::boxed::Box;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::vec::Vec;

const CORES: u64 = 0b11;

fn shared(homes: &[u32]) -> Box<Shared> {
    let shared = Box::<Shared>::default();
    for (index, home) in (0..).zip(homes) {
        shared.enter(index, *home, 8).unwrap();
    }
    shared
}

fn taken(shared: &Shared, core: u32) -> Vec<(u64, u8)> {
    let mut all = Vec::new();
    shared.take(core, |index, what| all.push((index, what)));
    all.sort_unstable();
    all
}

#[test]
fn mail_is_taken_once_and_by_the_core_whose_thread_it_is_for() {
    let machine = &World::new(&[]).fake;
    let shared = shared(&[0, 1, 1]);
    for (index, what) in [(1, WAKE), (2, START), (1, ARRIVE), (0, WAKE), (1, WAKE)] {
        shared.send(machine, index, what);
    }
    assert_eq!(taken(&shared, 1), [(1, WAKE | ARRIVE), (2, START)]);
    assert_eq!((taken(&shared, 1), taken(&shared, 0)), ([].into(), [(0, WAKE)].into()));
    shared.send(machine, 1, WAKE);
    assert_eq!(taken(&shared, 1), [(1, WAKE)]);
    for nobody in [3, 5_000, u64::MAX] {
        shared.send(machine, nobody, WAKE);
    }
    assert_eq!([taken(&shared, 0), taken(&shared, 1)], [[].into(), [].into()] as [Vec<_>; 2]);
}

#[test]
fn no_wake_up_is_lost_between_cores() {
    const THREADS: u64 = 5;
    const ROUNDS: u64 = 20_000;
    let machine = &World::new(&[]).fake;
    let shared = shared(&[0; THREADS as usize]);
    let said: [AtomicU64; THREADS as usize] = Default::default();
    let mut heard = [0; THREADS as usize];
    std::thread::scope(|scope| {
        for sender in 0..3 {
            let (shared, said) = (&shared, &said);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let index = (round * (sender + 1)) % THREADS;
                    said[index as usize].fetch_add(1, Release);
                    shared.send(machine, index, WAKE);
                }
            });
        }
        while heard.iter().sum::<u64>() < 3 * ROUNDS {
            shared.take(0, |index, what| {
                assert_eq!(what, WAKE);
                heard[index as usize] = said[index as usize].load(Acquire);
            });
        }
    });
    assert_eq!(taken(&shared, 0), [], "there is no mail without something said");
}

/// Names of blockpoints that there have been, one of them not any more; their owner is the client number 2.
fn points(shared: &Shared) -> [PointId; 3] {
    let all = [1 << 16, 1 << 16 | 1, 7 << 16 | 2].map(PointId::from_word);
    let triggers = shared.triggers(1).unwrap();
    all.into_iter().for_each(|point| triggers.open(point, 2));
    triggers.close(all[1]);
    all
}

fn said(shared: &Shared) -> Vec<(u64, Said)> {
    let mut all = Vec::new();
    shared.triggers(1).unwrap().take(|point, said| {
        all.push((point.to_word(), said));
        true
    });
    all
}

const fn triggered(epoch: u64, wakes: Wakes) -> Said {
    Said::Triggered(Epoch(epoch), wakes)
}

#[test]
fn what_is_said_of_a_blockpoint_of_another_core_is_taken_in_once_and_as_often_as_it_was_said() {
    let machine = &World::new(&[]).fake;
    let shared = shared(&[]);
    let nobodys = PointId::from_word(0);
    assert_eq!(shared.send_trigger(machine, 1, nobodys, (Epoch(1), Wakes::All)), Err(SchedError::NoSuchPoint));
    let [first, gone, third] = points(&shared);
    let tell = |point, epoch, wakes| shared.send_trigger(machine, 1, point, (Epoch(epoch), wakes));
    assert_eq!(shared.triggers(1).unwrap().owner(first), Some(2));
    for (point, home) in
        [(gone, 1), (PointId::from_word(0), 1), (PointId::from_word(2 << 16), 1), (first, 0), (first, 9)]
    {
        assert_eq!(shared.send_trigger(machine, home, point, (Epoch(1), Wakes::All)), Err(SchedError::NoSuchPoint));
    }
    assert_eq!([tell(first, 3, Wakes::One), tell(first, 2, Wakes::One), tell(third, 9, Wakes::All)], [Ok(()); 3]);
    assert_eq!(shared.fall_quiet(1, CORES), Quiet::No);
    let (first, third) = (first.to_word(), third.to_word());
    let (all, one) = (triggered(9, Wakes::All), triggered(3, Wakes::One));
    assert_eq!(said(&shared), [(third, all), (first, one), (first, one)]);
    shared.look(1);
    assert_eq!((said(&shared), shared.fall_quiet(1, CORES)), (Vec::new(), Quiet::Yes));
}

#[test]
fn a_blockpoint_that_is_given_up_on_another_core_is_so_whatever_else_is_said_of_it() {
    let machine = &World::new(&[]).fake;
    let shared = shared(&[]);
    let [first, gone, _] = points(&shared);
    assert_eq!(shared.send_free(machine, 1, gone), Err(SchedError::NoSuchPoint));
    for _ in 0..2 {
        shared.send_trigger(machine, 1, first, (Epoch(1), Wakes::All)).unwrap();
        shared.send_free(machine, 1, first).unwrap();
        shared.send_trigger(machine, 1, first, (Epoch(2), Wakes::One)).unwrap();
        assert_eq!(shared.fall_quiet(1, CORES), Quiet::No, "it hears of that");
        assert_eq!(said(&shared), [(first.to_word(), Said::Freed)]);
    }
}

/// The next blockpoint in the place of one that was given up is another's, or may be.
#[test]
fn what_is_on_its_way_to_a_blockpoint_that_is_gone_does_not_come_to_the_next_in_its_place() {
    let machine = &World::new(&[]).fake;
    let shared = shared(&[]);
    let [first, ..] = points(&shared);
    let home = shared.triggers(1).unwrap();
    let ways: [fn(&Shared, &&'static Fake, PointId) -> _; 2] = [
        |shared, machine, point| shared.send_trigger(machine, 1, point, (Epoch(u64::MAX), Wakes::All)),
        |shared, machine, point| shared.send_free(machine, 1, point),
    ];
    for say in ways {
        say(&shared, machine, first).unwrap();
        home.close(first);
        assert!(!home.is_vacant(first.place()), "something is on its way there");
        let heard = said(&shared);
        assert!(heard.iter().all(|(point, _)| *point == 0), "{heard:?}: there is no blockpoint there");
        assert!(home.is_vacant(first.place()));
        home.open(first, 2);
    }
}

#[test]
fn a_new_blockpoint_is_not_where_something_is_on_its_way_to_one_that_is_gone() {
    let world = World::new(&[(16, &[])]);
    world.main(0, move |me| {
        let gone = me.sched().create_point().unwrap();
        let trigger = (Epoch(u64::MAX), Wakes::All);
        world.scheduler.shared.send_trigger(&world.fake, 0, PointId::from_word(gone), trigger).unwrap();
        me.sched().free_point(gone).unwrap();
        let next = me.sched().create_point().unwrap();
        assert_ne!(PointId::from_word(next).place(), PointId::from_word(gone).place());
    });
    assert_eq!(world.run(), Ok(0));
}

#[test]
fn no_trigger_is_lost_between_cores() {
    const ROUNDS: u64 = 20_000;
    let machine = &World::new(&[]).fake;
    let shared = shared(&[]);
    let [first, _, third] = points(&shared);
    let mut heard = [0; 2];
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for round in 1..=ROUNDS {
                    let (point, wakes) = if round % 2 == 0 { (first, Wakes::One) } else { (third, Wakes::All) };
                    shared.send_trigger(machine, 1, point, (Epoch(round), wakes)).unwrap();
                }
            });
        }
        // Each of the first is heard of on its own; of the others, the last one at least.
        while heard != [3 * ROUNDS / 2, ROUNDS - 1] {
            shared.triggers(1).unwrap().take(|point, said| {
                match said {
                    Said::Triggered(_, Wakes::One) if point == first => heard[0] += 1,
                    Said::Triggered(epoch, Wakes::All) if point == third => heard[1] = heard[1].max(epoch.0),
                    _ => panic!("{point:?}: nobody said {said:?}"),
                }
                true
            });
        }
    });
    // What one said last of the others may still be there, if another had said as much; and nothing else, and that once.
    let left = said(&shared);
    assert!(
        [0, 1].contains(&left.len())
            && left.iter().all(|told| *told == (third.to_word(), triggered(ROUNDS - 1, Wakes::All)))
    );
    assert_eq!(said(&shared), [], "and of none twice");
}

#[test]
fn a_thread_that_the_kernel_does_not_let_go_goes_on_here_and_is_told_so() {
    let world = World::new(&[(16, &[]), (16, &[])]);
    world.fake.runs_on(CORES);
    world.fake.keep_here(index_of_client(0));
    world.main(0, |me| {
        for _ in 0..2 {
            assert_eq!(me.sched().migrate(1), Err(SchedError::BoundToCore));
        }
        me.log("is here");
        me.sched().yield_now().unwrap();
    });
    world.main(1, |me| me.log("another"));
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.log(), ["another", "is here"]);
    assert_eq!(world.fake.moved(), []);
}

#[test]
fn who_calls_a_thread_that_is_about_to_move_is_told_where_it_went() {
    let world = World::with_reach(&[(16, &[]), (16, &[])], &[(1, 0)]);
    world.fake.runs_on(CORES);
    world.fake.send_to_who_moves(1);
    world.main(0, |me| {
        me.sched().background().unwrap();
        me.sched().migrate(1).unwrap();
    });
    world.main(1, |me| {
        assert_eq!(me.sched().exchange(index_of_client(0), 1), Err(SchedError::OnAnotherCore));
    });
    assert_eq!(world.run(), Ok(0));
    assert_eq!(world.fake.moved(), [(index_of_client(0), 1)]);
}

#[test]
fn what_is_sent_to_a_thread_that_moves_comes_with_its_arrival() {
    let machine = &World::new(&[]).fake;
    let shared = shared(&[0]);
    shared.send_arrival(machine, (0, 1), false, true);
    shared.send(machine, 0, WAKE);
    assert_eq!((taken(&shared, 0), taken(&shared, 1)), ([].into(), [(0, ARRIVE | WAKE)].into()));
    // What was on its way to its old home has it arrive from there.
    shared.send(machine, 0, WAKE);
    shared.send_arrival(machine, (0, 2), false, false);
    assert_eq!((taken(&shared, 2), taken(&shared, 1)), ([].into(), [(0, ARRIVE | WAKE)].into()));
}

#[test]
fn a_core_with_mail_is_not_quiet_and_all_are_only_together() {
    let machine = &World::new(&[]).fake;
    let shared = shared(&[0, 1]);
    assert_eq!(shared.fall_quiet(0, CORES), Quiet::Yes);
    assert_eq!(shared.fall_quiet(0, CORES), Quiet::Yes, "it is counted once");
    // The other core wakes a thread here and has nothing else to do: this one has.
    shared.send(machine, 0, WAKE);
    assert_eq!(shared.fall_quiet(1, CORES), Quiet::Yes);
    assert_eq!(shared.fall_quiet(0, CORES), Quiet::No);
    assert!(!shared.is_stuck());
    shared.look(0);
    assert_eq!(taken(&shared, 0), [(0, WAKE)]);
    assert_eq!(shared.fall_quiet(0, CORES), Quiet::ForEver);
    assert!(shared.is_stuck());
}

#[test]
fn a_core_has_so_many_places_and_they_come_back() {
    let shared = shared(&[0; 8]);
    assert_eq!(shared.enter(8, 0, 8), Err(sched_interface::SchedError::TooLarge));
    assert_eq!((shared.enter(8, 1, 8), shared.home(8)), (Ok(()), Some(1)));
    shared.leave(3, 0);
    assert_eq!((shared.home(3), shared.enter(9, 0, 8)), (None, Ok(())));
    assert_eq!(shared.enter(10, abi::plan::CORES as u32, 8), Err(sched_interface::SchedError::TooLarge));
}

#[test]
fn all_parts_count_from_when_the_first_one_starts() {
    let shared = shared(&[]);
    assert_eq!([700, 900, 100].map(|now| shared.origin(now)), [700; 3]);
}

#[test]
fn one_part_alone_tells_the_status() {
    let shared = shared(&[]);
    shared.await_one();
    assert_eq!(shared.outcome(), None);
    [0, 7, 9].into_iter().for_each(|status| shared.note(status));
    shared.await_less();
    assert_eq!([shared.outcome(), shared.outcome()], [Some(7), Some(0)]);
}

/// A thread of little urgency says something to the other core, and an urgent one, which comes after so many ticks, says the same: who has
/// been told of it by the time that the urgent one goes on?
fn says_the_same(urgent_at: u64, say: fn(&crate::Call<'static, &'static Fake>) -> sched_interface::Result<()>) {
    let world = World::new(&[(16, &[3])]);
    let shared = world.scheduler.shared;
    shared.learn(ELSEWHERE, 0).unwrap();
    shared.enter(ELSEWHERE, 1, 8).unwrap();
    shared.triggers(1).unwrap().open(POINT, 0);
    world.main(0, move |me| {
        me.sched().create(2).unwrap();
        say(&me.sched()).unwrap();
        me.work(200);
    });
    world.created(0, 0, 2, move |me| {
        me.sched().sleep_until(urgent_at).unwrap();
        say(&me.sched()).unwrap();
        assert_ne!(world.fake.calls(), 0, "nobody has told the other core, and the urgent thread came at {urgent_at}");
        What::Ended(0)
    });
    assert_eq!(world.run(), Ok(0));
}

/// A thread and a blockpoint of the other core.
const ELSEWHERE: u64 = 200;
const POINT: PointId = PointId::from_word(1 << 16);

#[test]
fn what_is_said_to_another_core_does_not_wait_for_who_began_to_say_the_same() {
    for urgent_at in 0..150 {
        says_the_same(urgent_at, |sched| sched.wake(ELSEWHERE));
        says_the_same(urgent_at, |sched| sched.trigger_elsewhere(1, POINT.to_word(), 1, Wakes::All));
        says_the_same(urgent_at, |sched| sched.free_elsewhere(1, POINT.to_word()));
    }
}
