//! The manager against a kernel that keeps books of its own.

mod regions;

use super::*;
use crate::kernel::address;
use abi::error::Error as Refusal;
use abi::layout::{PAGE, READ, WRITE};
use abi::management::Managed;
use abi::operation::{PageTableOperation, TableOperation};
use core::result::Result;
use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

const UNTYPED: u64 = 0x4000_0000_0000;
const OWN_TABLE: u64 = 8;
const OWN_PAGE_TABLE: u64 = 9;
const QUOTA: u64 = 8;

/// Tokens of clients.
const ONE: u64 = 2;
const TWO: u64 = 3;
const THREE: u64 = 4;

/// What a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Mapped { frame: u64, rights: u64 },
    Named { frame: u64 },
}

#[derive(Default)]
struct Books {
    pages: BTreeMap<(u64, u64), Entry>,
    /// The frames of nodes: of this page table, at this level, the so manieth.
    nodes: BTreeMap<(u64, u64, u64), u64>,
    /// Mappings of each frame that is memory.
    counts: BTreeMap<u64, u64>,
    /// Frames that are nodes.
    kernel: BTreeSet<u64>,
    /// Frames given up since the last time that no core had anything in use.
    pending: BTreeSet<u64>,
}

impl Books {
    fn claim(&mut self, name: u64) -> Result<u64, Refusal> {
        let frame = (name - UNTYPED) / PAGE;
        if self.counts.contains_key(&frame) || self.kernel.contains(&frame) {
            return Err(Refusal::FrameState);
        }
        if self.pending.contains(&frame) { Err(Refusal::NotQuiescent) } else { Ok(frame) }
    }

    fn place(&mut self, table: u64, at: u64, entry: Entry) -> Result<(), Refusal> {
        if !self.nodes.contains_key(&(table, 1, at / (PAGE << 9))) {
            return Err(Refusal::NoNode);
        }
        if self.pages.contains_key(&(table, at)) {
            return Err(Refusal::AlreadyMapped);
        }
        if let Entry::Mapped { frame, .. } = entry {
            *self.counts.entry(frame).or_default() += 1;
        }
        self.pages.insert((table, at), entry);
        Ok(())
    }

    fn unmap(&mut self, table: u64, at: u64) -> Result<(), Refusal> {
        let Entry::Mapped { frame, .. } = self.pages.remove(&(table, at)).ok_or(Refusal::NoFrame)? else {
            return Ok(());
        };
        let count = self.counts.get_mut(&frame).unwrap();
        *count -= 1;
        if *count == 0 {
            self.counts.remove(&frame);
            self.pending.insert(frame);
        }
        Ok(())
    }

    /// A node from which nothing hangs is untyped again.
    fn prune(&mut self, table: u64, at: u64, level: u64) -> Result<(), Refusal> {
        let span = |level: u64| PAGE << (9 * level);
        let is_below = |other: u64| other / span(level) == at / span(level);
        let pages = self.pages.keys().any(|(of, page)| *of == table && is_below(*page));
        let nodes = self
            .nodes
            .keys()
            .any(|(of, lower, number)| (*of, *lower + 1) == (table, level) && is_below(number * span(*lower)));
        if pages || nodes {
            return Err(Refusal::InUse);
        }
        let frame = self.nodes.remove(&(table, level, at / span(level))).ok_or(Refusal::NoNode)?;
        self.kernel.remove(&frame);
        self.pending.insert(frame);
        Ok(())
    }

    fn page_table(
        &mut self,
        table: u64,
        operation: PageTableOperation,
        [at, from, w2, _]: [u64; 4],
    ) -> Result<(), Refusal> {
        use PageTableOperation::*;
        match operation {
            Map => {
                let frame = self.claim(from)?;
                self.place(table, at, Entry::Mapped { frame, rights: w2 })
            }
            Alias => {
                let Some(Entry::Mapped { frame, .. }) = self.pages.get(&(OWN_PAGE_TABLE, from)) else {
                    return Err(Refusal::NoFrame);
                };
                self.place(table, at, Entry::Mapped { frame: *frame, rights: w2 })
            }
            Name => {
                let frame = self.claim(from)?;
                self.place(table, at, Entry::Named { frame })
            }
            Graft => {
                if self.nodes.contains_key(&(table, w2, at / (PAGE << (9 * w2)))) {
                    return Err(Refusal::AlreadyMapped);
                }
                let frame = self.claim(from)?;
                self.kernel.insert(frame);
                self.nodes.insert((table, w2, at / (PAGE << (9 * w2))), frame);
                Ok(())
            }
            Unmap => self.unmap(table, at),
            Prune => self.prune(table, at, from),
            Clean => self.claim(at).map(|_| ()),
            other => panic!("{other:?}"),
        }
    }
}

