//! Kernel memory made of vectors, for tests.

#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its memory should fail")]

use crate::capability::{Capability, Ports};
use crate::capability_table::CapabilityTable;
use crate::component::{self, Reference};
use crate::core_state::CoreState;
use crate::cross_core::{Cores, Shared, launched};
use crate::frame::{self, Frame, State};
use crate::interrupt::{Controller, LINES, LineState, Lines};
use crate::outcome::{Outcome, Registers};
use crate::page_table::PageTable;
use crate::physical_range::PhysicalRange;
use crate::quiescence::{self, Epochs};
use crate::store::{Descriptor, Level, Store, Words, get};
use crate::temporal_capability;
use crate::thread::{self, entry};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::boxed::Box;
use std::sync::Mutex;
use std::vec::Vec;

const FRAMES: usize = 256;
/// The first page of the machine that is a device's, and no memory.
pub const DEVICE: u64 = FRAMES as u64;

const INDICES: usize = 32;
const CORES: usize = 4;

/// A machine of 256 untyped frames. Frame 0 is the shared empty leaf, frame 1 the kernel's page table.
pub struct Memory {
    frames: Vec<Box<Words>>,
    retype: Vec<AtomicU64>,
    descriptors: Vec<Descriptor>,
    threads: Vec<AtomicU64>,
    epochs: Epochs,
    shared: [Shared; CORES],
    lines: Vec<LineState>,
    /// Pages whose translations were to be forgotten, with the roots of their page tables.
    pub invalidated: Mutex<Vec<(Frame, u64)>>,
    next: AtomicUsize,
}

impl Memory {
    pub fn new() -> Self {
        let zero = || AtomicU64::new(0);
        let memory = Self {
            frames: (0..FRAMES).map(|_| Box::new([const { AtomicU64::new(0) }; 512])).collect(),
            retype: (0..FRAMES).map(|_| AtomicU64::new(State::UNTYPED.bits())).collect(),
            descriptors: (0..INDICES)
                .map(|_| Descriptor { epoch: zero(), page_table: zero(), table: zero(), component: zero() })
                .collect(),
            threads: (0..INDICES).map(|_| zero()).collect(),
            epochs: Epochs::new(),
            shared: [const { Shared::offline() }; CORES],
            lines: (0..LINES).map(|_| LineState::new()).collect(),
            invalidated: Mutex::default(),
            next: AtomicUsize::new(2),
        };
        memory.start_core(0);
        memory.shared[0].launched.0.store(launched::CLAIMED, Relaxed);
        for frame in [0, 1] {
            memory.retype[frame].store(0, Relaxed);
        }
        memory
    }

    /// Lets the core with this number take part.
    pub fn start_core(&self, core: u32) {
        quiescence::acknowledge(self, core, quiescence::FIRST);
    }

    /// Lets `epoch` be past on all cores, of which there is one.
    pub fn quiesce(&self, epoch: u64) {
        assert!(
            matches!(quiescence::ask(self, 0, epoch, || true), Ok(quiescence::Round::Past)),
            "one core needs nobody"
        );
    }

    /// A frame that nobody has used.
    pub fn untyped(&self) -> Frame {
        Frame::numbered(self.next.fetch_add(1, Relaxed) as u64)
    }

    /// A frame claimed for a kernel object.
    pub fn kernel(&self) -> Frame {
        let frame = self.untyped();
        frame::claim_kernel(self, frame).unwrap();
        frame
    }
}

