//! The manager against a kernel that keeps books: what it makes, what it leaves behind, and what it does when refused.

use super::*;
use abi::boot::BUNDLE;
use abi::bundle::{Capability, HEADER_BYTES, MAGIC, Segment, Stack, VERSION};
use abi::error::Error as Refusal;
use abi::layout::{EXECUTE, PAGE, READ, RUN_TIME, WRITE};
use abi::management::Managed;
use abi::operation::{ComponentOperation, PageTableOperation, TableOperation};
use abi::phase::Phases;
use core::result::Result;
use runtime::management::SCRATCH;
use std::boxed::Box;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;
use std::{assert_eq, vec};

const OWN_TABLE: u64 = 40;
const OWN_PAGE_TABLE: u64 = 73;
const FREE: u64 = 32;
/// The slots of the server that phoenix calls, and of its client's table.
const SERVER: u64 = 20;
const CLIENT_TABLE: u64 = 21;
/// The slot of the memory manager's table, and the one in it for the page table of phoenix, if that has memory.
const MEMORY_TABLE: u64 = 22;
const LODGING: u64 = 77;
/// The slot in which the client and phoenix hold what they may call.
const EDGE: u64 = 8;

const PHOENIX: u64 = 4 + 1;
const TEXT: u64 = 0x40_0000;
const DATA: u64 = 0x40_1000;
const STACK_END: u64 = 0x60_0000;

fn named(name: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes
}

