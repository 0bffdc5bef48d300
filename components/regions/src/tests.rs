//! Regions of components that are played in one process, by a memory manager that is.

mod bell;
mod channel;
mod played;

use crate::mapped::PAGE;
use crate::{Gift, Owned, Peer, Shared, View};
use memory_interface::MemoryError;
use played::{Component, Played, pair};
use runtime::{Caller, Word};
use std::vec;
use std::vec::Vec;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// What a picture is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Pixel {
    red: u16,
    green: u16,
    blue: u16,
}

const GREY: Pixel = Pixel { red: 7, green: 7, blue: 7 };

fn owned(component: &Component, count: usize) -> Owned<Pixel, Played> {
    Owned::new(component.source, count).unwrap()
}

#[test]
fn a_region_is_a_slice_of_zeroes_until_it_goes_back() {
    let [one, _] = pair();
    let mut picture = owned(&one, 1000);
    assert_eq!((picture.len(), one.pages()), (1000, 6000_u64.div_ceil(PAGE as u64)));
    assert!(picture.iter().all(|pixel| *pixel == Pixel { red: 0, green: 0, blue: 0 }));
    picture[999] = GREY;
    assert_eq!(picture.last(), Some(&GREY));
    drop(picture);
    assert_eq!(one.pages(), 0);
}

#[test]
fn what_is_given_is_the_takers_with_all_that_is_in_it() {
    let [one, two] = pair();
    let mut picture = owned(&one, 1000);
    picture.fill(GREY);
    let gift = picture.give(two.peer).unwrap();
    assert_eq!(Owned::take(two.source, two.peer, gift).unwrap_err(), MemoryError::NotYours, "that one gave nothing");
    let taken = Owned::take(two.source, one.peer, Gift::<Pixel>::from_word(gift.into_word())).unwrap();
    assert!(taken.len() == 1000 && taken.iter().all(|pixel| *pixel == GREY));
    assert_eq!(Owned::take(two.source, one.peer, gift).unwrap_err(), MemoryError::NotYours, "once");
    drop(taken);
    assert_eq!((one.pages(), two.pages()), (0, 0));
}

#[test]
fn what_nobody_takes_is_taken_back_and_what_is_refused_is_kept() {
    let [one, two] = pair();
    let gift = owned(&one, 3).give(two.peer).unwrap();
    let picture = Owned::take(one.source, one.peer, gift).unwrap();
    let (error, kept) = picture.give(Peer::from_word(99)).unwrap_err();
    assert_eq!((error, kept.len(), one.pages()), (MemoryError::NotPermitted, 3, 1));
    let (error, kept) = kept.share(Peer::from_word(99)).unwrap_err();
    assert_eq!(
        (error, kept.lend(Peer::from_word(99)).unwrap_err()),
        (MemoryError::NotPermitted, MemoryError::NotPermitted)
    );
}

#[test]
fn a_name_that_says_more_than_there_is_is_refused() {
    let [one, two] = pair();
    let name = |gift: Gift<Pixel>, change: u64| Gift::<Pixel>::from_word(gift.into_word().wrapping_add(change));
    let gift = owned(&one, 2).give(two.peer).unwrap();
    let no_pixels = [Gift::from_word(0), name(gift, 1), name(gift, 0_u64.wrapping_sub(12))];
    for wrong in no_pixels {
        assert_eq!(Owned::take(two.source, one.peer, wrong).unwrap_err(), MemoryError::WrongSize, "{wrong:?}");
    }
    assert_eq!(
        Owned::take(two.source, one.peer, name(gift, 6 * 4096)).unwrap_err(),
        MemoryError::WrongSize,
        "another page"
    );
    assert_eq!((one.pages(), two.pages()), (0, 0), "and what was taken for it is not kept");
    for count in [0, usize::MAX, 1 << 40] {
        assert_eq!(Owned::<Pixel, _>::new(one.source, count).unwrap_err(), MemoryError::WrongSize);
    }
}

