//! Registration and waiting, over a scheduler and pages that are played by hand.

extern crate std;

use super::*;
use core::cell::{Cell, RefCell};
use runtime::CallError;
use std::collections::VecDeque;
use std::vec::Vec;

/// Pages 0 and 1 are those of the client with token 4, page 2 is that of token 5.
struct Played {
    /// What the server answers.
    served: Cell<Result<[u64; 2]>>,
    /// And before that.
    next: RefCell<VecDeque<Result<[u64; 2]>>>,
    /// What the header says, look by look: the last is first.
    waits: RefCell<Vec<bool>>,
    log: RefCell<Vec<&'static str>>,
}

impl Played {
    fn new(served: Result<[u64; 2]>, waits: &[bool]) -> Self {
        Self {
            served: Cell::new(served),
            next: RefCell::default(),
            waits: RefCell::new(waits.to_vec()),
            log: RefCell::default(),
        }
    }
}

impl Pager for &Played {
    fn page(&self, number: u64) -> Option<PageEdge> {
        Some(PageEdge { client: owner(number)?, serve: 20 + number, header: 0 })
    }

    fn serve(&self, _: u64) -> Result<[u64; 2]> {
        self.log.borrow_mut().push("serve");
        self.next.borrow_mut().pop_front().unwrap_or(self.served.get())
    }

    fn wait_for_client(&self, _: u64) -> Option<u64> {
        self.log.borrow_mut().push("announce");
        Some(77).filter(|_| !self.waits.borrow().is_empty())
    }

    fn waits_on(&self, _: u64, epoch: u64) -> bool {
        assert_eq!(epoch, 77);
        self.waits.borrow_mut().pop().unwrap()
    }
}

impl Sched for &Played {
    fn yield_now(&self) -> sched_interface::Result<()> {
        Ok(())
    }

    fn block(&self) -> sched_interface::Result<()> {
        self.log.borrow_mut().push("block");
        Ok(())
    }

    fn block_until(&self, _: u64) -> sched_interface::Result<bool> {
        Ok(true)
    }

    fn sleep_until(&self, _: u64) -> sched_interface::Result<()> {
        Ok(())
    }

    fn wake(&self, _: u64) -> sched_interface::Result<()> {
        Ok(())
    }

    fn create(&self, _: u64) -> sched_interface::Result<u64> {
        Ok(0)
    }

    fn background(&self) -> sched_interface::Result<()> {
        Ok(())
    }

    fn frequency(&self) -> sched_interface::Result<u64> {
        Ok(1)
    }
    sched_interface::not_asked!(points, exchange, ends, cores);
}

fn paged<'s>(
    played: &'s Played,
    registered: &'s Registered,
    token: u64,
) -> Paged<'s, impl Fn() -> &'s Played + Copy, &'s Played> {
    Paged { sched: move || played, pager: played, registered, token }
}

#[test]
fn a_page_is_registered_once_and_by_its_client() {
    let (played, registered) = (Played::new(Ok([0, 0]), &[]), Registered::new());
    let client = paged(&played, &registered, 4);
    assert_eq!(client.wait(1), Err(PagesError::NoSuchPage), "not yet");
    assert_eq!((client.register(1), client.register(1)), (Ok(()), Err(PagesError::Registered)));
    for foreign in [2, 3, PAGES as u64, u64::MAX] {
        assert_eq!(
            (client.register(foreign), client.wait(foreign)),
            (Err(PagesError::NoSuchPage), Err(PagesError::NoSuchPage))
        );
    }
    let other = paged(&played, &registered, 5);
    assert_eq!((other.register(1), other.register(2)), (Err(PagesError::NoSuchPage), Ok(())));
    assert_eq!(other.wait(1), Err(PagesError::NoSuchPage), "it is another's");
    assert!(played.log.borrow().is_empty());
}

#[test]
fn a_page_is_registered_and_forgotten_any_number_of_times() {
    let (played, registered) = (Played::new(Ok([1, 0]), &[]), Registered::new());
    let (client, other) = (paged(&played, &registered, 4), paged(&played, &registered, 5));
    for _ in 0..10_000 {
        assert_eq!((client.unregister(1), client.register(1)), (Err(PagesError::NoSuchPage), Ok(())));
        assert_eq!(
            (other.unregister(1), other.unregister(u64::MAX)),
            (Err(PagesError::NoSuchPage), Err(PagesError::NoSuchPage))
        );
        assert_eq!(
            (client.wait(1), client.unregister(1), client.wait(1)),
            (Ok(1), Ok(()), Err(PagesError::NoSuchPage))
        );
    }
}

/// What a wait does, and what it answers.
fn wait(served: Result<[u64; 2]>, waits: &[bool]) -> (Result<u64>, Vec<&'static str>) {
    let (played, registered) = (Played::new(served, waits), Registered::new());
    let client = paged(&played, &registered, 4);
    client.register(0).unwrap();
    let result = client.wait(0);
    (result, played.log.take())
}

