//! What one client gives another: each step is held against who has which frame mapped, and how.

use super::*;
use memory_interface::MemoryError;

/// The frames that a client has mapped, with their rights, in the order of their addresses.
fn mapped(fake: &Fake, number: u64) -> Vec<(u64, u64)> {
    let frame = |(_, entry)| match entry {
        Entry::Mapped { frame, rights } => (frame, rights),
        Entry::Named { .. } => panic!("a name"),
    };
    pages(fake, number).into_iter().map(frame).collect()
}

/// What `two` has mapped of what `one` lends.
fn lent_page(one: &Served<'_, &'static Fake>, two: &Served<'_, &'static Fake>) -> (u64, u64) {
    let at = one.grant(1).unwrap();
    one.offer(at, 1, TWO, true).unwrap();
    (at, two.accept(ONE, at, true).unwrap().0)
}

/// However the owner ends it: whoever still has a pointer there reaches nothing, above all nothing of its own.
#[test]
fn where_something_was_taken_away_nothing_else_lies_until_the_address_is_released() {
    type End = fn(&Served<'_, &'static Fake>, &Served<'_, &'static Fake>, u64);
    let ends: [End; 4] = [
        |one, _, at| one.take_back(at).unwrap(),
        |one, _, at| one.give_back(at, 1).unwrap(),
        |one, _, at| one.give(at, 1, THREE).unwrap(),
        |_, maker, _| maker.end(ONE).unwrap(),
    ];
    for end in ends {
        let (fake, manager) = manager(100);
        let (one, two, maker) = (as_client(&manager, 1), as_client(&manager, 2), as_client(&manager, 4));
        let (at, there) = lent_page(&one, &two);
        end(&one, &maker, at);
        assert_eq!(pages(fake, 2), [], "it is unmapped");
        let (fresh, (_, other)) = (two.grant(1).unwrap(), lent_page(&one, &two));
        let given = one.grant(1).unwrap();
        one.give(given, 1, TWO).unwrap();
        let (taken, _) = two.take(ONE, given).unwrap();
        assert!(![fresh, other, taken].contains(&there), "neither memory nor a region");
        let before = pages(fake, 2);
        assert_eq!(two.release(there), Ok(()));
        assert_eq!(pages(fake, 2), before, "nothing is unmapped but what was, above all nothing newer");
        assert_eq!((two.release(there), two.grant(1)), (Err(MemoryError::NotYours), Ok(there)), "now it is free");
    }
}

#[test]
fn who_ends_leaves_no_address_taken() {
    let (_, manager) = manager(100);
    let (one, two, maker) = (as_client(&manager, 1), as_client(&manager, 2), as_client(&manager, 4));
    let at = two.grant(1).unwrap();
    two.offer(at, 1, ONE, true).unwrap();
    let (there, _) = one.accept(TWO, at, true).unwrap();
    two.take_back(at).unwrap();
    assert_ne!(one.grant(1), Ok(there));
    maker.end(ONE).unwrap();
    assert_eq!((one.release(there), one.grant(1)), (Err(MemoryError::NotYours), Ok(there)), "its next life has all");
}

#[test]
fn who_never_releases_what_is_gone_is_lent_no_more_in_the_end() {
    let (_, manager) = manager(100);
    let (one, two) = (as_client(&manager, 1), as_client(&manager, 2));
    let gone = || {
        let (at, there) = lent_page(&one, &two);
        one.give_back(at, 1).unwrap();
        there
    };
    let all: BTreeSet<_> = (0..2 * QUOTA).map(|_| gone()).collect();
    assert_eq!(all.len() as u64, 2 * QUOTA);
    let at = one.grant(1).unwrap();
    one.offer(at, 1, TWO, true).unwrap();
    assert_eq!(two.accept(ONE, at, true), Err(MemoryError::TooManyOffers), "of this owner");
    for there in all {
        two.release(there).unwrap();
    }
    assert!(two.accept(ONE, at, true).is_ok());
}

