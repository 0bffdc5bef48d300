//! Kernel memory made of vectors, for tests.

#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its memory should fail")]

use crate::capability::{Capability, Ports};
use crate::capability_table::CapabilityTable;
use crate::component::{self, Reference};
use crate::core_state::CoreState;
use crate::frame::{self, Frame, State};
use crate::page_table::PageTable;
use crate::store::{Descriptor, Store, Words, get};
use crate::thread::{self, entry};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::boxed::Box;
use std::vec::Vec;

const FRAMES: usize = 256;
const INDICES: usize = 32;

/// A machine of 256 untyped frames. Frame 0 is the shared empty leaf, frame 1 the kernel's page table.
pub struct Memory {
    frames: Vec<Box<Words>>,
    retype: Vec<AtomicU64>,
    descriptors: Vec<Descriptor>,
    threads: Vec<AtomicU64>,
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
            next: AtomicUsize::new(2),
        };
        for frame in [0, 1] {
            memory.retype[frame].store(0, Relaxed);
        }
        memory
    }

    /// A frame that nobody has used.
    pub fn untyped(&self) -> Frame {
        Frame(self.next.fetch_add(1, Relaxed) as u64)
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
        &self.frames[frame.0 as usize]
    }
    fn retype_entry(&self, frame: Frame) -> Option<&AtomicU64> {
        self.retype.get(frame.0 as usize)
    }
    fn descriptor(&self, index: u32) -> Option<&Descriptor> {
        self.descriptors.get(index as usize)
    }
    fn thread_entry(&self, index: u32) -> Option<&AtomicU64> {
        self.threads.get(index as usize)
    }
    fn empty_leaf(&self) -> Frame {
        Frame(0)
    }
    fn kernel_page_table(&self) -> Frame {
        Frame(1)
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
}

/// Where [`System`]'s first component names untyped frames: frame n at `UNTYPED + n * 4096`.
pub const UNTYPED: u64 = 0x20_0000_0000;

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
        ];
        for (number, capability) in grants {
            table.add(&memory, number, capability).unwrap();
        }
        let mut core = CoreState::IDLE;
        thread::start(&memory, &mut core, first, 0).unwrap();
        Self { memory, core }
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
        let (thread, component) = (self.memory.kernel(), self.component(index));
        thread::create(&self.memory, thread, index, 0, component, start).unwrap();
        (thread, component)
    }

    /// Adds the first leaf to the component's capability table.
    pub fn grow(&self, component: Reference) {
        let table = CapabilityTable::of(&self.memory, component).unwrap();
        table.graft(&self.memory, 0, self.memory.untyped()).unwrap();
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
