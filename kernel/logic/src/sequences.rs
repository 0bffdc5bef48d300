//! Any sequence of entries, by components that hold everything, leaves a kernel whose objects agree with each other.

#![allow(clippy::indexing_slicing, reason = "a test that indexes out of its vectors should fail")]

use crate::budget::Budget;
use crate::capability::{Capability, Invocation};
use crate::capability_table::CapabilityTable;
use crate::component::{Reference, index_of};
use crate::core_state::CoreState;
use crate::cross_core::Cores;
use crate::dispatch;
use crate::endpoint;
use crate::fault::{self, Cause};
use crate::frame::Frame;
use crate::interrupt::Controller;
use crate::invocation;
use crate::operation::{Machine, Request, perform};
use crate::outcome::{Outcome, Registers};
use crate::quick;
use crate::store::{Store, get};
use crate::temporal_capability;
use crate::testing::System;
use crate::thread::{self, Scheduler, State, saved};
use abi::crossing::{CapabilityWord, FAULT_HANDLER};
use abi::error::Error;
use abi::kind::Kind;
use abi::operation::{ComponentOperation, ReceiveOperation, SendOperation, ThreadOperation};
use core::sync::atomic::Ordering::Relaxed;
use proptest::prelude::*;
use std::vec::Vec;

/// Threads, each with a component of its own. The first is the one that the kernel starts.
const THREADS: usize = 6;

/// What each component holds: for each thread `n`, these slots plus `n`.
const THREAD: u64 = 16;
const RECEIVE: u64 = 24;
const SEND: u64 = 32;
const COMPONENT: u64 = 40;
const INVOCATION: u64 = 48;
/// And these slots, for each of the temporal capabilities.
const TIME: u64 = 56;

/// Temporal capabilities, which nobody uses up.
const BUDGETS: usize = 2;

struct Nothing;

impl Controller for Nothing {
    fn has_line(&self, _: u32) -> bool {
        true
    }
    fn open_line(&mut self, _: u32, _: u32) {}
    fn mask_line(&mut self, _: u32) {}
}

impl Cores for Nothing {
    fn interrupt(&mut self, _: u32) {}
    fn forget_translations(&mut self) {}
}

impl Machine for Nothing {
    fn read_port(&mut self, _: u16) -> u8 {
        0
    }
    fn write_port(&mut self, _: u16, _: u8) {}
    fn write_console(&mut self, _: &[u8]) {}
    fn frequency(&mut self) -> u64 {
        1
    }
    fn now(&mut self) -> u64 {
        1
    }
}

/// How the kernel is entered next.
#[derive(Clone, Debug)]
enum Entry {
    Return { status: u16, words: [u64; 2] },
    Invoke { server: u64 },
    WaitFor { thread: u64 },
    SwitchTo { thread: u64, scheduler: u64, token: u64, timeout: u64, budget: u64 },
    Receive { words: [u64; 2] },
    ReceiveElsewhere { thread: u64 },
    Send { receiver: u64, flags: u64 },
    Revoke { component: u64 },
    Fault,
    Interrupt { passed: u64 },
}

/// The entry that a random word stands for. (Choices made by strategies would take most of the test's time.)
fn entry(word: u64) -> Entry {
    let bits = |at: u32, count: u64| word >> at & ((1 << count) - 1);
    let choice = |at: u32, from: u64| bits(at, 8) % from;
    let thread = |at| choice(at, THREADS as u64);
    let time = match choice(32, 4) {
        0 | 1 => 0,
        2 => bits(40, 6),
        _ => u64::MAX,
    };
    match choice(0, 34) {
        0..=2 => Entry::Return {
            status: if choice(8, 4) == 0 { bits(16, 16) as u16 } else { 0 },
            words: [choice(32, 5), if choice(40, 2) == 0 { 0x40_2000 } else { word }],
        },
        3..=6 => Entry::Invoke { server: thread(8) },
        7 | 8 => Entry::WaitFor { thread: thread(8) },
        9..=16 => Entry::SwitchTo {
            thread: thread(8),
            scheduler: thread(16),
            token: choice(24, 4),
            timeout: time,
            budget: if choice(48, 2) == 0 { TIME + choice(56, BUDGETS as u64) } else { 0 },
        },
        17..=20 => Entry::Receive { words: [choice(8, 3), time] },
        21 => Entry::ReceiveElsewhere { thread: thread(8) },
        22..=25 => Entry::Send { receiver: thread(8), flags: choice(16, 3) },
        26 => Entry::Revoke { component: 1 + choice(8, THREADS as u64 - 1) },
        27 | 28 => Entry::Fault,
        _ => Entry::Interrupt { passed: bits(8, 6) },
    }
}

