//! Each rule by one example.

use super::*;

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
    let mut allocate = |owner, most| world.points.allocate(owner, most, |_| true);
    let first = allocate(7, 2).unwrap();
    let _ = allocate(7, 2).unwrap();
    assert_eq!(allocate(7, 2), Err(WaitError::Exhausted), "its own");
    let _ = allocate(8, 2).unwrap();
    assert_eq!(allocate(9, 2), Err(WaitError::Exhausted), "all");
    assert_eq!((world.free(first), world.points.owner(first)), (Ok(()), Err(WaitError::NoSuchPoint)));
    let again = world.points.allocate(9, 2, |_| true).unwrap();
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