#[test]
fn who_is_lent_a_region_reads_what_its_owner_writes_until_that_is_over() {
    let [one, two] = pair();
    let mut picture = owned(&one, 700);
    let loan = picture.lend(two.peer).unwrap();
    let view = View::open(two.source, one.peer, loan).unwrap();
    assert_eq!(View::open(two.source, one.peer, loan).unwrap_err(), MemoryError::Accepted);
    picture[699] = GREY;
    let mut copy = [Pixel { red: 1, green: 1, blue: 1 }; 3];
    assert_eq!((view.len(), view.get(699), view.get(700)), (700, Some(GREY), None));
    assert_eq!((view.read(698, &mut copy), view.read(697, &mut copy)), (None, Some(())));
    assert_eq!((copy[1].red, copy[2]), (0, GREY));
    drop(view);
    assert!(View::open(two.source, one.peer, loan).is_ok(), "who let go of it can open it again");
    picture.revoke().unwrap();
    assert_eq!(View::open(two.source, one.peer, loan).unwrap_err(), MemoryError::NotYours);
    assert_eq!(picture.revoke(), Ok(()), "nobody has it");
    assert_eq!(
        Shared::open(two.source, one.peer, crate::Share::<Pixel>::from_word(loan.into_word())).unwrap_err(),
        MemoryError::NotYours
    );
}

#[test]
fn what_is_shared_is_written_by_both_and_then_its_owners_alone() {
    let [one, two] = pair();
    let mut ours = owned(&one, 10).share(two.peer).unwrap();
    let mut theirs = Shared::open(two.source, one.peer, ours.name()).unwrap();
    ours.write(3, &[GREY; 2]).unwrap();
    theirs.write(9, &[GREY]).unwrap();
    assert_eq!((theirs.get(4), ours.get(9), ours.write(9, &[GREY; 2])), (Some(GREY), Some(GREY), None));
    let (error, theirs) = theirs.reclaim().unwrap_err();
    assert_eq!(error, MemoryError::NotYours);
    drop(theirs);
    let picture = ours.reclaim().unwrap();
    assert_eq!(picture.iter().filter(|pixel| **pixel == GREY).count(), 3);
    drop(picture);
    assert_eq!((one.pages(), two.mapped()), (0, 0));
}

#[test]
fn what_was_shared_with_one_that_ended_is_its_owners_alone_again() {
    let [one, two] = pair();
    let ours = owned(&one, 10).share(two.peer).unwrap();
    let lent = owned(&one, 10);
    lent.lend(two.peer).unwrap();
    core::mem::forget(Shared::open(two.source, one.peer, ours.name()).unwrap());
    two.end();
    assert_eq!((ours.reclaim().map(|picture| picture.len()).ok(), lent.revoke()), (Some(10), Ok(())));
}

/// However values lie to words: each is copied whole, and nothing beside it.
#[test]
fn copies_are_exact_wherever_they_start() {
    let [one, two] = pair();
    let mut bytes = Owned::<u8, _>::new(one.source, 64).unwrap().share(two.peer).unwrap();
    for (at, count) in (0..24).flat_map(|at| (0..40).map(move |count| (at, count))) {
        bytes.write(0, &[0xee; 64]).unwrap();
        let written: Vec<u8> = (1..=count as u8).collect();
        bytes.write(at, &written).unwrap();
        let mut all = vec![0; 64];
        bytes.read(0, &mut all).unwrap();
        let mut part = vec![0; count];
        bytes.read(at, &mut part).unwrap();
        assert_eq!((&all[at..at + count], &part), (&written[..], &written), "{count} at {at}");
        assert!(all.iter().enumerate().all(|(n, byte)| (at..at + count).contains(&n) || *byte == 0xee));
    }
}

#[test]
fn a_memory_manager_that_serves_another_is_asked_again() {
    let [one, _] = pair();
    one.busy_for(5);
    let region = Owned::<u64, _>::new(one.source, 1).unwrap();
    one.busy_for(5);
    drop(region);
    assert_eq!(one.pages(), 0);
    one.busy_for(u64::MAX);
    assert_eq!(Owned::<u64, _>::new(one.source, 1).unwrap_err(), MemoryError::Busy, "but not for ever");
}

#[test]
fn a_peer_is_whoever_calls_or_says_so() {
    let [one, two] = pair();
    assert_eq!(Peer::caller(Caller { token: two.peer.token(), thread: 0, core: 0 }), two.peer);
    assert_eq!(Peer::own(one.source), Ok(one.peer));
}