/// An owner that takes back what it lends keeps neither others from lending to the same component, nor all components from offers.
#[test]
fn what_is_gone_leaves_room_for_others() {
    use crate::offers::{Kind, OFFERS, Offer, Offers};
    let mut offers = Offers::new();
    let mut accept_and_end = |from: usize, page: u64, to: usize| {
        let offer = Offer { from, page, pages: 1, to, kind: Kind::Lent { writable: false }, at: None };
        let may = offers.add(offer).is_some() && offers.may_accept(&offer, 1000);
        let at = may.then_some(page);
        offers.find(from, page, to).into_iter().for_each(|offer| offer.at = at);
        offers.withdraw(|other| *other == Offer { at, ..offer });
        may
    };
    let mut accepted = |(from, to)| (0..1000).take_while(|page| accept_and_end(from, *page, to)).count();
    let counts = [(1, 9), (2, 9), (3, 9), (1, 8), (2, 7)].map(&mut accepted);
    assert!(counts.iter().all(|count| (1..OFFERS / 2).contains(count)), "{counts:?}");
    assert!(offers.add(Offer { from: 1, page: 0, pages: 1, to: 5, kind: Kind::Given, at: None }).is_some());
}

#[test]
fn what_is_offered_is_shared_with_whom_it_is_offered_to_until_it_is_taken_back() {
    let (fake, manager) = manager(100);
    let (one, two, three) = (as_client(&manager, 1), as_client(&manager, 2), as_client(&manager, 3));
    let at = one.grant(2).unwrap();
    assert_eq!(two.accept(ONE, at, false), Err(MemoryError::NotYours), "not offered yet");
    one.offer(at, 2, TWO, false).unwrap();
    assert_eq!(three.accept(ONE, at, false), Err(MemoryError::NotYours), "offered to another");
    assert_eq!(two.accept(TWO, at, false), Err(MemoryError::NotYours), "somebody else's");
    assert_eq!(two.take(ONE, at), Err(MemoryError::NotYours), "lent, and not given");
    assert_eq!(two.accept(ONE, at, true), Err(MemoryError::NotPermitted), "to be read");
    let (there, count) = two.accept(ONE, at, false).unwrap();
    assert_eq!((count, two.accept(ONE, at, false)), (2, Err(MemoryError::Accepted)));
    let read_only: Vec<_> = mapped(fake, 1).iter().map(|(frame, _)| (*frame, READ)).collect();
    assert_eq!(mapped(fake, 2), read_only);
    assert_ne!(two.grant(1), Ok(there), "the place is taken");
    one.take_back(at).unwrap();
    assert_eq!(pages(fake, 2).len(), 1);
    assert_eq!(two.accept(ONE, at, false), Err(MemoryError::NotYours));
    assert_eq!(one.take_back(at), Err(MemoryError::NotYours));
}

#[test]
fn nothing_is_given_to_whom_the_graph_does_not_name() {
    let (_, manager) = manager(100);
    let (one, two, three) = (as_client(&manager, 1), as_client(&manager, 2), as_client(&manager, 3));
    let [ours, theirs, others] = [&one, &two, &three].map(|client| client.grant(1).unwrap());
    assert_eq!(one.offer(ours, 1, THREE, true), Ok(()));
    for (client, at, to) in
        [(&three, others, ONE), (&two, theirs, THREE), (&one, ours, 0), (&one, ours, ONE), (&one, ours, 99)]
    {
        assert_eq!(client.offer(at, 1, to, false), Err(MemoryError::NotPermitted), "to {to}");
        assert_eq!(client.give(at, 1, to), Err(MemoryError::NotPermitted), "to {to}");
    }
    assert_eq!([one.token(), two.token()], [Ok(ONE), Ok(TWO)]);
}

#[test]
fn who_accepted_can_let_go_of_it_and_accept_again() {
    let (fake, manager) = manager(100);
    let (one, two) = (as_client(&manager, 1), as_client(&manager, 2));
    let at = one.grant(1).unwrap();
    one.offer(at, 1, TWO, true).unwrap();
    let (there, _) = two.accept(ONE, at, true).unwrap();
    assert_eq!((one.release(at), two.release(there + PAGE)), (Err(MemoryError::NotYours), Err(MemoryError::NotYours)));
    two.release(there).unwrap();
    assert_eq!((pages(fake, 2), two.release(there)), (Vec::new(), Err(MemoryError::NotYours)));
    assert!(two.accept(ONE, at, true).is_ok());
    assert_eq!(mapped(fake, 2), mapped(fake, 1));
}

