//! The booter against a kernel that keeps books: what it constructs, connects and runs, and what it does when refused.

#![allow(clippy::unwrap_used, reason = "a test that finds nothing there should fail")]

use abi::boot::{BUNDLE, BootInformation, CORES, slot};
use abi::bundle::{Bundle, Capability, Component, Grant, HEADER_BYTES, MAGIC, Segment, Stack, Time, VERSION, checksum};
use abi::error::Error;
use abi::layout::{EXECUTE, PAGE, READ, WRITE};
use abi::operation::{PageTableOperation, TableOperation, ThreadEnd, ThreadOperation};
use abi::phase::{Phases, parallel_initialise};
use abi::rights;
use booter::{Kernel, System, boot};
use std::collections::{BTreeMap, BTreeSet};

const UNTYPED: u64 = 0x4000_0000_0000;

/// Objects by the slot of the booter's table that holds them.
#[derive(Default)]
struct Books {
    /// Frames consumed.
    frames: BTreeSet<u64>,
    /// What each slot of the booter's table holds.
    objects: BTreeMap<u64, &'static str>,
    /// Leaves that the booter's table has, and those that the others have.
    leaves: BTreeSet<(u32, u64)>,
    /// Tables of pages: slot, level, and which stretch of addresses.
    nodes: BTreeSet<(u32, u64, u64)>,
    /// Pages mapped: slot and address, to operation, source and rights.
    pages: BTreeMap<(u32, u64), (u16, u64, u64)>,
    /// Capabilities granted: table and slot, to operation and words.
    grants: BTreeMap<(u32, u64), (u16, [u64; 4])>,
    /// Threads dispatched, with their phase.
    dispatched: Vec<(u32, u64)>,
    /// What the threads answer, by slot and phase; otherwise a return with 0.
    answers: BTreeMap<(u32, u64), Result<[u64; 2], Error>>,
    /// Cores of threads, by the slot of the thread.
    cores: BTreeMap<u32, u64>,
    /// What runs on other cores: thread and phase, by core; and how often that will still be asked in vain.
    launched: BTreeMap<u64, (u32, u64, u32)>,
    printed: String,
}

impl Books {
    /// Launches a thread, unless its core runs something.
    fn launch(&mut self, thread: u32, phase: u64) -> Result<[u64; 2], Error> {
        let core = self.cores.get(&thread).copied().unwrap_or(0);
        if core == 0 || self.launched.contains_key(&core) {
            return Err(Error::InUse);
        }
        self.dispatched.push((thread, phase));
        self.launched.insert(core, (thread, phase, 2));
        Ok([0, 0])
    }

    /// How a launched thread has ended; each takes its time.
    fn end(&mut self, thread: u32) -> Result<[u64; 2], Error> {
        let core = self.cores.get(&thread).copied().unwrap_or(0);
        let Some((_, phase, left)) = self.launched.get_mut(&core) else { return Err(Error::NothingPending) };
        if *left > 0 {
            *left -= 1;
            return Err(Error::Pending);
        }
        let phase = *phase;
        self.launched.remove(&core);
        self.answers.get(&(thread, phase)).copied().unwrap_or(Ok([0, 0]))
    }

    fn take(&mut self, frame: u64) -> Result<(), Error> {
        if self.frames.insert(frame) { Ok(()) } else { Err(Error::FrameState) }
    }

    fn table(&mut self, table: u32, operation: TableOperation, [slot, a, b, c]: [u64; 4]) -> Result<(), Error> {
        use TableOperation::*;
        let made = match operation {
            Graft if !self.leaves.insert((table, slot)) => return Err(Error::AlreadyMapped),
            Graft => return self.take(a),
            CreateTable => "table",
            CreatePageTable => "page table",
            CreateComponent => "component",
            CreateThread => {
                self.cores.insert(slot as u32, b >> 16 & 0xffff);
                "thread"
            }
            _ => {
                let leaf = (table, (slot & 0xffff_ffff) / 64);
                let is_there = leaf == (slot::TABLE, 0) || self.leaves.contains(&leaf);
                assert!(is_there, "no leaf for slot {slot:#x} of table {table}");
                self.grants.insert((table, slot & 0xffff_ffff), (operation as u16, [slot, a, b, c]));
                return Ok(());
            }
        };
        assert!(slot < 64 || self.leaves.contains(&(table, slot / 64)), "no leaf for the booter's slot {slot}");
        assert!(self.objects.insert(slot, made).is_none(), "slot {slot} is used twice");
        self.take(a)
    }