/// A core, and all that runs on it.
struct Run {
    system: System,
    threads: Vec<Frame>,
    components: Vec<Reference>,
    budgets: Vec<Frame>,
    now: u64,
    outcome: Outcome,
    /// How many entries the common cases have answered, where they are asked first.
    quick: Option<u64>,
}

impl Run {
    fn new() -> Self {
        Self::with(None, false)
    }

    /// The same, where all threads but the first are of one component if they share it.
    fn with(quick: Option<u64>, share: bool) -> Self {
        let system = System::new();
        let mut threads = std::vec![system.core.thread()];
        let mut components = std::vec![system.core.component(&system.memory)];
        for index in 1..THREADS as u32 {
            let (thread, component) = match components.get(1) {
                Some(shared) if share => (system.thread_in(index + 4, *shared), *shared),
                _ => system.thread(index + 4, 0x41_0000),
            };
            if !components.contains(&component) {
                system.grow(component);
            }
            threads.push(thread);
            components.push(component);
        }
        let budget = |thread: &Frame| {
            let budget = system.memory.kernel();
            temporal_capability::create_unlimited(&system.memory, budget, *thread);
            budget
        };
        let budgets = threads.iter().take(BUDGETS).map(budget).collect();
        let mut run = Self { system, threads, components, budgets, now: 1, outcome: Outcome::DONE, quick };
        (0..if share { 2 } else { THREADS }).for_each(|at| run.grant(at));
        // Somebody waits for all this to end, as the booter does.
        run.enter(&Entry::WaitFor { thread: 1 });
        run
    }

    /// Gives the component at `at` everything; the faults of each but the first are the next one's to handle.
    fn grant(&self, at: usize) {
        let memory = &self.system.memory;
        let table = CapabilityTable::of(memory, self.components[at]).unwrap();
        let invocation = |server| Invocation { server, entry: 0x50_0000, token: 0, methods: 1 };
        for (n, (thread, component)) in (0..).zip(self.threads.iter().zip(&self.components)) {
            for (slot, capability) in [
                (THREAD, Capability::Thread(*thread)),
                (RECEIVE, Capability::Receive(*thread)),
                (SEND, Capability::Send(*thread)),
                (COMPONENT, Capability::Component(*component)),
                (INVOCATION, Capability::Invocation(invocation(*component))),
            ] {
                table.add(memory, slot + n, capability).unwrap();
            }
        }
        for (slot, budget) in (TIME..).zip(&self.budgets) {
            table.add(memory, slot, Capability::TemporalCapability(*budget)).unwrap();
        }
        if at != 0 {
            let handler = invocation(self.components[(at + 1) % THREADS]);
            table.add(memory, FAULT_HANDLER.into(), Capability::Invocation(handler)).unwrap();
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.outcome, Outcome::End(_) | Outcome::NothingToRun)
    }

    /// What the entry paths do, in the same order. A core that sleeps is entered by interrupts alone.
    fn enter(&mut self, entry: &Entry) {
        self.outcome = match (&self.outcome, entry) {
            (_, Entry::Interrupt { passed }) => {
                self.now += passed;
                self.interrupt()
            }
            (Outcome::Idle, _) => Outcome::Idle,
            (_, Entry::Fault) => self.fault(),
            (_, entry) => {
                let (capability, method, words) = self.request(entry);
                let word = CapabilityWord(capability << 16 | u64::from(method));
                if let Some(outcome) = self.try_quickly(word, words) {
                    self.outcome = outcome;
                    return;
                }
                perform(&self.system.memory, &mut Nothing, &mut self.system.core, Request { word, words })
            }
        };
    }