#[test]
fn what_is_given_back_is_taken_from_those_who_accepted() {
    let (fake, manager) = manager(100);
    let (one, two) = (as_client(&manager, 1), as_client(&manager, 2));
    let at = one.grant(2).unwrap();
    one.offer(at, 2, TWO, true).unwrap();
    two.accept(ONE, at, true).unwrap();
    one.give_back(at + PAGE, 1).unwrap();
    assert_eq!(pages(fake, 2), []);
    assert_eq!(pages(fake, 1).len(), 1);
}

#[test]
fn what_is_given_is_nobodys_until_it_is_taken_and_then_the_others_alone() {
    let (fake, manager) = manager(100);
    let (one, two, three) = (as_client(&manager, 1), as_client(&manager, 2), as_client(&manager, 3));
    let at = one.grant(3).unwrap();
    let ours = mapped(fake, 1);
    one.offer(at, 3, THREE, false).unwrap();
    three.accept(ONE, at, false).unwrap();
    one.give(at + PAGE, 2, TWO).unwrap();
    assert_eq!((mapped(fake, 1), mapped(fake, 3)), (ours[..1].to_vec(), Vec::new()), "taken from all who had it");
    assert_eq!(one.left(), Ok((QUOTA - 3, 3)), "and still paid for by the giver");
    for refused in [one.give(at + PAGE, 1, TWO), one.offer(at + PAGE, 1, TWO, true), one.give_back(at + PAGE, 1)] {
        assert_eq!(refused, Err(MemoryError::NotYours));
    }
    assert_eq!(two.accept(ONE, at + PAGE, false), Err(MemoryError::NotYours), "given, and not lent");
    assert_eq!(three.take(ONE, at + PAGE), Err(MemoryError::NotYours), "given to another");
    assert_eq!(two.take(ONE, at + PAGE), Ok((address(0), 2)));
    assert_eq!(mapped(fake, 2), ours[1..]);
    assert_eq!((one.left(), two.left()), (Ok((QUOTA - 1, 1)), Ok((QUOTA - 2, 2))));
    assert_eq!(
        (two.take(ONE, at + PAGE), one.take(ONE, at + PAGE)),
        (Err(MemoryError::NotYours), Err(MemoryError::NotYours))
    );
    two.give_back(address(0), 2).unwrap();
    assert_eq!(one.grant(7), Ok(at + PAGE), "frames and addresses are free again");
}

#[test]
fn nobody_has_to_take_what_is_more_than_its_quota() {
    let (fake, manager) = manager(100);
    let (one, two) = (as_client(&manager, 1), as_client(&manager, 2));
    let at = one.grant(2).unwrap();
    let ours = mapped(fake, 1);
    two.grant(QUOTA - 1).unwrap();
    one.give(at, 2, TWO).unwrap();
    assert_eq!(two.take(ONE, at), Err(MemoryError::NoMemory));
    assert_eq!((one.take_back(at), one.take(ONE, at)), (Err(MemoryError::NotYours), Ok((at, 2))));
    assert_eq!((mapped(fake, 1), one.left()), (ours, Ok((QUOTA - 2, 2))), "it is the giver's again");
    assert_eq!(two.take(ONE, at), Err(MemoryError::NotYours));
}

#[test]
fn whoever_lives_no_more_has_nothing_and_lends_nothing() {
    let (fake, manager) = manager(100);
    let (one, two, maker) = (as_client(&manager, 1), as_client(&manager, 2), as_client(&manager, 4));
    let before = (fake.books.borrow().kernel.len(), fake.books.borrow().counts.len());
    one.grant(1).unwrap();
    assert_eq!(maker.end(ONE), Ok(()), "the first of whom the manager has anything mapped");
    for _ in 0..100 {
        let theirs = two.grant(2).unwrap();
        two.offer(theirs, 1, ONE, true).unwrap();
        two.give(theirs + PAGE, 1, ONE).unwrap();
        one.accept(TWO, theirs, true).unwrap();
        let at = one.grant(4).unwrap();
        one.offer(at, 1, TWO, true).unwrap();
        one.give(at + PAGE, 1, TWO).unwrap();
        one.lend(1).unwrap();
        let (there, _) = two.accept(ONE, at, true).unwrap();
        for not_the_maker in [&one, &two] {
            assert_eq!(not_the_maker.end(ONE), Err(MemoryError::NotPermitted));
        }
        assert_eq!((maker.end(ONE), pages(fake, 1)), (Ok(()), Vec::new()));
        assert_eq!(two.take(ONE, at + PAGE), Err(MemoryError::NotYours), "it is gone, too");
        assert_eq!((one.left(), two.left()), (Ok((QUOTA, 0)), Ok((QUOTA - 2, 2))));
        assert_eq!(mapped(fake, 2).len(), 1, "its own, and nothing of the other's");
        two.take(TWO, theirs + PAGE).unwrap();
        two.give_back(theirs, 2).unwrap();
        two.release(there).unwrap();
    }
    assert_eq!(before.0 + 3 + 3, fake.books.borrow().kernel.len(), "the nodes of two and of the manager");
    assert_eq!(before.1, fake.books.borrow().counts.len());
    assert_eq!(maker.end(TWO), Err(MemoryError::NotPermitted), "it is there from the start");
}

