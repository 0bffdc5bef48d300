//! What two others say of blockpoints of a core that sleeps: each that is to go on does, in the last epoch, and what was said of one that is
//! gone is not heard of the next in its place.

use crate::explore_many;
use crate::inbox::Bell;
use crate::word::{Explored, RELAXED, SOUND, SOUND_AND_MEETING, TORN_EXCHANGE};
use loom::thread;
use sched_sl::{Epoch, PointId, Said, Triggers, Wakes};
use std::sync::Arc;

/// Two blockpoints, the one after the other in one place.
const FIRST: PointId = PointId::from_word(1 << 16);
const NEXT: PointId = PointId::from_word(2 << 16);

const LAST: Epoch = Epoch(9);

struct Home<const FAULT: u8> {
    triggers: Triggers<Explored<FAULT>, 1>,
    bell: Bell,
}

impl<const FAULT: u8> Home<FAULT> {
    fn new() -> Arc<Self> {
        let home = Self { triggers: Triggers::default(), bell: Bell::new() };
        home.triggers.open(FIRST, 0);
        Arc::new(home)
    }

    fn tell(&self, epoch: Epoch, wakes: Wakes) {
        if self.triggers.tell(FIRST, epoch, wakes) == Ok(true) {
            self.bell.ring();
        }
    }

    fn heard(&self) -> Vec<(PointId, Said)> {
        let mut heard = Vec::new();
        self.triggers.take(|point, said| {
            heard.push((point, said));
            true
        });
        heard
    }
}

/// Two say that one may go on, the one of them in the last epoch; both do, and the last epoch is heard of.
fn two_let_one_go_on<const FAULT: u8>() {
    explore_many(|| {
        let home = Home::<FAULT>::new();
        let tellers = [Epoch(1), LAST].map(|epoch| {
            let home = home.clone();
            thread::spawn(move || home.tell(epoch, Wakes::One))
        });
        let mut all = home.heard();
        while all.len() < 2 {
            home.bell.sleep();
            all.extend(home.heard());
        }
        assert!(all.contains(&(FIRST, Said::Triggered(LAST, Wakes::One))), "one said that in the last epoch: {all:?}");
        tellers.into_iter().for_each(|teller| teller.join().unwrap());
        assert_eq!(home.heard(), [], "nobody said that");
    });
}

#[test]
fn as_many_go_on_as_were_let_and_in_the_last_epoch() {
    two_let_one_go_on::<SOUND>();
}

#[test]
#[should_panic]
fn what_is_said_in_two_steps_is_found_out() {
    two_let_one_go_on::<TORN_EXCHANGE>();
}

#[test]
#[should_panic(expected = "said that in the last epoch")]
fn an_epoch_that_is_raised_without_order_is_found_out() {
    two_let_one_go_on::<RELAXED>();
}

/// Who says something of a blockpoint, while its home gives it up and would make another in its place.
fn one_is_gone<const FAULT: u8>(say: fn(&Home<FAULT>), asks: bool) {
    explore_many(move || {
        let home = Home::<FAULT>::new();
        let other = home.clone();
        let teller = thread::spawn(move || say(&other));
        home.triggers.close(FIRST);
        let is_next = !asks || home.triggers.is_vacant(FIRST.place());
        if is_next {
            home.triggers.open(NEXT, 0);
        }
        let mut all = home.heard();
        teller.join().unwrap();
        all.extend(home.heard());
        assert!(all.iter().all(|(point, _)| *point != NEXT), "{all:?} was said of another");
        if is_next {
            let _ = home.triggers.tell(NEXT, Epoch(1), Wakes::All).unwrap();
            assert_eq!(home.heard(), [(NEXT, Said::Triggered(Epoch(1), Wakes::All))], "in its own epoch");
        }
        home.triggers.close(NEXT);
        assert!(home.triggers.is_vacant(NEXT.place()), "it is so again");
    });
}

fn triggers<const FAULT: u8>(home: &Home<FAULT>) {
    home.tell(LAST, Wakes::All);
}

fn frees<const FAULT: u8>(home: &Home<FAULT>) {
    let _ = home.triggers.tell_free(FIRST);
}

#[test]
fn what_is_said_of_a_blockpoint_that_is_gone_is_not_heard_of_the_next() {
    one_is_gone::<SOUND>(triggers, true);
    one_is_gone::<SOUND>(frees, true);
    one_is_gone::<SOUND_AND_MEETING>(triggers, true);
}

#[test]
#[should_panic(expected = "said of another")]
fn who_makes_the_next_without_asking_is_found_out() {
    one_is_gone::<SOUND>(frees, false);
}