#[test]
fn who_waits_is_served_once_and_blocked_only_if_it_still_waits() {
    assert_eq!(wait(Ok([0b101, 0]), &[]), (Ok(0b101), ["serve"].to_vec()));
    assert_eq!(wait(Ok([0, 0]), &[]), (Ok(0), ["serve", "announce"].to_vec()), "results came meanwhile");
    assert_eq!(wait(Ok([0, 0]), &[false]), (Ok(0), ["serve", "announce"].to_vec()), "and were shown");
    // Whoever woke it may have another reason: it looks for itself, and comes again.
    assert_eq!(wait(Ok([0, 0]), &[true]), (Ok(0), ["serve", "announce", "block"].to_vec()));
}

/// Serving by serving.
fn wait_for(servings: &[Result<[u64; 2]>]) -> (Result<u64>, usize) {
    let (played, registered) = (Played::new(Ok([0, 0]), &[]), Registered::new());
    played.next.borrow_mut().extend(servings);
    let client = paged(&played, &registered, 4);
    client.register(0).unwrap();
    (client.wait(0), played.log.take().len())
}

#[test]
fn what_a_server_leaves_is_served_first_and_not_for_ever() {
    let (more, done) = (Ok([0, MORE]), Ok([0b10, 0]));
    assert_eq!(wait_for(&[more, more, done]), (Ok(0b10), 3));
    assert_eq!(wait_for(&[more, Ok([0, 0])]), (Ok(0), 3), "then it waits");
    assert_eq!(wait_for(&[more, Ok([1, MORE])]), (Ok(1), 2), "the client comes again for what is left");
    assert_eq!(wait(more, &[true]).0, Err(PagesError::Unanswered));
    assert_eq!(wait(more, &[true]).1, ["serve"; ENTRIES + 1], "and nobody waits");
    let faulted = Err(PagesError::Call(CallError::Kernel(abi::error::Error::Faulted)));
    assert_eq!(wait_for(&[more, faulted]), (Err(PagesError::Call(CallError::Kernel(abi::error::Error::Faulted))), 2));
}

#[test]
fn a_fault_of_the_server_is_the_clients_to_know() {
    let faulted = PagesError::Call(CallError::Kernel(abi::error::Error::Faulted));
    assert_eq!(wait(Err(faulted), &[]), (Err(faulted), ["serve"].to_vec()));
}

/// Whose page this is.
fn owner(page: u64) -> Option<u64> {
    [4, 4, 5].get(usize::try_from(page).ok()?).copied()
}

/// Numbers of pages that there are, that there are not, and such as no table has.
const NUMBERS: [u64; 9] = [0, 1, 2, 3, PAGES as u64 - 1, PAGES as u64, u64::MAX - 1, u64::MAX, 1 << 63];

#[test]
fn whatever_is_asked_a_page_is_its_clients_alone_and_known_or_not() {
    let (played, registered) = (Played::new(Ok([1, 0]), &[]), Registered::new());
    let mut known = [false; 3];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..100_000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let number = NUMBERS[(random % 9) as usize];
        // Of components that have pages, that have none, and that there are not.
        let token = [0, 4, 5, 6, u64::MAX - 1][(random >> 8) as usize % 5];
        let client = paged(&played, &registered, token);
        let place = known.get_mut(number as usize).filter(|_| owner(number) == Some(token));
        let expected = |is_known: bool, error| if is_known { Ok(()) } else { Err(error) };
        match (random >> 16) % 3 {
            0 => {
                let free = place.map(|place| !core::mem::replace(place, true));
                let error = if free.is_some() { PagesError::Registered } else { PagesError::NoSuchPage };
                assert_eq!(client.register(number), expected(free == Some(true), error), "{token} {number}");
            }
            1 => {
                let was = place.is_some_and(core::mem::take);
                assert_eq!(client.unregister(number), expected(was, PagesError::NoSuchPage), "{token} {number}");
            }
            _ => {
                let is_known = place.is_some_and(|place| *place);
                assert_eq!(client.wait(number).map(drop), expected(is_known, PagesError::NoSuchPage));
                assert_eq!(played.log.take().len(), usize::from(is_known), "nothing is served but that");
            }
        }
    }
}

#[test]
fn of_threads_that_register_a_page_at_once_one_does_and_of_those_that_forget_it_one() {
    let registered = Registered::new();
    let count = |ask: &(dyn Fn(&Registered) -> Result<()> + Sync)| {
        std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(|| ask(&registered)));
            threads.into_iter().filter_map(|thread| thread.join().ok()).filter(Result::is_ok).count()
        })
    };
    for _ in 0..200 {
        let each = [count(&|all| all.add(1, 4)), count(&|all| all.remove(1, 5)), count(&|all| all.remove(1, 4))];
        assert_eq!(each, [1, 0, 1]);
    }
}