    /// What the entry asks before it asks the operations.
    fn try_quickly(&mut self, word: CapabilityWord, words: [u64; 4]) -> Option<Outcome> {
        let count = self.quick?;
        let (memory, core) = (&self.system.memory, &mut self.system.core);
        let slot = CapabilityTable::current(memory, core).slot(memory, word.capability()).ok()?;
        let (number, [w0, w1, w2, w3]) = (word.method().into(), words);
        let component = core.component(memory);
        let outcome = match Kind::from_number(slot[0].load(Relaxed) as u8)? {
            Kind::Thread => quick::switch(memory, core, slot, number, [w1, w2, w3]),
            Kind::Send => quick::send(memory, core, slot, number, w0),
            Kind::Receive => quick::receive(memory, core, slot, number, [w0, w1]),
            _ => None,
        }?;
        assert!(core.component(memory) == component && core.is_live(memory), "it goes on where it was");
        self.quick = Some(count + 1);
        Some(outcome)
    }

    /// Status and words that the current level gets, if it gets any; what the core runs; and all words of all threads.
    fn visible(&self) -> (Option<Registers>, CoreState, Vec<u64>) {
        let words = self.threads.iter().flat_map(|thread| self.system.memory.words(*thread));
        (self.outcome.registers(&self.system.core), self.system.place(), words.map(|word| word.load(Relaxed)).collect())
    }

    fn request(&self, entry: &Entry) -> (u64, u16, [u64; 4]) {
        const DISPATCH: u16 = ThreadOperation::Dispatch as u16;
        const TAKE: u16 = ReceiveOperation::Receive as u16;
        match *entry {
            Entry::Return { status, words: [first, second] } => (0, status, [first, second, 0, 0]),
            Entry::Invoke { server } => (INVOCATION + server, 0, [0; 4]),
            Entry::WaitFor { thread } => (THREAD + thread, DISPATCH, [0; 4]),
            Entry::SwitchTo { thread, scheduler, token, timeout, budget } => {
                (THREAD + thread, DISPATCH, [0, timeout, token, (RECEIVE + scheduler) | (budget << 32)])
            }
            Entry::Receive { words: [flags, timeout] } => (RECEIVE + self.current(), TAKE, [flags, timeout, 0, 0]),
            Entry::ReceiveElsewhere { thread } => (RECEIVE + thread, TAKE, [1, 0, 0, 0]),
            Entry::Send { receiver, flags } => (SEND + receiver, SendOperation::Send as u16, [flags, 0, 0, 0]),
            Entry::Revoke { component } => (COMPONENT + component, ComponentOperation::Revoke as u16, [0; 4]),
            Entry::Fault | Entry::Interrupt { .. } => unreachable!("not a system call"),
        }
    }

    fn current(&self) -> u64 {
        let current = self.system.core.thread();
        self.threads.iter().position(|thread| *thread == current).unwrap() as u64
    }

    fn interrupt(&mut self) -> Outcome {
        let (memory, core) = (&self.system.memory, &mut self.system.core);
        if self.outcome == Outcome::Idle {
            return endpoint::wake(memory, core, self.now);
        }
        if core.timeout == 0 || self.now < core.timeout {
            return Outcome::Restore;
        }
        let outcome = dispatch::preempt(memory, core, self.now, 0);
        invocation::settle(memory, core, outcome)
    }

    fn fault(&mut self) -> Outcome {
        const CAUSE: Cause = Cause { vector: 14, error: 6, address: 0x10, instruction: 0x40_1234 };
        let (memory, core) = (&self.system.memory, &mut self.system.core);
        fault::handle(memory, core, CAUSE).unwrap_or_else(|| fault::contain(memory, core))
    }