struct Fake {
    frames: u64,
    books: RefCell<Books>,
    /// Whether a core does not answer.
    is_deaf: Cell<bool>,
}

impl Kernel for &Fake {
    fn word(&self, number: usize) -> u64 {
        [OWN_TABLE, OWN_PAGE_TABLE, 0, 0, UNTYPED, self.frames, 0, 5][number]
    }

    /// Components 1 to 4 are clients; 0 is not. The last two share an address space; 4 makes 1 at run time.
    fn managed(&self, number: usize) -> Option<Managed> {
        let page_table = if number == 0 { 0 } else { 20 + number.min(3) as u64 };
        let partner = if number == 1 { 5 } else { 0 };
        (number < 5).then_some(Managed { page_table, quota: QUOTA, partner, ..Managed::default() })
    }

    /// Component 1 may give memory to 2 and to 3, and 2 to 1.
    fn may_give(&self, from: usize, to: usize) -> bool {
        [(1, 2), (1, 3), (2, 1)].contains(&(from, to))
    }

    fn operate(&self, capability: u64, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Refusal> {
        let mut books = self.books.borrow_mut();
        if capability == OWN_TABLE {
            assert_eq!(operation, TableOperation::Quiesce as u16);
            if self.is_deaf.get() && words[0] != 0 {
                return Err(Refusal::Pending);
            }
            books.pending.clear();
            return Ok([words[0] + 1, 0]);
        }
        let operation = PageTableOperation::from_number(operation).unwrap();
        books.page_table(capability, operation, words).map(|()| [0, 0])
    }
}

fn manager(frames: u64) -> (&'static Fake, Manager<&'static Fake>) {
    let fake: &'static Fake =
        Box::leak(Box::new(Fake { frames, books: RefCell::default(), is_deaf: Cell::new(false) }));
    (fake, Manager::new(fake))
}

fn as_client<'m>(manager: &'m Manager<&'static Fake>, number: u64) -> Served<'m, &'static Fake> {
    manager.serve(Caller { token: number + 1, thread: 0, core: 0 })
}

/// The pages of a client's memory, with their frames and rights.
fn pages(fake: &Fake, number: u64) -> Vec<(u64, Entry)> {
    let pages = fake.books.borrow();
    pages.pages.iter().filter(|((table, _), _)| *table == 20 + number).map(|((_, at), entry)| (*at, *entry)).collect()
}

#[test]
fn granted_pages_are_the_clients_alone() {
    let (fake, manager) = manager(100);
    let (one, two) = (as_client(&manager, 1), as_client(&manager, 2));
    assert_eq!(one.grant(2), Ok(address(0)));
    assert_eq!(two.grant(1), Ok(address(0)));
    assert_eq!(one.grant(1), Ok(address(2)));
    let frame = |(_, entry): &(u64, Entry)| match *entry {
        Entry::Mapped { frame, rights } => {
            assert_eq!(rights, READ | WRITE);
            frame
        }
        Entry::Named { .. } => panic!("a name"),
    };
    let frames: BTreeSet<_> = pages(fake, 1).iter().chain(&pages(fake, 2)).map(frame).collect();
    assert_eq!(frames.len(), 4);
    assert_eq!(one.left(), Ok((QUOTA - 3, 3)));
}

#[test]
fn quotas_hold_and_what_is_given_back_can_be_had_again() {
    let (fake, manager) = manager(100);
    let one = as_client(&manager, 1);
    assert_eq!(one.grant(QUOTA + 1), Err(MemoryError::NoMemory));
    assert_eq!(one.grant(0), Err(MemoryError::NoMemory));
    for _ in 0..1000 {
        let at = one.grant(QUOTA).unwrap();
        assert_eq!(one.grant(1), Err(MemoryError::NoMemory));
        one.give_back(at, QUOTA).unwrap();
    }
    assert_eq!((pages(fake, 1), one.left()), (Vec::new(), Ok((QUOTA, 0))));
    assert!(fake.books.borrow().counts.is_empty(), "no frame is memory any more");
    assert_eq!(fake.books.borrow().kernel.len(), 6, "nodes are made once");
}

