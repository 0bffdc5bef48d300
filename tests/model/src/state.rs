//! What there is: frames, objects, and who runs.

use crate::kernel::{Outcome, Seen};
use abi::boot::slot;
use abi::error::Error;
use abi::event::What;
use abi::kind::Kind;
use abi::layout::{PAGE, THREADS};
use abi::rights;
use abi::time::UNLIMITED;
use std::collections::BTreeMap;

/// Names an object for ever.
pub type Id = u64;

/// What may be asked of an object, or of nothing in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// An entry of a component.
    Invocation {
        /// The component.
        server: Id,
        /// Where it is entered.
        entry: u64,
        /// What it is told.
        token: u64,
        /// The methods permitted.
        methods: u64,
    },
    /// A capability table.
    Table(Id),
    /// A page table.
    PageTable(Id),
    /// A component.
    Component(Id),
    /// A thread.
    Thread(Id),
    /// Where a thread receives.
    Receive(Id),
    /// Where others send to a thread.
    Send(Id),
    /// Ports: the first, and how many.
    Ports(u64, u64),
    /// The kernel's console.
    Console,
    /// The end.
    Power,
    /// Interrupt lines: the first, and how many.
    Lines(u64, u64),
    /// Pages of devices: the first, and how many.
    Range(u64, u64),
    /// The level that its holder handles.
    HandledLevel,
    /// A temporal capability.
    Time(Id),
}

impl Capability {
    /// Its kind.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Invocation { .. } => Kind::Invocation,
            Self::Table(_) => Kind::CapabilityTable,
            Self::PageTable(_) => Kind::PageTable,
            Self::Component(_) => Kind::Component,
            Self::Thread(_) => Kind::Thread,
            Self::Receive(_) => Kind::Receive,
            Self::Send(_) => Kind::Send,
            Self::Ports(..) => Kind::Ports,
            Self::Console => Kind::DebugConsole,
            Self::Power => Kind::Power,
            Self::Lines(..) => Kind::Interrupt,
            Self::Range(..) => Kind::PhysicalRange,
            Self::HandledLevel => Kind::HandledLevel,
            Self::Time(_) => Kind::TemporalCapability,
        }
    }
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// What it is.
    pub capability: Capability,
    /// What may be done with it.
    pub rights: u64,
}

impl Held {
    /// With all rights.
    pub const fn all(capability: Capability) -> Self {
        Self { capability, rights: rights::ALL }
    }
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Nobody's, since this epoch; 0 if it never was anybody's.
    Untyped(u64),
    /// Part of an object.
    Object,
    /// User memory with so many mappings.
    User(u64),
}

/// A slot that was emptied holds the epoch of that.
#[derive(Clone, Debug, Default)]
pub struct Leaf {
    /// Its frame.
    pub frame: u64,
    /// What is in it.
    pub slots: BTreeMap<u64, Held>,
    /// When slots were emptied.
    pub emptied: BTreeMap<u64, u64>,
}

/// A capability table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its frame.
    pub frame: u64,
    /// Its leaves.
    pub leaves: BTreeMap<u64, Leaf>,
}

/// What a page table has at a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The name of an untyped frame.
    Name(u64),
    /// A mapping of a frame, with rights, and the rights that others may be given.
    Mapping(u64, u64, u64),
    /// A mapping of a device's page, with rights.
    Device(u64, u64),
}

/// A page table: what it has, by the level of the table that has it and the first address.
#[derive(Clone, Debug, Default)]
pub struct PageTable {
    /// Its frame.
    pub frame: u64,
    /// Tables below the root, and their frames.
    pub nodes: BTreeMap<(u64, u64), u64>,
    /// Names of 512 frames each, by the first.
    pub large_names: BTreeMap<u64, u64>,
    /// Pages.
    pub pages: BTreeMap<u64, Entry>,
}