    /// What must be true whenever user level runs, or the core sleeps.
    fn check(&self) {
        if self.is_over() {
            return;
        }
        let (memory, core) = (&self.system.memory, &self.system.core);
        let state = |thread: &Frame| thread::state(memory, *thread);
        let running: Vec<_> = self.threads.iter().filter(|thread| state(thread) == State::Running).collect();
        if self.outcome == Outcome::Idle {
            assert_eq!(state(&core.thread()), State::Receiving, "who lets the core sleep waits");
            assert!(running.is_empty(), "somebody could run while the core sleeps");
        } else {
            assert_eq!(running, [&core.thread()], "one thread runs, the core's");
            let page_table = core.component(memory).live(memory).map(|_| ());
            assert_eq!(page_table, Ok(()), "who runs lives");
        }
        self.threads.iter().for_each(|thread| self.check_levels(*thread));
        self.check_waiting();
        self.check_lists();
    }

    /// Each level names a component, dead or alive; at most one has its fault handled, the one that is noted.
    fn check_levels(&self, thread: Frame) {
        let (memory, core) = (&self.system.memory, &self.system.core);
        let words = memory.words(thread);
        let top = if thread == core.thread() { core.top } else { get(words, 1) };
        let first = thread.address() + (8 * (thread::entry::BOTTOM + thread::entry::WORDS)) as u64;
        assert!((first..thread.address() + 4096).contains(&top) && (top - first).is_multiple_of(thread::entry::BYTES));
        let mut faulted = 0;
        for at in (thread::entry::index(first)..=thread::entry::index(top)).step_by(thread::entry::WORDS) {
            let (descriptor, epoch) =
                (get(words, at + thread::entry::DESCRIPTOR), get(words, at + thread::entry::EPOCH));
            assert!((1..32).contains(&index_of(descriptor)) && epoch % 2 == 1, "a level of nobody");
            if epoch & thread::entry::FAULTED != 0 {
                assert_eq!(faulted, 0, "two levels of a thread have their faults handled");
                faulted = thread.address() + 8 * at as u64;
            }
        }
        let ended = matches!(thread::state(memory, thread), State::AtStart | State::Faulted);
        assert!(ended || get(words, saved::IN_USE) == faulted, "the area for faults is whose");
    }

    /// Each thread that waits for an end is told by one other, and the roots are those, the last one first.
    fn check_waiting(&self) {
        let (memory, core) = (&self.system.memory, &self.system.core);
        let told = |thread: &Frame| match thread::scheduler(memory, *thread) {
            Scheduler::Waiting(waiting) => Some(waiting),
            _ => None,
        };
        let mut waiting: Vec<_> = self.threads.iter().filter_map(told).collect();
        let mut waits: Vec<_> = self.threads.clone();
        waits.retain(|thread| thread::state(memory, *thread) == State::Waiting);
        waiting.sort_unstable();
        waits.sort_unstable();
        assert_eq!(waiting, waits, "who waits is told once");
        let (mut root, mut roots) = (core.root, 0);
        while root != 0 {
            assert!(told(&Frame::at(root)).is_some(), "nobody waits for the root");
            (root, roots) = (get(memory.words(Frame::at(root)), 12), roots + 1);
        }
        assert_eq!(roots, waits.len());
    }

