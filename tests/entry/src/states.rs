//! Random systems for the entry to be entered in.

mod dispatches;

use crate::arena::{Arena, Core, STACK_END};
use abi::crossing::{CAPABILITIES, CapabilityWord, FAULT_HANDLER};
use dispatches::THREADS;
pub use dispatches::{Dispatch, WAYS};
use logic::capability::{Capability, Invocation, Ports};
use logic::capability_table::CapabilityTable;
use logic::component::{self, Reference};
use logic::core_state::CoreState;
use logic::dispatch;
use logic::fault::{self, Cause};
use logic::frame::Frame;
use logic::interrupt::Lines;
use logic::page_table::PageTable;
use logic::physical_range::PhysicalRange;
use logic::store::Store;
use logic::{invocation, temporal_capability, thread};
use play::choices::{Choices, Random};
use std::sync::atomic::Ordering::Relaxed;

const COMPONENTS: usize = 5;
/// Slots of each leaf that may hold something.
const SLOTS: u64 = 12;

/// Components that call each other, and threads, of which one waits for another or that dispatch each other.
pub struct World {
    /// Their memory.
    pub arena: Arena,
    random: Random,
    components: Vec<Reference>,
    threads: Vec<Frame>,
    time: Frame,
}

impl World {
    /// The threads, all of them of the one core.
    pub fn threads(&self) -> impl Iterator<Item = Frame> + '_ {
        self.threads.iter().copied()
    }

    /// One of many, by its seed.
    pub fn new(seed: u64) -> Self {
        let (arena, mut random) = (Arena::new(), Random::new(seed));
        let page_tables: Vec<_> = (0..3).map(|_| PageTable::create(&arena, arena.kernel())).collect();
        let create = |index| {
            let (table, object) = (CapabilityTable::create(&arena, arena.kernel()), arena.kernel());
            [0, 510].into_iter().for_each(|leaf| table.graft(&arena, leaf, arena.untyped()).unwrap());
            let page_table = page_tables[random.below(3) as usize].0;
            component::create(&arena, object, index, table.0, page_table).unwrap()
        };
        let components: Vec<_> = (1..=COMPONENTS as u32).map(create).collect();
        let core = random.one_of([0, 3]);
        let start = |index| start_in(&arena, index as u32, core, components[index]);
        let threads: Vec<_> = (0..THREADS).map(start).collect();
        let time = arena.kernel();
        temporal_capability::create_unlimited(&arena, time, threads[0]);
        let mut world = Self { arena, random, components, threads, time };
        (0..COMPONENTS).for_each(|at| world.grant(at));
        world.start(core.into());
        world
    }

    fn start(&mut self, number: u64) {
        let mut state = CoreState { number, ..CoreState::IDLE };
        thread::start(&self.arena, &mut state, self.threads[0], 0).unwrap();
        if self.random.one_in(2) {
            dispatch::wait_for(&self.arena, &mut state, self.threads[1], 0).unwrap();
        }
        if self.random.one_in(3) {
            self.nest(&mut state);
        }
        let space = state.descriptor(&self.arena).page_table.load(Relaxed);
        self.arena.set_core(Core { state, stack_end: STACK_END, space, foreign: false });
    }

    /// Goes as deep as there is room, or nearly.
    fn nest(&mut self, state: &mut CoreState) {
        for _ in 0..76 + self.random.below(4) {
            let invocation = Invocation { methods: 1, ..self.invocation() };
            // At the end there is no room, as it should be.
            let _ = invocation::invoke(&self.arena, state, invocation, 0, [0; 4]);
        }
    }

    fn grant(&mut self, at: usize) {
        let table = CapabilityTable::of(&self.arena, self.components[at]).unwrap();
        for slot in (0..SLOTS).chain((0..SLOTS).map(|slot| 510 * 64 + slot)).filter(|slot| *slot != 0) {
            if slot == FAULT_HANDLER.into() || !self.random.one_in(8) {
                let capability =
                    if self.random.one_in(3) { self.other() } else { Capability::Invocation(self.invocation()) };
                table.add(&self.arena, slot, capability).unwrap();
            }
        }
        self.grant_threads(self.components[at]);
    }

    fn invocation(&mut self) -> Invocation {
        let server = self.components[self.random.below(COMPONENTS as u64) as usize];
        let methods = self.random.word() | self.random.word();
        Invocation { server, entry: self.random.word(), token: self.random.word(), methods }
    }

    fn other(&mut self) -> Capability {
        let component = self.components[self.random.below(COMPONENTS as u64) as usize];
        let thread = self.threads[self.random.below(2) as usize];
        let descriptor = self.arena.descriptor_at(component.offset());
        self.random.one_of([
            Capability::CapabilityTable(Frame::at(descriptor.table.load(Relaxed))),
            Capability::PageTable(Frame::containing(descriptor.page_table.load(Relaxed))),
            Capability::Component(component),
            Capability::Thread(thread),
            Capability::Receive(thread),
            Capability::Send(thread),
            Capability::Ports(Ports::ALL),
            Capability::DebugConsole,
            Capability::Power,
            Capability::Interrupt(Lines::ALL),
            Capability::PhysicalRange(PhysicalRange::ALL),
            Capability::HandledLevel,
            Capability::TemporalCapability(self.time),
        ])
    }

    /// Something else happens, seldom: a component is revoked, or the current level faults and its handler is entered.
    pub fn disturb(&mut self) {
        let mut core = self.arena.core();
        match self.random.below(40) {
            0 => {
                let component = self.components[self.random.below(COMPONENTS as u64) as usize];
                if component != core.state.component(&self.arena) {
                    // It may have been already.
                    let _ = component::revoke(&self.arena, component);
                }
            }
            1 | 2 => {
                let cause = Cause { vector: 14, error: 4, address: 0, instruction: 0 };
                if fault::handle(&self.arena, &mut core.state, cause).is_some() {
                    core.space = core.state.descriptor(&self.arena).page_table.load(Relaxed);
                    self.arena.set_core(core);
                }
            }
            _ => {}
        }
    }

    /// Another core revokes, seldom, the component of the level at `top`: that which is about to fault, or whose fault is handled.
    pub fn revoke_at(&mut self, top: u64) {
        let component = CoreState { top, ..self.arena.core().state }.component(&self.arena);
        if self.random.one_in(12) {
            // It may have been already.
            let _ = component::revoke(&self.arena, component);
        }
    }

    /// What the current level puts into `rax`.
    pub fn capability_word(&mut self) -> u64 {
        let slot = 1 + self.random.below(SLOTS - 1);
        let slot = if self.random.one_in(3) { slot + 510 * 64 } else { slot };
        let word = CapabilityWord::new(slot as u32, self.random.below(64) as u16).0;
        match self.random.below(40) {
            0..=11 => self.random.word() & 0xffff,
            12 => CapabilityWord::IDENTITY.0,
            13 => self.random.word(),
            14 => u64::from(CAPABILITIES) << 16 | self.random.word() & 0xffff,
            15 => self.random.below(1 << 31),
            16 => word | 1 << self.random.below(64),
            18 => CapabilityWord::HERE.0,
            17 => CapabilityWord::IDENTITY.0 ^ 1 << self.random.below(64),
            _ => word,
        }
    }

    /// A return from a handler that may let its level go on.
    pub fn answer(&mut self) -> (u64, [u64; 2]) {
        let status = if self.random.one_in(8) { self.random.word() & 0xffff } else { 0 };
        let address = if self.random.one_in(4) { self.random.word() } else { self.random.word() >> 18 };
        (status, [self.random.below(3), address])
    }

    /// Whether one of `many` cases has come.
    pub fn one_in(&mut self, many: u64) -> bool {
        self.random.one_in(many)
    }

    /// Any word.
    pub fn word(&mut self) -> u64 {
        self.random.word()
    }
}

fn start_in(arena: &Arena, index: u32, core: u32, component: Reference) -> Frame {
    let thread = arena.kernel();
    thread::create(arena, thread, index, core, component, 0x40_0000).unwrap();
    thread
}