/// A component.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// Its frame.
    pub frame: u64,
    /// Its index.
    pub index: u64,
    /// Its capability table.
    pub table: Id,
    /// Its page table.
    pub page_table: Id,
    /// Whether its system calls are its personality's.
    pub is_foreign: bool,
    /// Since when it is no more.
    pub revoked: Option<u64>,
}

/// A level of an invocation stack.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    /// Who executes.
    pub component: Id,
    /// Where it goes on.
    pub at: u64,
    /// Its stack pointer there, as far as somebody has said.
    pub stack: u64,
    /// Whether its fault is being handled.
    pub faulted: bool,
}

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits to be dispatched for the first time, or again.
    AtStart,
    /// It runs.
    Running,
    /// It ended for good.
    Faulted,
    /// It dispatched another.
    Suspended,
    /// It waits at its end-point.
    Receiving,
    /// The core was taken from it.
    Preempted,
    /// It waits for another's end.
    Waiting,
}

/// Who goes on when a thread does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// Nobody.
    None,
    /// Who waits for its end.
    Waiting(Id),
    /// Who is told at its end-point.
    EndPoint(Id),
}

/// What a thread runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Nothing: its time is not counted.
    None,
    /// A temporal capability that has been reclaimed: it has no time.
    Ended,
    /// A temporal capability.
    Of(Id),
}

/// What a scheduler says of a temporal capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Say {
    /// The scheduler.
    pub scheduler: Id,
    /// The priority that it gives: a lower number goes first.
    pub priority: u64,
}

/// A temporal capability.
#[derive(Clone, Debug)]
pub struct Time {
    /// Its frame.
    pub frame: u64,
    /// Cycles left.
    pub left: u64,
    /// Cycles used.
    pub used: u64,
    /// What schedulers say: its own first, and those through which its cycles came.
    pub says: Vec<Say>,
}

/// Who is to get cycles.
pub(crate) struct Recipient {
    /// None if it is about to be made.
    pub id: Option<Id>,
    pub owner: Id,
    pub left: u64,
    pub says: Vec<Say>,
}

/// Cycles that can be moved, and what their scheduler says of them.
pub(crate) struct Gift {
    pub from: Id,
    pub cycles: u64,
    pub own: Option<Say>,
}

/// An interrupt line that is attached.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// To whom.
    pub receiver: Id,
    /// Whether its interrupts wait.
    pub is_masked: bool,
}

/// Registers by number, those that are not 0.
pub type Area = BTreeMap<u64, u64>;

/// A thread.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Its frame.
    pub frame: u64,
    /// Its index.
    pub index: u64,
    /// Where it starts.
    pub start: u64,
    /// FS base with which it starts.
    pub fs_base: u64,
    /// Whether it starts in a foreign component.
    pub is_foreign: bool,
    /// Registers with which it goes on when it was preempted.
    pub preempted: Area,
    /// Registers of its level whose fault is handled.
    pub faulted: Area,
    /// What it runs on when it goes on of its own accord.
    pub budget: Budget,
    /// Who executes, the innermost last.
    pub levels: Vec<Level>,
    /// What it is doing.
    pub state: State,
    /// Who goes on when it does not.
    pub scheduler: Scheduler,
    /// Times that somebody sent to it.
    pub pending: u64,
    /// The latest decision at its end-point.
    pub token: u64,
    /// Threads with something to tell it, the first first.
    pub events: Vec<Id>,
    /// What it has to tell its scheduler.
    pub event: Option<What>,
    /// Whether it waits for as many events as there is room for.
    pub takes_all: bool,
    /// Until when, at the latest, what it dispatches runs; 0 for ever.
    pub limit: u64,
}