#[test]
fn what_was_lent_or_given_to_one_that_lives_no_more_is_its_owners_again() {
    let (_, manager) = manager(100);
    let (one, two, maker) = (as_client(&manager, 1), as_client(&manager, 2), as_client(&manager, 4));
    let at = two.grant(3).unwrap();
    let [accepted, lent, given] = [0, 1, 2].map(|page| at + page * PAGE);
    two.offer(accepted, 1, ONE, true).unwrap();
    two.offer(lent, 1, ONE, true).unwrap();
    two.give(given, 1, ONE).unwrap();
    one.accept(TWO, accepted, true).unwrap();
    maker.end(ONE).unwrap();
    for nothing in [accepted, lent, given] {
        assert_eq!(one.accept(TWO, nothing, true), Err(MemoryError::NotYours), "it was its last life's");
        assert_eq!(one.take(TWO, nothing), Err(MemoryError::NotYours), "likewise");
    }
    assert_eq!([two.take_back(accepted), two.take_back(lent)], [Err(MemoryError::NotYours); 2], "nobody has it");
    assert_eq!(two.take(TWO, given), Ok((given, 1)));
}

/// What is over for one core, and not for another, is not over: nobody is told so, and nobody has what may still be seen.
#[test]
fn nothing_is_over_for_as_long_as_a_core_does_not_answer() {
    let (fake, manager) = manager(100);
    let (one, two, maker) = (as_client(&manager, 1), as_client(&manager, 2), as_client(&manager, 4));
    let ends: [&dyn Fn(u64) -> memory_interface::Result<()>; 4] =
        [&|at| one.take_back(at), &|at| one.give_back(at, 1), &|at| one.give(at, 1, THREE), &|_| maker.end(ONE)];
    for end in ends {
        let (at, there) = lent_page(&one, &two);
        fake.is_deaf.set(true);
        assert_eq!([end(at), end(at)], [Err(MemoryError::Busy); 2]);
        assert_eq!(
            (mapped(fake, 2).len(), two.accept(ONE, at, true)),
            (0, Err(MemoryError::Accepted)),
            "it is one still"
        );
        fake.is_deaf.set(false);
        assert_eq!((end(at), two.release(there)), (Ok(()), Ok(())), "and can be ended");
    }
    let at = two.grant(1).unwrap();
    fake.is_deaf.set(true);
    two.give(at, 1, ONE).unwrap();
    assert_eq!((one.take(TWO, at), two.take(TWO, at)), (Err(MemoryError::Busy), Err(MemoryError::Busy)));
    fake.is_deaf.set(false);
    assert_eq!(one.take(TWO, at).map(|(_, pages)| pages), Ok(1));
}

#[test]
fn offers_have_an_end_and_some_are_left_for_others() {
    let (_, manager) = manager(100);
    let (one, two) = (as_client(&manager, 1), as_client(&manager, 2));
    let at = one.grant(1).unwrap();
    one.offer(at, 1, TWO, false).unwrap();
    assert_eq!(one.offer(at, 1, TWO, false), Err(MemoryError::TooManyOffers), "each page once to each");
    let mut offers = crate::offers::Offers::new();
    let offer =
        |from, page| crate::offers::Offer { from, page, pages: 1, to: 9, kind: crate::offers::Kind::Given, at: None };
    let greedy = (0..1000).take_while(|page| offers.add(offer(1, *page)).is_some()).count();
    let other = (0..1000).take_while(|page| offers.add(offer(2, *page)).is_some()).count();
    assert_eq!((greedy, other), (128, 64));
    assert!(two.left().is_ok());
}