/// Booter, memory, capabilities, a server; phoenix, which capabilities makes; and its client.
fn tables() -> Vec<u8> {
    let plain = |name, constructor| Component {
        name: named(name),
        entry: TEXT,
        thread: 0,
        segments: (0, 0),
        capabilities: (0, 0),
        stacks: (0, 0),
        scheduler: 0,
        constructor,
        core: 0,
        of: 0,
        phases: Phases { initialise: true, parallel_initialise: false, main: true },
        time: abi::bundle::Time::None,
        space: 0,
        around: 0,
    };
    let mut components = ["booter", "memory", "capabilities", "server", "phoenix", "client"].map(|name| plain(name, 0));
    components[4] = Component { segments: (0, 2), capabilities: (0, 1), stacks: (0, 1), ..plain("phoenix", 2) };
    components[5].capabilities = (1, 1);
    let call = |server, methods| Grant::Invocation { server, entry: TEXT + 0x100, token: 5, methods };
    let segments = [
        Segment { address: TEXT, memory_bytes: PAGE, offset: PAGE, file_bytes: PAGE, rights: READ | EXECUTE },
        Segment { address: DATA, memory_bytes: 2 * PAGE, offset: 2 * PAGE, file_bytes: PAGE, rights: READ | WRITE },
    ];
    let capabilities = [Capability { slot: EDGE, grant: call(3, 1) }, Capability { slot: EDGE, grant: call(4, 0b11) }];
    let stacks = [Stack { thread: 0, end: STACK_END, bytes: 2 * PAGE }];
    let parts: [(usize, Vec<u64>); 4] = [
        (components.len(), components.iter().flat_map(Component::to_words).collect()),
        (segments.len(), segments.iter().flat_map(Segment::to_words).collect()),
        (capabilities.len(), capabilities.iter().flat_map(Capability::to_words).collect()),
        (stacks.len(), stacks.iter().flat_map(Stack::to_words).collect()),
    ];
    let mut words = vec![MAGIC, VERSION, 3 * PAGE, 0];
    let mut offset = HEADER_BYTES;
    for (count, part) in &parts {
        words.extend([*count as u64, offset as u64]);
        offset += 8 * part.len();
    }
    words.extend(parts.into_iter().flat_map(|(_, part)| part));
    words.resize(PAGE as usize / 8, 0);
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[derive(Default)]
struct Books {
    /// Slots of the manager's own table.
    own: BTreeMap<u64, &'static str>,
    /// Slots of other tables, and the slot of the component that can be invoked.
    others: BTreeMap<(u64, u64), u64>,
    leaves: BTreeSet<(u64, u64)>,
    nodes: BTreeSet<(u64, u64, u64)>,
    pages: BTreeMap<(u64, u64), (u64, u64)>,
    /// Frames that are something, by what they are.
    frames: BTreeMap<u64, (u64, u64)>,
    pending: BTreeSet<u64>,
    is_revoked: bool,
    copied: Vec<(u64, u64)>,
    invoked: Vec<(u64, u64)>,
    /// The slots of the memory manager's table in which page tables are.
    lodged: BTreeSet<u64>,
    /// Pages that phoenix has from the memory manager, and how often that one serves another when it is asked to end them.
    granted: u64,
    busy_for: u32,
    /// Operations until one is refused.
    patience: Option<u32>,
    lent: u64,
}

impl Books {
    fn claim(&mut self, frame: u64, what: (u64, u64)) -> Result<(), Refusal> {
        assert!((RUN_TIME..RUN_TIME + self.lent * PAGE).contains(&frame), "{frame:#x} was not lent");
        if self.pending.contains(&frame) {
            return Err(Refusal::NotQuiescent);
        }
        if self.frames.insert(frame, what).is_some() { Err(Refusal::FrameState) } else { Ok(()) }
    }

    fn give_up(&mut self, what: (u64, u64)) {
        let frame = *self.frames.iter().find(|(_, is)| **is == what).expect("there is a frame for it").0;
        self.frames.remove(&frame);
        self.pending.insert(frame);
    }

    fn own_table(&mut self, operation: TableOperation, [slot, a, b, c]: [u64; 4]) -> Result<(), Refusal> {
        use TableOperation::*;
        let name = match operation {
            CreateTable => "table",
            CreatePageTable => "page table",
            CreateComponent => {
                assert_eq!((self.own[&(b >> 32)], self.own[&(b & 0xffff_ffff)], c), ("table", "page table", 5));
                self.is_revoked = false;
                "component"
            }
            CreateInvocation => {
                assert_eq!((self.own[&(slot >> 32)], a, c), ("component", TEXT, 1));
                return self.fill(slot & 0xffff_ffff, "start");
            }
            Remove => return self.own.remove(&slot).map(|_| ()).ok_or(Refusal::Empty),
            Reclaim => return self.reclaim(slot),
            Quiesce => {
                self.pending.clear();
                return Ok(());
            }
            other => panic!("{other:?}"),
        };
        self.claim(a, (OWN_TABLE, slot))?;
        self.fill(slot, name)
    }

    fn fill(&mut self, slot: u64, name: &'static str) -> Result<(), Refusal> {
        if self.own.insert(slot, name).is_some() { Err(Refusal::SlotTaken) } else { Ok(()) }
    }

    fn reclaim(&mut self, slot: u64) -> Result<(), Refusal> {
        let name = *self.own.get(&slot).ok_or(Refusal::Empty)?;
        let is_used = match name {
            "table" => self.leaves.iter().any(|(table, _)| *table == slot),
            "page table" => self.nodes.iter().any(|(table, ..)| *table == slot),
            _ => !self.is_revoked,
        };
        let has_component = name != "component" && self.own.values().any(|name| *name == "component");
        if is_used || has_component {
            return Err(Refusal::InUse);
        }
        self.own.remove(&slot);
        self.give_up((OWN_TABLE, slot));
        Ok(())
    }

    fn table(&mut self, table: u64, operation: TableOperation, [slot, a, ..]: [u64; 4]) -> Result<(), Refusal> {
        use TableOperation::*;
        if table != CLIENT_TABLE && self.own.get(&table) != Some(&"table") {
            return Err(Refusal::Empty);
        }
        match operation {
            Graft => {
                self.claim(a, (table, slot))?;
                self.leaves.insert((table, slot));
            }
            Prune => {
                if !self.leaves.remove(&(table, slot)) {
                    return Err(Refusal::NoNode);
                }
                assert!(!self.others.keys().any(|(of, _)| *of == table), "the leaf is empty");
                self.give_up((table, slot));
            }
            Remove => return self.others.remove(&(table, slot)).map(|_| ()).ok_or(Refusal::Empty),
            CreateInvocation => {
                let (component, slot) = (slot >> 32, slot & 0xffff_ffff);
                assert!(table == CLIENT_TABLE || self.leaves.contains(&(table, 0)), "there is a leaf");
                if self.others.insert((table, slot), component).is_some() {
                    return Err(Refusal::SlotTaken);
                }
            }
            other => panic!("{other:?}"),
        }
        Ok(())
    }

    fn lodge(&mut self, operation: TableOperation, [slot, from, ..]: [u64; 4]) -> Result<(), Refusal> {
        assert_eq!(slot, LODGING);
        match operation {
            TableOperation::Copy => {
                assert_eq!(self.own[&from], "page table");
                if self.lodged.insert(slot) { Ok(()) } else { Err(Refusal::SlotTaken) }
            }
            TableOperation::Remove => {
                assert_eq!(self.granted, 0, "there is nothing in it any more");
                if self.lodged.remove(&slot) { Ok(()) } else { Err(Refusal::Empty) }
            }
            other => panic!("{other:?}"),
        }
    }

    fn page_table(
        &mut self,
        table: u64,
        operation: PageTableOperation,
        [at, from, w2, _]: [u64; 4],
    ) -> Result<(), Refusal> {
        use PageTableOperation::*;
        if table != OWN_PAGE_TABLE && self.own.get(&table) != Some(&"page table") {
            return Err(Refusal::Empty);
        }
        let node = |level: u64| (table, level, at / (PAGE << (9 * level)));
        match operation {
            Graft => {
                if self.nodes.contains(&node(w2)) {
                    return Err(Refusal::AlreadyMapped);
                }
                self.claim(from, (table << 8 | w2, node(w2).2))?;
                self.nodes.insert(node(w2));
            }
            Prune => {
                if !self.nodes.contains(&node(from)) {
                    return Err(Refusal::NoNode);
                }
                let below = |(of, page): &(u64, u64)| *of == table && page / (PAGE << (9 * from)) == node(from).2;
                assert!(!self.pages.keys().any(below), "the node is empty");
                self.nodes.remove(&node(from));
                self.give_up((table << 8 | from, node(from).2));
            }
            Unmap => {
                let (frame, _) = self.pages.remove(&(table, at)).ok_or(Refusal::NoFrame)?;
                let is_mapped = self.pages.values().any(|(other, _)| *other == frame);
                if self.frames.get(&frame) == Some(&(0, 0)) && !is_mapped {
                    self.frames.remove(&frame);
                    self.pending.insert(frame);
                }
            }
            Map | Alias => {
                if !self.nodes.contains(&node(1)) {
                    return Err(Refusal::NoNode);
                }
                assert!(!self.pages.contains_key(&(table, at)), "{at:#x} is mapped twice");
                let frame = match operation {
                    Map => {
                        self.claim(from, (0, 0))?;
                        from
                    }
                    _ if from >= BUNDLE => from,
                    _ => self.pages[&(OWN_PAGE_TABLE, from)].0,
                };
                self.pages.insert((table, at), (frame, w2));
            }
            other => panic!("{other:?}"),
        }
        Ok(())
    }
}

struct Fake {
    tables: Vec<u8>,
    /// Whether phoenix has memory at run time.
    has_memory: bool,
    books: RefCell<Books>,
}

impl Kernel for &Fake {
    fn bundle(&self) -> Option<Bundle<'_>> {
        Bundle::parse_tables(&self.tables).ok()
    }

    fn word(&self, number: usize) -> u64 {
        [OWN_TABLE, OWN_PAGE_TABLE, FREE, 4, 0, 0, 2 + 1, 6][number]
    }

    fn managed(&self, number: usize) -> Option<Managed> {
        let (component, table) = [(0, 0), (0, MEMORY_TABLE), (0, 0), (SERVER, 0), (0, 0), (0, CLIENT_TABLE)][number];
        let lodging = Managed { page_table: LODGING, partner: 1 + 1, ..Managed::default() };
        let is_lodged = self.has_memory && number == PHOENIX as usize - 1;
        Some(if is_lodged { lodging } else { Managed { component, table, ..Managed::default() } })
    }

    fn operate(&self, capability: u64, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Refusal> {
        let mut books = self.books.borrow_mut();
        match &mut books.patience {
            Some(0) => {
                books.patience = None;
                return Err(Refusal::NoFrame);
            }
            Some(patience) => *patience -= 1,
            None => {}
        }
        let table = TableOperation::from_number(operation);
        let done = match capability {
            OWN_TABLE => books.own_table(table.unwrap(), words),
            CLIENT_TABLE => books.table(capability, table.unwrap(), words),
            MEMORY_TABLE => books.lodge(table.unwrap(), words),
            _ => match (capability - FREE) % 4 {
                0 => books.table(capability, table.unwrap(), words),
                2 if operation == ComponentOperation::Revoke as u16 => {
                    books.is_revoked = books.own.contains_key(&capability);
                    if books.is_revoked { Ok(()) } else { Err(Refusal::Empty) }
                }
                2 => Ok(()),
                _ => books.page_table(capability, PageTableOperation::from_number(operation).unwrap(), words),
            },
        };
        done.map(|()| [0, 0])
    }

    fn copy(&self, offset: u64, address: u64) -> Result<(), Refusal> {
        self.books.borrow_mut().copied.push((offset, address));
        Ok(())
    }

    fn invoke(&self, capability: u64, word: u64) -> u16 {
        let mut books = self.books.borrow_mut();
        assert_eq!(books.own.get(&capability), Some(&"start"));
        books.invoked.push((capability, word));
        0
    }

    fn end_memory(&self, component: u64) -> capabilities_interface::Result<()> {
        let mut books = self.books.borrow_mut();
        let nobody_is_inside = books.is_revoked && books.pending.is_empty();
        assert!(component == PHOENIX && nobody_is_inside && books.lodged.contains(&LODGING));
        if books.busy_for > 0 {
            books.busy_for -= 1;
            return Err(CapabilitiesError::Busy);
        }
        books.granted = 0;
        Ok(())
    }

    fn lend(&self, frames: u64) -> capabilities_interface::Result<u64> {
        let mut books = self.books.borrow_mut();
        books.lent += frames;
        Ok(RUN_TIME + (books.lent - frames) * PAGE)
    }
}

fn manager() -> (&'static Fake, Manager<&'static Fake>) {
    manager_of(false)
}

fn manager_of(has_memory: bool) -> (&'static Fake, Manager<&'static Fake>) {
    let fake: &'static Fake = Box::leak(Box::new(Fake { tables: tables(), has_memory, books: RefCell::default() }));
    (fake, Manager::new(fake, || 1))
}

const CALLER: Caller = Caller { token: 6, thread: 0, core: 0 };

/// What there is when phoenix is dead: nothing of it.
fn assert_dead(fake: &Fake) {
    let books = fake.books.borrow();
    assert_eq!(books.own, BTreeMap::new());
    assert_eq!((&books.others, &books.leaves, &books.pages), (&BTreeMap::new(), &BTreeSet::new(), &BTreeMap::new()));
    assert!(books.nodes.iter().all(|(table, ..)| *table == OWN_PAGE_TABLE));
    assert_eq!(books.frames.len(), books.nodes.len(), "only the nodes of the manager's own page table");
    assert_eq!((&books.pending, &books.lodged), (&BTreeSet::new(), &BTreeSet::new()));
}

#[test]
fn a_component_is_made_as_the_plan_says() {
    let (fake, manager) = manager();
    let served = manager.serve(CALLER);
    assert_eq!(served.create(PHOENIX), Ok(()));
    let books = fake.books.borrow();
    let page = |at| books.pages[&(FREE + 1, at)];
    assert_eq!(page(TEXT), (BUNDLE + PAGE, READ | EXECUTE), "code is not copied");
    assert_eq!(books.copied, [(2 * PAGE, SCRATCH)]);
    let fresh: BTreeSet<u64> = [DATA, DATA + PAGE, STACK_END - PAGE, STACK_END - 2 * PAGE]
        .map(page)
        .iter()
        .map(|(frame, rights)| {
            assert_eq!(*rights, READ | WRITE);
            *frame
        })
        .collect();
    assert_eq!(fresh.len(), 4);
    assert!(!books.pages.contains_key(&(OWN_PAGE_TABLE, SCRATCH)), "the manager does not keep it");
    assert_eq!(books.others, BTreeMap::from([((FREE, EDGE), SERVER), ((CLIENT_TABLE, EDGE), FREE + 2)]));
    assert_eq!(books.invoked, [(FREE + 3, phase::INITIALISE)]);
    assert_eq!(books.frames.len() as u64, books.lent, "no more was borrowed than is used");
}

#[test]
fn what_has_ended_leaves_nothing_and_can_be_made_again_for_ever() {
    let (fake, manager) = manager();
    let served = manager.serve(CALLER);
    let mut lent = 0;
    for life in 1..100 {
        assert_eq!(served.create(PHOENIX), Ok(()));
        assert_eq!(served.create(PHOENIX), Err(CapabilitiesError::Lives));
        assert_eq!(served.state(PHOENIX), Ok(State { lives: true, made: life }));
        assert_eq!(served.destroy(PHOENIX), Ok(()));
        assert_eq!(served.destroy(PHOENIX), Err(CapabilitiesError::Dead));
        assert_dead(fake);
        let before = std::mem::replace(&mut lent, fake.books.borrow().lent);
        assert!(life == 1 || before == lent, "the same frames");
    }
}

#[test]
fn making_anew_is_ending_and_making() {
    let (fake, manager) = manager();
    let served = manager.serve(CALLER);
    assert_eq!(served.recreate(PHOENIX), Ok(()));
    assert_eq!(served.recreate(PHOENIX), Ok(()));
    assert_eq!(served.state(PHOENIX), Ok(State { lives: true, made: 2 }));
    served.destroy(PHOENIX).unwrap();
    assert_dead(fake);
}

#[test]
fn a_refusal_at_any_point_leaves_nothing_half_made() {
    [false, true].into_iter().for_each(refuse_one_after_another);
}

fn refuse_one_after_another(has_memory: bool) {
    for patience in 0.. {
        let (fake, manager) = manager_of(has_memory);
        let served = manager.serve(CALLER);
        fake.books.borrow_mut().patience = Some(patience);
        let made = served.create(PHOENIX);
        if fake.books.borrow_mut().patience.take().is_some() {
            assert!(patience > 20 && made.is_ok());
            return;
        }
        assert!(made.is_err(), "operation {patience} was refused");
        assert_dead(fake);
        assert_eq!(served.create(PHOENIX), Ok(()));
    }
}

#[test]
fn it_runs_while_it_lives() {
    let (fake, manager) = manager();
    let served = manager.serve(CALLER);
    assert_eq!(served.run(PHOENIX), Err(CapabilitiesError::Dead));
    served.create(PHOENIX).unwrap();
    assert_eq!(served.run(PHOENIX), Ok(0));
    assert_eq!(fake.books.borrow().invoked, [(FREE + 3, phase::INITIALISE), (FREE + 3, phase::MAIN)]);
}

#[test]
fn only_what_this_manager_makes_is_its_business() {
    let (_, manager) = manager();
    let served = manager.serve(CALLER);
    for other in [0, 1, 3, 6, 7, u64::MAX] {
        assert_eq!(served.create(other), Err(CapabilitiesError::NotManaged));
        assert_eq!(served.destroy(other), Err(CapabilitiesError::NotManaged));
        assert_eq!(served.run(other), Err(CapabilitiesError::NotManaged));
        assert_eq!(served.state(other), Err(CapabilitiesError::NotManaged));
        assert_eq!(served.holder(other, 0), Err(CapabilitiesError::NotManaged));
    }
}

#[test]
fn it_is_known_who_holds_it() {
    let (_, manager) = manager();
    let served = manager.serve(CALLER);
    assert_eq!(served.holder(PHOENIX, 0), Ok((6, 0b11)));
    assert_eq!(served.holder(PHOENIX, 7), Err(CapabilitiesError::Nobody));
    let [first, second, third, fourth] = capabilities_interface::name_words("phoenix");
    assert_eq!(served.find(first, second, third, fourth), Ok(PHOENIX));
    assert_eq!(served.find(first, second, third, 1), Err(CapabilitiesError::NotManaged));
}

#[test]
fn a_holder_loses_what_is_revoked_until_the_component_is_made_anew() {
    let (fake, manager) = manager();
    let served = manager.serve(CALLER);
    served.create(PHOENIX).unwrap();
    assert_eq!(served.revoke(PHOENIX, 6), Ok(1));
    assert!(!fake.books.borrow().others.contains_key(&(CLIENT_TABLE, EDGE)));
    assert_eq!(served.revoke(PHOENIX, 6), Ok(0));
    assert_eq!((served.revoke(PHOENIX, 4), served.revoke(PHOENIX, 7)), (Ok(0), Err(CapabilitiesError::NotManaged)));
    served.recreate(PHOENIX).unwrap();
    assert!(fake.books.borrow().others.contains_key(&(CLIENT_TABLE, EDGE)));
}

#[test]
fn a_quota_is_of_what_lives_and_of_the_client_that_had_it_made() {
    let (fake, _) = manager();
    let manager = Manager::new(fake, || 0);
    assert_eq!(manager.serve(CALLER).create(PHOENIX), Err(CapabilitiesError::Quota));
    let manager = Manager::new(fake, || 1);
    manager.serve(CALLER).create(PHOENIX).unwrap();
    manager.serve(Caller { token: 9, ..CALLER }).recreate(PHOENIX).unwrap();
    let mut records = manager.records.enter(NonZeroU32::MIN).unwrap_or_else(|_| panic!("taken"));
    assert_eq!(records[0].maker, CALLER.token, "it is not of the quota of who has it made anew");
    records[1] = Record { life: Life::Alive, maker: CALLER.token, ..records[1] };
    drop(records);
    assert_eq!(manager.serve(CALLER).recreate(PHOENIX), Err(CapabilitiesError::Quota), "the other one lives");
}

#[test]
fn one_is_served_at_a_time() {
    let (_, manager) = manager();
    let guard = manager.records.enter(NonZeroU32::MIN);
    assert_eq!(manager.serve(CALLER).create(PHOENIX), Err(CapabilitiesError::Busy));
    drop(guard);
    assert_eq!(manager.serve(CALLER).create(PHOENIX), Ok(()));
}

#[test]
fn the_memory_manager_has_the_page_table_of_whoever_lives_and_nothing_of_who_does_not() {
    let (fake, manager) = manager_of(true);
    let served = manager.serve(CALLER);
    for _ in 0..3 {
        served.create(PHOENIX).unwrap();
        assert_eq!(fake.books.borrow().lodged, BTreeSet::from([LODGING]));
        fake.books.borrow_mut().granted = 7;
        served.destroy(PHOENIX).unwrap();
        assert_eq!(fake.books.borrow().granted, 0);
        assert_dead(fake);
    }
}

/// Until the memory manager has time for it, nobody enters the component, and it is not made anew.
#[test]
fn an_end_that_has_to_wait_for_the_memory_manager_goes_on_when_it_is_asked_for_again() {
    type Again = fn(&Served<'_, &'static Fake>, u64) -> capabilities_interface::Result<()>;
    let asked: [Again; 3] = [
        |served, component| served.destroy(component),
        |served, component| served.recreate(component),
        |served, component| served.create(component),
    ];
    for again in asked {
        let (fake, manager) = manager_of(true);
        let served = manager.serve(CALLER);
        served.create(PHOENIX).unwrap();
        (fake.books.borrow_mut().granted, fake.books.borrow_mut().busy_for) = (7, 2);
        assert_eq!(
            (served.destroy(PHOENIX), served.run(PHOENIX)),
            (Err(CapabilitiesError::Busy), Err(CapabilitiesError::Dead))
        );
        assert_eq!(
            (again(&served, PHOENIX), served.state(PHOENIX)),
            (Err(CapabilitiesError::Busy), Ok(State { lives: false, made: 1 }))
        );
        assert_eq!((again(&served, PHOENIX), fake.books.borrow().granted), (Ok(()), 0));
        served.destroy(PHOENIX).map_or_else(|error| assert_eq!(error, CapabilitiesError::Dead), |()| ());
        assert_dead(fake);
    }
}