/// A kernel with one core, and all that it knows.
#[derive(Clone, Debug)]
pub struct Model {
    /// What frames are, but those that were never used.
    pub frames: BTreeMap<u64, Frame>,
    /// Frames that there are.
    pub memory: std::ops::Range<u64>,
    /// Indices of components that there are.
    pub descriptors: u64,
    /// Capability tables.
    pub tables: BTreeMap<Id, Table>,
    /// Page tables.
    pub page_tables: BTreeMap<Id, PageTable>,
    /// Components.
    pub components: BTreeMap<Id, Component>,
    /// Threads.
    pub threads: BTreeMap<Id, Thread>,
    /// Temporal capabilities.
    pub times: BTreeMap<Id, Time>,
    /// Interrupt lines that are attached.
    pub lines: BTreeMap<u64, Line>,
    /// The only page of a device.
    pub device: u64,
    /// Words of user memory that are not 0, by frame and place.
    pub contents: BTreeMap<(u64, u64), u64>,
    /// What the core runs on.
    pub budget: Budget,
    /// The time of the latest entry.
    pub now: u64,
    /// Cycles that unlimited temporal capabilities gave, less those that they got.
    pub granted: i128,
    /// Cycles of temporal capabilities that have ended, used and left.
    pub ended: i128,
    /// Who runs, or waits while the core sleeps.
    pub current: Id,
    /// Threads for whose end another waits, the last one last.
    pub roots: Vec<Id>,
    /// When the core comes back to a scheduler, or 0.
    pub timeout: u64,
    /// The epoch.
    pub epoch: u64,
    /// Whether the core sleeps.
    pub idle: bool,
    next: Id,
}

/// What a model starts with.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Frames that the first component has names of, from the first address on.
    pub untyped: std::ops::Range<u64>,
    /// Indices of components that there are.
    pub descriptors: u64,
    /// Frames of the first page table, capability table, its leaf, component, thread and temporal capability.
    pub frames: [u64; 6],
    /// Frames of the tables of level 3 and 2 that have those names.
    pub tables_of_names: [u64; 2],
    /// The only page of a device.
    pub device: u64,
}

impl Model {
    /// A kernel that has started a base constructor.
    pub fn boot(machine: &Machine) -> Self {
        let mut new = Self {
            frames: BTreeMap::new(),
            memory: machine.untyped.clone(),
            descriptors: machine.descriptors,
            tables: BTreeMap::new(),
            page_tables: BTreeMap::new(),
            components: BTreeMap::new(),
            threads: BTreeMap::new(),
            times: BTreeMap::new(),
            lines: BTreeMap::new(),
            device: machine.device,
            contents: BTreeMap::new(),
            budget: Budget::None,
            now: 0,
            granted: 0,
            ended: 0,
            current: 0,
            roots: Vec::new(),
            timeout: 0,
            epoch: 1,
            idle: false,
            next: 0,
        };
        new.start(machine);
        new
    }

    fn start(&mut self, machine: &Machine) {
        let [page_table_frame, table_frame, leaf, component_frame, frame, time_frame] = machine.frames;
        let [table, page_table, component, thread, time] = [(); 5].map(|()| self.new_id());
        let mut leaf = Leaf { frame: leaf, ..Leaf::default() };
        for (at, capability) in [
            (slot::TABLE, Capability::Table(table)),
            (slot::PAGE_TABLE, Capability::PageTable(page_table)),
            (slot::PORTS, Capability::Ports(0, 0x1_0000)),
            (slot::DEBUG_CONSOLE, Capability::Console),
            (slot::POWER, Capability::Power),
            (slot::INTERRUPTS, Capability::Lines(0, 128)),
            (slot::DEVICES, Capability::Range(0, 1 << 40)),
            (slot::TIME, Capability::Time(time)),
        ] {
            leaf.slots.insert(at.into(), Held::all(capability));
        }
        self.tables.insert(table, Table { frame: table_frame, leaves: BTreeMap::from([(0, leaf)]) });
        let mut names = PageTable { frame: page_table_frame, ..PageTable::default() };
        for (level, frame) in [3, 2].into_iter().zip(machine.tables_of_names) {
            names.nodes.insert((level, abi::boot::UNTYPED), frame);
        }
        for first in machine.untyped.clone().step_by(512) {
            names.large_names.insert(abi::boot::UNTYPED + first * PAGE, first);
        }
        self.page_tables.insert(page_table, names);
        self.components.insert(
            component,
            Component { frame: component_frame, index: 1, table, page_table, is_foreign: false, revoked: None },
        );
        let levels = vec![Level::new(component, 0)];
        let says = vec![Say { scheduler: thread, priority: 0 }];
        self.times.insert(time, Time { frame: time_frame, left: UNLIMITED, used: 0, says });
        self.threads.insert(thread, Thread { levels, state: State::Running, ..Thread::new(frame, 0, 0) });
        self.current = thread;
    }