    /// A thread with an event is in the list of its scheduler, once, and no other is in any.
    fn check_lists(&self) {
        let memory = &self.system.memory;
        let mut listed = Vec::new();
        for scheduler in &self.threads {
            let words = memory.words(*scheduler);
            let (mut at, last, mut before) = (get(words, 7), get(words, 8), 0);
            while at != 0 {
                let thread = Frame::at(at);
                let of = thread::scheduler(memory, thread);
                assert_eq!(of, Scheduler::EndPoint(*scheduler), "an event of a thread that another schedules");
                listed.push(thread);
                assert!(listed.len() <= THREADS, "a list without an end");
                (before, at) = (at, get(memory.words(thread), 9));
            }
            assert_eq!(before, last, "the last of a list");
        }
        let mut with_event = self.threads.clone();
        with_event.retain(|thread| get(memory.words(*thread), 10) != 0);
        with_event.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, with_event, "an event in no list, or in two");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_entries_breaks_what_must_hold(sequence in prop::collection::vec(any::<u64>().prop_map(entry), 1..300)) {
        let mut run = Run::new();
        for entry in &sequence {
            run.enter(entry);
            run.check();
            if run.is_over() {
                break;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_common_cases_do_what_the_operations_do(sequence in prop::collection::vec(any::<u64>().prop_map(entry), 1..300)) {
        let (mut run, mut quick) = (Run::with(None, true), Run::with(Some(0), true));
        for entry in &sequence {
            run.enter(entry);
            quick.enter(entry);
            prop_assert_eq!(run.visible(), quick.visible(), "after {:?}", entry);
            if run.is_over() {
                break;
            }
        }
    }
}

#[test]
fn where_time_is_counted_sends_and_waits_are_no_common_case() {
    let mut run = Run::with(Some(0), true);
    run.enter(&Entry::SwitchTo { thread: 2, scheduler: 1, token: 0, timeout: 0, budget: 0 });
    run.enter(&Entry::Receive { words: [0, 0] });
    run.enter(&Entry::Receive { words: [1, 0] });
    run.system.core.account.run_on(Budget::of(run.system.memory.kernel()));
    let before = run.quick;
    run.enter(&Entry::Send { receiver: 2, flags: 0 });
    assert_eq!(run.quick, before, "the receiver may take precedence");
}

#[test]
fn a_thread_on_a_budget_that_waits_leaves_its_scheduler_to_what_that_runs_on() {
    let mut run = Run::with(Some(0), true);
    run.enter(&Entry::SwitchTo { thread: 2, scheduler: 1, token: 0, timeout: 0, budget: TIME });
    assert_ne!(run.system.core.account.runs_on(), Budget::NONE);
    let before = run.quick;
    run.enter(&Entry::Receive { words: [0, 0] });
    assert_eq!((run.current(), run.quick), (1, before), "no common case");
    assert_eq!(run.system.core.account.runs_on(), Budget::NONE);
}

#[test]
fn each_common_case_occurs() {
    let mut run = Run::with(Some(0), true);
    let count = |run: &mut Run, entry| {
        let before = run.quick;
        run.enter(&entry);
        run.quick.zip(before).map(|(after, before)| after - before)
    };
    let switch = |thread, scheduler, token| Entry::SwitchTo { thread, scheduler, token, timeout: 0, budget: 0 };
    assert_eq!(count(&mut run, switch(2, 1, 0)), Some(0), "it starts");
    assert_eq!(count(&mut run, switch(1, 1, 1)), Some(1), "back to the scheduler");
    assert_eq!(count(&mut run, switch(2, 1, 2)), Some(1), "and to the thread");
    assert_eq!(count(&mut run, switch(1, 1, 1)), Some(0), "an old decision");
    assert_eq!(count(&mut run, Entry::Receive { words: [0, 0] }), Some(1), "it waits");
    assert_eq!(run.current(), 1);
    assert_eq!(count(&mut run, switch(3, 1, 2)), Some(0), "there is an event");
    assert_eq!(count(&mut run, Entry::Receive { words: [1, 0] }), Some(1), "which is taken");
    assert_eq!(count(&mut run, Entry::Send { receiver: 2, flags: 0 }), Some(1), "it is sent to");
    assert_eq!(count(&mut run, Entry::Send { receiver: 2, flags: 1 }), Some(0), "with a decision");
    assert_eq!(count(&mut run, Entry::Receive { words: [1, 0] }), Some(1));
    assert_eq!(count(&mut run, switch(2, 1, 3)), Some(1), "and told of it");
    assert_eq!(run.current(), 2);
}

#[test]
fn a_thread_that_is_scheduled_does_not_wait_for_one_that_nobody_schedules() {
    let mut run = Run::new();
    run.enter(&Entry::SwitchTo { thread: 3, scheduler: 1, token: 0, timeout: 9, budget: 0 });
    run.enter(&Entry::WaitFor { thread: 2 });
    assert_eq!(run.outcome, Error::BadArgument.into());
    run.enter(&Entry::Interrupt { passed: 9 });
    assert_eq!(run.current(), 1, "the scheduler goes on");
}