    fn page(&mut self, space: u32, operation: u16, [address, mut from, last, page]: [u64; 4]) -> Result<(), Error> {
        let node = |level: u64| (space, level, address >> (12 + 9 * level));
        if operation == PageTableOperation::Graft as u16 {
            if last < 3 && !self.nodes.contains(&node(last + 1)) {
                return Err(Error::NoNode);
            }
            return if self.nodes.insert(node(last)) { self.take(from) } else { Err(Error::AlreadyMapped) };
        }
        if !self.nodes.contains(&node(1)) {
            return Err(Error::NoNode);
        }
        if operation == PageTableOperation::Map as u16 {
            self.take(from)?;
        }
        if operation == PageTableOperation::MapDevice as u16 {
            assert_eq!(from, slot::DEVICES.into());
            from = page;
        }
        let earlier = self.pages.insert((space, address), (operation, from, last));
        if earlier.is_none() { Ok(()) } else { Err(Error::AlreadyMapped) }
    }
}

impl Kernel for Books {
    fn operate(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        let kind = match capability {
            slot::TABLE => Some(&"table"),
            slot::RECEIVE => Some(&"receive"),
            _ => self.objects.get(&capability.into()),
        };
        match *kind.ok_or(Error::Empty)? {
            "table" => self.table(capability, TableOperation::from_number(operation).unwrap(), words)?,
            "page table" => self.page(capability, operation, words)?,
            "component" => assert_eq!(operation, 0, "the booter only names components"),
            "receive" => return if self.launched.is_empty() { Err(Error::NothingPending) } else { Ok([1, 0]) },
            _ if operation == ThreadOperation::Launch as u16 => {
                assert_eq!(words[1], u64::from(slot::RECEIVE) + 1, "whoever ends tells the booter");
                return self.launch(capability, words[0]);
            }
            _ if operation == ThreadOperation::Ended as u16 => return self.end(capability),
            _ => {
                self.dispatched.push((capability, words[0]));
                return self.answers.get(&(capability, words[0])).copied().unwrap_or(Ok([0, 0]));
            }
        }
        Ok([0, 0])
    }

    fn print(&mut self, text: &str) {
        self.printed.push_str(text);
    }
}

/// A grant of an object of the component with this number.
type GrantOf = fn(u64) -> Grant;

/// What a scheduler or a manager is granted of another component, and the rights that come with it.
const SCHEDULING: [(GrantOf, u64); 5] = [
    (Grant::Component, rights::component::MAKE_THREADS),
    (Grant::Server, rights::component::MAKE_INVOCATIONS),
    (Grant::Thread, rights::thread::DISPATCH),
    (Grant::Table, rights::table::ADD | rights::table::REMOVE | rights::table::GROW),
    (
        Grant::PageTable,
        rights::page_table::MAP | rights::page_table::UNMAP | rights::page_table::GROW | rights::page_table::CLEAN,
    ),
];

/// A thread on `core` of the component number `of`, which initialises on each of its cores: of the first of them, or a further one.
fn on_each(mut like: Component, core: u64, of: u64, is_first: bool) -> Component {
    like.core = core;
    like.of = if is_first { 0 } else { of };
    like.phases = Phases { initialise: is_first, parallel_initialise: true, main: is_first };
    like
}

/// A system of a booter and `count` more components; each calls the one before it and drives ports. Component number n
/// runs on core n modulo `cores`.
fn bundle_for(cores: u64, count: u64) -> Vec<u8> {
    bundle_with(cores, count, &[])
}