impl Store for Memory {
    fn words(&self, frame: Frame) -> &Words {
        &self.frames[frame.number() as usize]
    }
    fn level(&self, address: u64) -> &Level {
        let (levels, _) = self.words(Frame::containing(address - crate::frame::DIRECT_MAP)).as_chunks();
        &levels[entry::index(address) / entry::WORDS]
    }
    fn retype_entry(&self, frame: Frame) -> Option<&AtomicU64> {
        self.retype.get(frame.number() as usize)
    }
    fn descriptor(&self, index: u32) -> Option<&Descriptor> {
        self.descriptors.get(index as usize)
    }
    fn descriptor_at(&self, offset: u64) -> &Descriptor {
        &self.descriptors[component::index_of(offset) as usize]
    }
    fn thread_entry(&self, index: u32) -> Option<&AtomicU64> {
        self.threads.get(index as usize)
    }
    fn empty_leaf(&self) -> Frame {
        Frame::numbered(0)
    }
    fn kernel_page_table(&self) -> Frame {
        Frame::numbered(1)
    }
    fn epochs(&self) -> &Epochs {
        &self.epochs
    }
    fn shared(&self, core: u32) -> Option<&Shared> {
        self.shared.get(core as usize)
    }
    fn interrupt_line(&self, line: u32) -> Option<&LineState> {
        self.lines.get(line as usize)
    }
    fn is_device_memory(&self, first: u64, pages: u64) -> bool {
        first >= DEVICE && pages < 1 << 20
    }
    fn invalidate(&self, root: Frame, address: u64) {
        self.invalidated.lock().unwrap().push((root, address));
    }
    fn clear(&self, frame: Frame) {
        self.words(frame).iter().for_each(|word| word.store(0, Relaxed));
    }
}

/// Where [`System`]'s first component finds its own objects.
pub mod slot {
    pub const TABLE: u64 = 1;
    pub const PAGE_TABLE: u64 = 2;
    pub const COMPONENT: u64 = 3;
    pub const PORTS: u64 = 4;
    pub const CONSOLE: u64 = 5;
    pub const POWER: u64 = 6;
    pub const THREAD: u64 = 7;
    pub const RECEIVE: u64 = 8;
    pub const SEND: u64 = 9;
    pub const FREE: u64 = 10;
    pub const INTERRUPT: u64 = 60;
    pub const DEVICES: u64 = 61;
    pub const TIME: u64 = 62;
    pub const HANDLED_LEVEL: u64 = 59;
}

/// Where [`System`]'s first component names untyped frames: frame n at `UNTYPED + n * 4096`.
pub const UNTYPED: u64 = 0x20_0000_0000;

/// An interrupt controller that remembers which lines are open, and to which core. One line is missing.
#[derive(Default)]
pub struct Controls {
    pub open: Vec<(u32, u32)>,
    /// Cores that have been interrupted.
    pub interrupted: Vec<u32>,
}

impl Cores for Controls {
    fn interrupt(&mut self, core: u32) {
        self.interrupted.push(core);
    }
    fn forget_translations(&mut self) {}
}

impl Controls {
    pub const ABSENT: u32 = 2;
}

impl Controller for Controls {
    fn has_line(&self, line: u32) -> bool {
        line != Self::ABSENT
    }
    fn open_line(&mut self, line: u32, core: u32) {
        self.mask_line(line);
        self.open.push((line, core));
    }
    fn mask_line(&mut self, line: u32) {
        self.open.retain(|(open, _)| *open != line);
    }
}

/// Cores that remember which of them was interrupted.
#[derive(Debug, Default)]
pub struct Interrupted {
    pub cores: Vec<u32>,
}

impl Cores for Interrupted {
    fn interrupt(&mut self, core: u32) {
        self.cores.push(core);
    }
    fn forget_translations(&mut self) {}
}

/// A running system: one component with one thread, which holds everything that a booter does.
pub struct System {
    pub memory: Memory,
    pub core: CoreState,
}

