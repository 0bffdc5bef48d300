//! The logic as a kernel with one core: what the entry paths do with it, without their assembly.

use crate::memory::{FIRST, Memory, UNTYPED_FRAMES};
use abi::boot::{UNTYPED, slot};
use abi::crossing::CapabilityWord;
use abi::error::Error;
use logic::capability::{Capability, Ports};
use logic::capability_table::CapabilityTable;
use logic::core_state::CoreState;
use logic::cross_core::Cores;
use logic::fault::{self, Cause};
use logic::frame::{self, Frame};
use logic::interrupt::{self, Controller, Lines};
use logic::operation::{Machine, Request, perform};
use logic::outcome::Outcome;
use logic::page_table::{NAMES_UNTYPED, PageTable, span};
use logic::physical_range::PhysicalRange;
use logic::store::Store;
use logic::temporal_capability;
use logic::thread::entry;
use logic::{budget, component, dispatch, endpoint, invocation, thread};
use model::kernel::{self, Entry, Kernel, Registers, Seen};
use std::sync::atomic::Ordering::Relaxed;

/// Index of the first component.
const COMPONENT: u32 = 1;

/// The logic, its memory, and the core that enters it.
pub struct LogicKernel {
    /// Where the objects are.
    pub memory: Memory,
    /// What the core knows.
    pub core: CoreState,
    outcome: Outcome,
    machine: Quiet,
    timer: u64,
    deadline: u64,
}

impl LogicKernel {
    /// The frame that is the root of the first component's page table.
    pub const PAGE_TABLE: u64 = 4;

    /// A kernel that has started a base constructor, as the real one does.
    ///
    /// # Errors
    ///
    /// None, if the logic is what it should be.
    pub fn boot() -> Result<Self, Error> {
        let memory = Memory::new();
        let [table, page_table, object, thread, ..] = [3, 4, 5, 6].map(Frame::numbered);
        for frame in [table, page_table, object, thread] {
            frame::claim_kernel(&memory, frame)?;
        }
        let table = grants(&memory, CapabilityTable::create(&memory, table))?;
        let page_table = names(&memory, PageTable::create(&memory, page_table))?;
        let reference = component::create(&memory, object, COMPONENT, table.0, page_table.0)?;
        thread::create(&memory, thread, 0, 0, reference, 0)?;
        let time = Frame::numbered(10);
        frame::claim_kernel(&memory, time)?;
        temporal_capability::create_unlimited(&memory, time, thread);
        table.add(&memory, slot::TIME.into(), Capability::TemporalCapability(time))?;
        let mut core = CoreState::IDLE;
        let outcome = thread::start(&memory, &mut core, thread, 0)?;
        Ok(Self { memory, core, outcome, machine: Quiet { now: 0 }, timer: 0, deadline: 0 })
    }

    /// Notes where the current level goes on, as the entry paths do.
    fn keep(&self, at: u64) {
        let [address, ..] = self.memory.level(self.core.top);
        address.store(at, Relaxed);
    }

    /// The way out: time is charged, and the timer set.
    fn set_timer(&mut self, outcome: Outcome) {
        let now = self.machine.now;
        if outcome == Outcome::Idle {
            budget::pause(&self.memory, &mut self.core, now);
            self.deadline = self.core.timeout;
        } else if self.timer != self.core.timeout || !self.core.account.is_settled() {
            self.timer = self.core.timeout;
            budget::settle(&self.memory, &mut self.core, now);
            self.deadline = self.core.account.deadline(self.timer);
        }
    }

    /// Whom an interrupt of a device is for.
    fn arrive(&mut self, line: u32) -> Option<Frame> {
        interrupt::arrive(&self.memory, &mut self.machine, 0, line)
    }

    fn handle(&mut self, cause: Cause) -> Seen {
        let handled = fault::handle(&self.memory, &mut self.core, cause);
        let outcome = handled.unwrap_or_else(|| fault::contain(&self.memory, &mut self.core));
        self.see(outcome)
    }

    fn see(&mut self, outcome: Outcome) -> Seen {
        self.outcome = outcome;
        let goes_on = !matches!(outcome, Outcome::End(_) | Outcome::NothingToRun);
        if goes_on {
            self.set_timer(outcome);
        }
        let deadline = if goes_on { self.deadline } else { 0 };
        let (memory, core) = (&self.memory, &self.core);
        let component = core.component(memory);
        let page_table = core.descriptor(memory).page_table.load(Relaxed);
        let address = &memory.level(core.top)[entry::ADDRESS];
        Seen {
            outcome: seen(outcome, core),
            thread: thread::index(memory, core.thread()),
            component: component.descriptor,
            page_table: Frame::containing(page_table).number(),
            at: address.load(Relaxed),
            deadline,
        }
    }
}