/// The same with one more component, which initialises on each of `everywhere`, if that is any.
fn bundle_with(cores: u64, count: u64, everywhere: &[u64]) -> Vec<u8> {
    let (mut components, mut segments, mut capabilities, mut stacks) = (vec![], vec![], vec![], vec![]);
    for at in 0..=count {
        let mut name = [0; 32];
        name[..2].copy_from_slice(&[b'c', b'0' + (at % 10) as u8]);
        let first = (segments.len() as u64, capabilities.len() as u64, stacks.len() as u64);
        let (text, data) = (0x40_0000, 0x40_1000);
        segments.push(Segment {
            address: text,
            memory_bytes: PAGE,
            offset: 0,
            file_bytes: PAGE,
            rights: READ | EXECUTE,
        });
        segments.push(Segment {
            address: data,
            memory_bytes: 2 * PAGE,
            offset: 0,
            file_bytes: PAGE,
            rights: READ | WRITE,
        });
        stacks.push(Stack { thread: at, end: 0x50_0000, bytes: 2 * PAGE });
        if at > 1 {
            let grant = Grant::Invocation { server: at - 1, entry: 0x40_0000 + at, token: at, methods: 7 };
            capabilities.push(Capability { slot: 70, grant });
            capabilities.push(Capability { slot: 71, grant: Grant::Ports { first: 0x3f8, count: 8 } });
            capabilities.push(Capability { slot: 72, grant: Grant::Interrupt { line: 4 } });
            for (slot, grant) in (80..).zip(SCHEDULING.map(|(grant, _)| grant)) {
                capabilities.push(Capability { slot, grant: grant(at - 1) });
            }
            let registers = Grant::Registers { physical: 0xfea0_0000, pages: 2, address: 0x60_0000 };
            capabilities.push(Capability { slot: 73, grant: registers });
        }
        let (s, c, k) = first;
        components.push(Component {
            name,
            entry: 0x40_0000,
            thread: at,
            segments: (s, segments.len() as u64 - s),
            capabilities: (c, capabilities.len() as u64 - c),
            stacks: (k, 1),
            scheduler: 0,
            constructor: 0,
            core: at % cores,
            of: 0,
            phases: Phases { initialise: true, parallel_initialise: false, main: true },
            time: Time::None,
            space: 0,
            around: 0,
        });
    }
    let of = components.len() as u64;
    for core in everywhere {
        components.push(on_each(components[0], *core, of, components.len() as u64 == of));
    }
    let tables: [Vec<u64>; 4] = [
        components.iter().flat_map(Component::to_words).collect(),
        segments.iter().flat_map(Segment::to_words).collect(),
        capabilities.iter().flat_map(Capability::to_words).collect(),
        stacks.iter().flat_map(Stack::to_words).collect(),
    ];
    let counts = [components.len(), segments.len(), capabilities.len(), stacks.len()];
    let mut words = vec![MAGIC, VERSION, 0, 0];
    let mut offset = HEADER_BYTES;
    for (table, count) in tables.iter().zip(counts) {
        words.extend([count as u64, offset as u64]);
        offset += table.len() * 8;
    }
    words.extend(tables.concat());
    words.resize(words.len().next_multiple_of(512), 0);
    words[2] = words.len() as u64 * 8;
    words[3] = checksum(words[4..].iter().copied());
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn booted(count: u64, frames: u64, books: &mut Books) -> u16 {
    booted_on(1, count, frames, books)
}

/// Component number n runs on core n modulo the number of cores.
fn booted_on(cores: u64, count: u64, frames: u64, books: &mut Books) -> u16 {
    booted_from(&bundle_for(cores, count), cores, frames, books)
}

fn booted_from(bundle: &[u8], cores: u64, frames: u64, books: &mut Books) -> u16 {
    Bundle::parse(bundle).unwrap();
    let words = information(bundle, frames, cores);
    boot(&System::read(bundle, &BootInformation { words: &words }).unwrap(), || 99, books)
}

/// Two components on one core, and a third that initialises on cores 0, 1 and 2.
fn booted_in_parallel(books: &mut Books) -> u16 {
    booted_from(&bundle_with(1, 2, &[0, 1, 2]), 3, 1000, books)
}

fn information(bundle: &[u8], frames: u64, cores: u64) -> Vec<u64> {
    let mut words = vec![bundle.len() as u64, 1, UNTYPED, frames];
    words.resize(CORES + 1, 0);
    words[CORES] = cores;
    words
}

/// Slots of the component number `at`: table, page table, component, thread.
fn slots(at: u32) -> [u32; 4] {
    [0, 1, 2, 3].map(|n| slot::FREE + 8 * at + n)
}

#[test]
fn every_component_but_the_booter_is_constructed_as_planned() {
    let mut books = Books::default();
    assert_eq!(booted(2, 1000, &mut books), 0);
    let [_, space, ..] = slots(2);
    let alias = PageTableOperation::Alias as u16;
    assert_eq!(books.pages[&(space, 0x40_0000)], (alias, BUNDLE, READ | EXECUTE));
    assert_eq!(books.pages[&(space, 0x40_1000)], (alias, BUNDLE, READ | WRITE));
    for fresh in [0x40_2000, 0x4f_e000, 0x4f_f000] {
        let (operation, from, rights) = books.pages[&(space, fresh)];
        assert_eq!((operation, rights), (PageTableOperation::Map as u16, READ | WRITE));
        assert!(from >= UNTYPED);
    }
    let map_device = PageTableOperation::MapDevice as u16;
    assert_eq!(books.pages[&(space, 0x60_0000)], (map_device, 0xfea00, READ | WRITE));
    assert_eq!(books.pages[&(space, 0x60_1000)], (map_device, 0xfea01, READ | WRITE));
    assert_eq!(books.pages.len(), 12, "five pages each, and two of a device");
    assert!(!books.objects.contains_key(&u64::from(slots(0)[0])), "the booter is there already");
}

#[test]
fn each_holds_what_the_plan_grants_and_no_more() {
    let mut books = Books::default();
    booted(2, 1000, &mut books);
    let [client, ..] = slots(2);
    let [_, _, server, _] = slots(1);
    let invocation = [u64::from(server) << 32 | 70, 0x40_0002, 2, 7];
    let ports = [71, slot::PORTS.into(), 0x3f8 << 32 | 8, 0];
    assert_eq!(books.grants[&(client, 70)], (TableOperation::CreateInvocation as u16, invocation));
    assert_eq!(books.grants[&(client, 71)], (TableOperation::CreatePorts as u16, ports));
    let line = [72, slot::INTERRUPTS.into(), 4, 0];
    assert_eq!(books.grants[&(client, 72)], (TableOperation::CreateInterrupt as u16, line));
    let range = [73, slot::DEVICES.into(), 0xfea0_0000, 2];
    assert_eq!(books.grants[&(client, 73)], (TableOperation::CreatePhysicalRange as u16, range));
    assert_eq!(books.grants.len(), 9);
}

#[test]
fn whoever_schedules_or_manages_others_can_do_that_to_them_and_no_more() {
    let mut books = Books::default();
    booted(2, 100, &mut books);
    for (slot, (_, kept)) in (80..).zip(SCHEDULING) {
        let (operation, [_, _, left_out, _]) = books.grants[&(slots(2)[0], slot)];
        assert_eq!((operation, !left_out & rights::ALL), (TableOperation::Copy as u16, kept), "slot {slot}");
        assert_eq!(kept & rights::RECLAIM, 0, "slot {slot}");
    }
}

#[test]
fn all_initialise_before_any_runs() {
    let mut books = Books::default();
    booted(2, 1000, &mut books);
    let (one, two) = (slots(1)[3], slots(2)[3]);
    assert_eq!(books.dispatched, [(one, 0), (two, 0), (one, 1), (two, 1)]);
    assert_eq!(books.printed, "booter: up: c1 c2, 99 ticks after the start\n");
}

#[test]
fn a_component_initialises_once_then_on_all_its_cores_at_once_and_then_runs_once() {
    let mut books = Books::default();
    assert_eq!(booted_in_parallel(&mut books), 0);
    let [one, two, three, second, third] = [1, 2, 3, 4, 5].map(|at| slots(at)[3]);
    let on = |index| parallel_initialise(index, 3);
    let expected = [
        (one, 0),
        (two, 0),
        (three, 0),
        (second, on(1)),
        (third, on(2)),
        (three, on(0)),
        (one, 1),
        (two, 1),
        (three, 1),
    ];
    assert_eq!(books.dispatched, expected, "those of other cores are launched before this core's, which ends last");
    assert!(books.launched.is_empty(), "all have ended before anything runs");
    assert_eq!(books.printed, "booter: up: c1 c2 c0, 99 ticks after the start\n");
}

#[test]
fn what_fails_on_one_core_does_not_run() {
    for (failing, at) in [(1, 4), (2, 5), (0, 3)] {
        let mut books = Books::default();
        books.answers.insert((slots(at)[3], parallel_initialise(failing, 3)), Ok([ThreadEnd::Faulted as u64, 8]));
        assert_eq!(booted_in_parallel(&mut books), Error::Faulted.status());
        assert!(books.printed.contains("booter: c0 was ended by a fault\n"), "{}", books.printed);
        assert!(!books.dispatched.contains(&(slots(3)[3], 1)), "on core {failing}: {:?}", books.dispatched);
    }
    let mut books = Books::default();
    books.answers.insert((slots(3)[3], 0), Ok([ThreadEnd::Returned as u64, 7]));
    assert_eq!(booted_in_parallel(&mut books), 7);
    assert!(books.dispatched.iter().all(|(_, phase)| *phase < 2), "what did not initialise alone does not in parallel");
}

#[test]
fn the_first_status_that_is_not_zero_is_the_systems() {
    let mut books = Books::default();
    books.answers.insert((slots(1)[3], 1), Ok([ThreadEnd::Returned as u64, 7]));
    books.answers.insert((slots(2)[3], 1), Ok([ThreadEnd::Returned as u64, 9]));
    assert_eq!(booted(2, 1000, &mut books), 7);
    let ends = "booter: c1 ended with status 7\nbooter: c2 ended with status 9\n";
    assert!(books.printed.ends_with(ends), "{}", books.printed);
}

#[test]
fn a_fault_is_a_failure_and_said_once() {
    let mut books = Books::default();
    let thread = slots(1)[3];
    books.answers.insert((thread, 0), Ok([ThreadEnd::Faulted as u64, 8]));
    assert_eq!(booted(1, 1000, &mut books), Error::Faulted.status());
    assert_eq!(books.printed, "booter: c1 was ended by a fault\nbooter: up:, 99 ticks after the start\n");
    assert_eq!(books.dispatched, [(thread, 0)], "what did not initialise does not run");
}

#[test]
fn no_frame_is_used_twice_and_running_out_is_said() {
    let mut enough = Books::default();
    assert_eq!(booted(2, 1000, &mut enough), 0);
    let used = enough.frames.len() as u64;
    for frames in 0..used {
        let mut books = Books::default();
        assert_eq!(booted(2, frames, &mut books), booter::NOT_CONSTRUCTED, "{frames} frames");
        assert_eq!(books.printed, "booter: cannot construct the system: memory ran out\n");
        assert!(books.dispatched.is_empty(), "half a system does not run");
    }
}

#[test]
fn many_components_fit() {
    let mut books = Books::default();
    assert_eq!(booted(256, 100_000, &mut books), 0);
    assert_eq!(books.dispatched.len(), 512);
}

#[test]
fn a_bundle_that_is_none_is_refused() {
    let mut books = Books::default();
    let failure = System::read(&[0; 4096], &BootInformation { words: &[] }).err().unwrap();
    assert_eq!(booter::refuse(failure, &mut books), booter::NOT_CONSTRUCTED);
    assert_eq!(books.printed, "booter: cannot construct the system: the module is not a bundle\n");
}

#[test]
fn components_on_other_cores_initialise_in_their_turn_and_run_beside_the_others() {
    let mut books = Books::default();
    assert_eq!(booted_on(2, 5, 4096, &mut books), 0);
    let thread = |at: u32| slots(at)[3];
    let (first, then) = books.dispatched.split_at(5);
    assert_eq!(first, [1, 2, 3, 4, 5].map(|at| (thread(at), 0)), "one after another, in the bundle's order");
    assert_eq!(then.iter().map(|(_, phase)| *phase).collect::<BTreeSet<_>>(), BTreeSet::from([1]));
    assert_eq!(then[..2], [(thread(1), 1), (thread(2), 1)], "the other core begins before this one goes on");
    let order = |core: u32| {
        then.iter()
            .map(|(of, _)| *of)
            .filter(|of| (1..=5).any(|at| at % 2 == core && thread(at) == *of))
            .collect::<Vec<_>>()
    };
    assert_eq!(order(1), [1, 3, 5].map(thread));
    assert_eq!(order(0), [2, 4].map(thread));
    assert!(books.launched.is_empty(), "all have ended");
}

#[test]
fn a_status_from_another_core_is_the_systems() {
    let mut books = Books::default();
    books.answers.insert((slots(1)[3], 1), Ok([ThreadEnd::Returned as u64, 7]));
    assert_eq!(booted_on(2, 2, 4096, &mut books), 7);
    assert!(books.printed.contains("booter: c1 ended with status 7\n"), "{}", books.printed);
}

#[test]
fn a_core_that_there_is_not_is_named() {
    let mut books = Books::default();
    let bytes = bundle_for(3, 2);
    let words = information(&bytes, 4096, 2);
    let status = boot(&System::read(&bytes, &BootInformation { words: &words }).unwrap(), || 99, &mut books);
    assert_eq!(status, booter::NOT_CONSTRUCTED);
    let expected = "booter: cannot construct the system: component 2 is to run on core 2, and there are 2\n";
    assert_eq!(books.printed, expected);
    assert!(books.objects.is_empty());
}