#[test]
fn a_gap_is_used_if_it_is_large_enough() {
    let (_, manager) = manager(100);
    let one = as_client(&manager, 1);
    let all = [(); 4].map(|()| one.grant(1).unwrap());
    one.give_back(all[1], 2).unwrap();
    assert_eq!(one.grant(3), Ok(address(4)));
    assert_eq!(one.grant(2), Ok(all[1]));
}

#[test]
fn who_shares_an_address_space_gets_other_addresses_there() {
    let (fake, manager) = manager(100);
    let (one, three, four) = (as_client(&manager, 1), as_client(&manager, 3), as_client(&manager, 4));
    assert_eq!(one.grant(1), Ok(address(0)));
    assert_eq!(three.grant(2), Ok(address(0)));
    assert_eq!(four.grant(1), Ok(address(2)), "the same page table");
    assert_eq!(four.give_back(address(0), 1), Err(MemoryError::NotYours), "and still not the same memory");
    three.give_back(address(0), 2).unwrap();
    assert_eq!(four.lend(2), Ok(address(0)));
    assert_eq!((pages(fake, 3).len(), four.left()), (3, Ok((QUOTA - 3, 3))));
}

#[test]
fn nobody_gives_back_what_is_not_theirs() {
    let (_, manager) = manager(100);
    let (one, two) = (as_client(&manager, 1), as_client(&manager, 2));
    let at = one.grant(2).unwrap();
    for (address, pages) in [(at, 3), (at, 0), (at + 1, 1), (at, u64::MAX), (0, 1), (u64::MAX, 1), (at + 2 * PAGE, 1)] {
        assert_eq!(one.give_back(address, pages), Err(MemoryError::NotYours), "{pages} pages at {address:#x}");
        assert_eq!(one.offer(address, pages, TWO, true), Err(MemoryError::NotYours));
        assert_eq!(one.give(address, pages, TWO), Err(MemoryError::NotYours));
        assert_eq!(one.settle(address, pages), Err(MemoryError::NotYours));
    }
    assert_eq!(two.give_back(at, 1), Err(MemoryError::NotYours));
    assert_eq!(as_client(&manager, 0).grant(1), Err(MemoryError::NotAClient));
    assert_eq!(as_client(&manager, 9).grant(1), Err(MemoryError::NotAClient));
    assert_eq!(manager.serve(Caller { token: 0, thread: 0, core: 0 }).left(), Err(MemoryError::NotAClient));
}

#[test]
fn lent_frames_come_back_when_nothing_is_made_of_them() {
    let (fake, manager) = manager(100);
    let one = as_client(&manager, 1);
    let at = one.lend(2).unwrap();
    let Entry::Named { frame } = pages(fake, 1)[1].1 else { panic!("not a name") };
    fake.books.borrow_mut().kernel.insert(frame);
    assert_eq!(one.settle(at, 2), Err(MemoryError::InUse));
    assert_eq!(one.give_back(at, 2), Err(MemoryError::NotYours), "it is no memory");
    fake.books.borrow_mut().kernel.remove(&frame);
    fake.books.borrow_mut().pending.insert(frame);
    assert_eq!(one.settle(at, 2), Ok(()), "and waits until no core has it in use");
    assert_eq!((pages(fake, 1), one.left()), (Vec::new(), Ok((QUOTA, 0))));
}

#[test]
fn without_frames_nothing_stays_behind() {
    let (fake, manager) = manager(6 + 3);
    let (one, two) = (as_client(&manager, 1), as_client(&manager, 2));
    assert_eq!(one.grant(4), Err(MemoryError::NoMemory), "three are left after the nodes");
    assert_eq!(pages(fake, 1), []);
    assert_eq!(one.left(), Ok((QUOTA, 0)));
    one.grant(3).unwrap();
    assert_eq!(two.grant(1), Err(MemoryError::NoMemory));
    assert_eq!(two.lend(1), Err(MemoryError::NoMemory));
}

#[test]
fn one_is_served_at_a_time() {
    let (_, manager) = manager(10);
    let guard = manager.accounts.enter(NonZeroU32::MIN);
    assert_eq!(as_client(&manager, 1).grant(1), Err(MemoryError::Busy));
    drop(guard);
    assert!(as_client(&manager, 1).grant(1).is_ok());
}

#[test]
fn a_plan_that_is_too_large_is_refused() {
    assert_eq!(manager(MOST_FRAMES).1.initialise(), Ok(()));
    assert_eq!(manager(MOST_FRAMES + 1).1.initialise(), Err(MemoryError::NoMemory));
}