fn grants(memory: &Memory, table: CapabilityTable) -> Result<CapabilityTable, Error> {
    table.graft(memory, 0, Frame::numbered(7))?;
    for (number, capability) in [
        (slot::TABLE, Capability::CapabilityTable(table.0)),
        (slot::PAGE_TABLE, Capability::PageTable(Frame::numbered(LogicKernel::PAGE_TABLE))),
        (slot::PORTS, Capability::Ports(Ports::ALL)),
        (slot::DEBUG_CONSOLE, Capability::DebugConsole),
        (slot::POWER, Capability::Power),
        (slot::INTERRUPTS, Capability::Interrupt(Lines::ALL)),
        (slot::DEVICES, Capability::PhysicalRange(PhysicalRange::ALL)),
    ] {
        table.add(memory, number.into(), capability)?;
    }
    Ok(table)
}

fn names(memory: &Memory, page_table: PageTable) -> Result<PageTable, Error> {
    for (frame, level) in [(8, 3), (9, 2)] {
        page_table.graft(memory, UNTYPED, Frame::numbered(frame), level)?;
    }
    for at in (0..UNTYPED_FRAMES / 512).map(|at| Frame::numbered(FIRST).physical() + at * span(2)) {
        page_table.set(memory, UNTYPED + at, 2, at | NAMES_UNTYPED)?;
    }
    Ok(page_table)
}

impl Kernel for LogicKernel {
    fn call(&mut self, Entry { at, now }: Entry, word: u64, words: [u64; 4]) -> Seen {
        self.machine.now = now;
        self.keep(at);
        if self.core.component(&self.memory).is_foreign() {
            return self.handle(Cause { vector: abi::fault::SYSTEM_CALL, error: 0, address: word, instruction: at });
        }
        let request = Request { word: CapabilityWord(word), words };
        let outcome = perform(&self.memory, &mut self.machine, &mut self.core, request);
        self.see(outcome)
    }

    fn fault(&mut self, Entry { at, now }: Entry) -> Seen {
        self.machine.now = now;
        self.keep(at);
        self.handle(Cause { vector: 14, error: 4, address: at, instruction: at })
    }

    fn interrupt(&mut self, Entry { at, now }: Entry, line: Option<u32>) -> Seen {
        self.machine.now = now;
        let is_idle = self.outcome == Outcome::Idle;
        if !is_idle {
            self.keep(at);
        }
        let receiver = line.and_then(|line| self.arrive(line));
        let (memory, core) = (&self.memory, &mut self.core);
        let outcome = match receiver {
            _ if is_idle => endpoint::wake(memory, core, now),
            Some(receiver) => dispatch::interrupted_for(memory, core, now, receiver),
            None => {
                core.account.open();
                let is_due = line.is_none() && core.timeout != 0 && now >= core.timeout;
                dispatch::interrupted(memory, core, now, is_due.then_some(0))
            }
        };
        let outcome = invocation::settle(memory, core, outcome);
        self.see(outcome)
    }
}

fn seen(outcome: Outcome, core: &CoreState) -> kernel::Outcome {
    if let Some(r) = outcome.registers(core) {
        let words = [r.rdi, r.rsi, r.rdx, r.r10];
        return kernel::Outcome::Resume(Registers { rax: r.rax, words, r8: r.r8, r9: r.r9 });
    }
    match outcome {
        Outcome::RestoreFaulted => kernel::Outcome::RestoreFaulted,
        Outcome::Idle => kernel::Outcome::Idle,
        Outcome::End(status) => kernel::Outcome::End(Some(status)),
        Outcome::NothingToRun => kernel::Outcome::End(None),
        _ => kernel::Outcome::Restore,
    }
}

/// A machine with an interrupt controller, and without devices.
struct Quiet {
    now: u64,
}

impl Controller for Quiet {
    fn has_line(&self, _: u32) -> bool {
        true
    }
    fn open_line(&mut self, _: u32, _: u32) {}
    fn mask_line(&mut self, _: u32) {}
}

impl Cores for Quiet {
    fn interrupt(&mut self, _: u32) {}
    fn forget_translations(&mut self) {}
}

impl Machine for Quiet {
    fn read_port(&mut self, _: u16) -> u8 {
        0xff
    }
    fn write_port(&mut self, _: u16, _: u8) {}
    fn write_console(&mut self, _: &[u8]) {}
    fn frequency(&mut self) -> u64 {
        1_000_000_000
    }
    fn now(&mut self) -> u64 {
        self.now
    }
}