    /// A number that nothing has had.
    pub(crate) fn new_id(&mut self) -> Id {
        self.next += 1;
        self.next
    }

    /// What `frame` is.
    pub fn frame(&self, frame: u64) -> Frame {
        self.frames.get(&frame).copied().unwrap_or(Frame::Untyped(0))
    }

    /// Whether what was given up in `epoch` can be used again: with one core, as soon as there is a later one.
    pub(crate) fn check_past(&self, epoch: u64) -> Result<(), Error> {
        if epoch < self.epoch { Ok(()) } else { Err(Error::NotQuiescent) }
    }

    /// Checks that `frame` can be used.
    pub(crate) fn check_untyped(&self, frame: u64) -> Result<(), Error> {
        match self.frame(frame) {
            Frame::Untyped(since) if self.memory.contains(&frame) => self.check_past(since),
            _ => Err(Error::FrameState),
        }
    }

    /// Makes `frame` part of an object.
    pub(crate) fn claim(&mut self, frame: u64) -> Result<(), Error> {
        self.check_untyped(frame)?;
        self.frames.insert(frame, Frame::Object);
        Ok(())
    }

    /// Gives `frame` up. Answers the epoch.
    pub(crate) fn give_up(&mut self, frame: u64) -> u64 {
        self.frames.insert(frame, Frame::Untyped(self.epoch));
        self.epoch
    }

    /// Whether a thread can have this index.
    pub(crate) fn check_thread_index(&self, index: u64) -> Result<(), Error> {
        match self.threads.values().any(|thread| thread.index == index) {
            _ if index >= THREADS.into() => Err(Error::BadArgument),
            true => Err(Error::IndexTaken),
            false => Ok(()),
        }
    }

    /// Whether the component lives.
    pub fn lives(&self, component: Id) -> bool {
        self.components.get(&component).is_some_and(|component| component.revoked.is_none())
    }

    /// What is in the caller's slot with this number.
    pub fn held(&self, number: u64) -> Option<Held> {
        self.slot(self.caller(), number).ok()
    }

    /// What goes on.
    pub fn see(&self, outcome: Outcome) -> Seen {
        let thread = &self.threads[&self.current];
        let level = thread.levels.last();
        let component = level.and_then(|level| self.components.get(&level.component));
        Seen {
            outcome,
            thread: thread.index as u32,
            component: component.map_or(0, |component| component.index as u32),
            page_table: component.map_or(0, |component| self.page_tables[&component.page_table].frame),
            at: level.map_or(0, |level| level.at),
            deadline: if matches!(outcome, Outcome::End(_)) { 0 } else { self.deadline() },
        }
    }
}

impl Thread {
    /// A thread that has not been dispatched.
    pub(crate) const fn new(frame: u64, index: u64, start: u64) -> Self {
        Self {
            frame,
            index,
            start,
            fs_base: 0,
            is_foreign: false,
            preempted: Area::new(),
            faulted: Area::new(),
            budget: Budget::None,
            levels: Vec::new(),
            state: State::AtStart,
            scheduler: Scheduler::None,
            pending: 0,
            token: 0,
            events: Vec::new(),
            event: None,
            takes_all: false,
            limit: 0,
        }
    }
}

impl Level {
    /// A level that enters `component` at `at`.
    pub(crate) const fn new(component: Id, at: u64) -> Self {
        Self { component, at, stack: 0, faulted: false }
    }
}