impl System {
    pub fn new() -> Self {
        let memory = Memory::new();
        let table = CapabilityTable::create(&memory, memory.kernel());
        table.graft(&memory, 0, memory.untyped()).unwrap();
        let page_table = PageTable::create(&memory, memory.kernel());
        for level in [3, 2] {
            page_table.graft(&memory, UNTYPED, memory.untyped(), level).unwrap();
        }
        page_table.set(&memory, UNTYPED, 2, crate::page_table::NAMES_UNTYPED).unwrap();
        let object = memory.kernel();
        let reference = component::create(&memory, object, 1, table.0, page_table.0).unwrap();
        let first = memory.kernel();
        thread::create(&memory, first, 0, 0, reference, 0x40_0000).unwrap();
        let time = memory.kernel();
        temporal_capability::create_unlimited(&memory, time, first);
        let grants = [
            (slot::TABLE, Capability::CapabilityTable(table.0)),
            (slot::PAGE_TABLE, Capability::PageTable(page_table.0)),
            (slot::COMPONENT, Capability::Component(reference)),
            (slot::PORTS, Capability::Ports(Ports { first: 0x3f8, count: 8 })),
            (slot::CONSOLE, Capability::DebugConsole),
            (slot::POWER, Capability::Power),
            (slot::THREAD, Capability::Thread(first)),
            (slot::RECEIVE, Capability::Receive(first)),
            (slot::SEND, Capability::Send(first)),
            (slot::INTERRUPT, Capability::Interrupt(Lines { first: 4, count: 1 })),
            (slot::HANDLED_LEVEL, Capability::HandledLevel),
            (slot::TIME, Capability::TemporalCapability(time)),
            (slot::DEVICES, Capability::PhysicalRange(PhysicalRange { first: DEVICE, pages: 2 })),
        ];
        for (number, capability) in grants {
            table.add(&memory, number, capability).unwrap();
        }
        let mut core = CoreState::IDLE;
        thread::start(&memory, &mut core, first, 0).unwrap();
        Self { memory, core }
    }

    /// Lets `scheduler` schedule `thread`.
    pub fn settle_under(&self, thread: Frame, scheduler: Frame) {
        thread::set_scheduler(&self.memory, thread, thread::Scheduler::EndPoint(scheduler));
    }

    /// Grants the receive end-point of `thread` to the current component.
    pub fn grant(&self, slot: u64, thread: Frame) {
        let table = CapabilityTable::of(&self.memory, self.core.component(&self.memory)).unwrap();
        table.add(&self.memory, slot, Capability::Receive(thread)).unwrap();
    }

    /// A new component with descriptor `index`.
    pub fn component(&self, index: u32) -> Reference {
        let (object, table, page_table) = (self.memory.kernel(), self.memory.kernel(), self.memory.kernel());
        CapabilityTable::create(&self.memory, table);
        PageTable::create(&self.memory, page_table);
        component::create(&self.memory, object, index, table, page_table).unwrap()
    }

    /// A new thread with this index in a component with the same index.
    pub fn thread(&self, index: u32, start: u64) -> (Frame, Reference) {
        self.thread_on(0, index, start)
    }

    /// As [`thread`](Self::thread), on this core.
    pub fn thread_on(&self, core: u32, index: u32, start: u64) -> (Frame, Reference) {
        let (thread, component) = (self.memory.kernel(), self.component(index));
        thread::create(&self.memory, thread, index, core, component, start).unwrap();
        (thread, component)
    }

    /// A new thread with this index in `component`.
    pub fn thread_in(&self, index: u32, component: Reference) -> Frame {
        let thread = self.memory.kernel();
        thread::create(&self.memory, thread, index, 0, component, 0x41_0000).unwrap();
        thread
    }

    /// Adds the first leaf to the component's capability table.
    pub fn grow(&self, component: Reference) {
        let table = CapabilityTable::of(&self.memory, component).unwrap();
        table.graft(&self.memory, 0, self.memory.untyped()).unwrap();
    }

    /// Status and the two words that the current level gets.
    pub fn told(&self, outcome: Outcome) -> (u64, [u64; 2]) {
        let registers = self.resumed(outcome);
        (registers.rax, [registers.rdi, registers.rsi])
    }

    /// The registers that the current level gets.
    pub fn resumed(&self, outcome: Outcome) -> Registers {
        outcome.registers(&self.core).unwrap()
    }

    /// What the core runs, whatever it was told.
    pub fn place(&self) -> CoreState {
        CoreState { registers: Registers::ZERO, ..self.core }
    }

    /// Address and stack pointer at which the current thread resumes.
    pub fn resume_point(&self) -> (u64, u64) {
        let (words, at) = (self.memory.words(self.core.thread()), entry::index(self.core.top));
        (get(words, at + entry::ADDRESS), get(words, at + entry::STACK))
    }

    /// The name of an untyped frame that nobody has used.
    pub fn name_of_untyped(&self) -> u64 {
        UNTYPED + self.memory.untyped().physical()
    }
}
