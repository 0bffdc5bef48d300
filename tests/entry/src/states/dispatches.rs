//! Dispatches that the kernel's own text answers, and those of which one thing is unusual, so that it asks Rust.

use super::World;
use abi::crossing::{CAPABILITIES, CapabilityWord};
use abi::event::What;
use abi::rights;
use logic::budget::Budget;
use logic::capability::{Capability, word};
use logic::capability_table::CapabilityTable;
use logic::component::Reference;
use logic::endpoint;
use logic::frame::Frame;
use logic::quick::place;
use logic::slot;
use logic::store::Store;
use logic::thread::{State, entry, saved};
use play::choices::Choices;
use std::sync::atomic::Ordering::Relaxed;

/// Threads of a system.
pub const THREADS: usize = 4;
/// The first slot of a leaf that is about threads.
const FIRST_SLOT: u64 = 16;
/// Distance of the leaves, in slots.
const LEAVES: u64 = 510 * 64;

/// What each component holds of each thread, in both of its leaves.
#[derive(Clone, Copy)]
enum Grant {
    Thread,
    ThreadWithoutRight,
    StaleThread,
    Receive,
    ReceiveWithoutRight,
    StaleReceive,
    Send,
}

impl Grant {
    const fn slot(self, thread: usize) -> u64 {
        FIRST_SLOT + (self as usize * THREADS + thread) as u64
    }
}

/// A dispatch to ask for.
pub struct Dispatch {
    /// What is unusual, or what is done.
    pub way: &'static str,
    /// Whether the text answers it.
    pub is_usual: bool,
    caller: usize,
    thread: usize,
    scheduler: usize,
    held: Grant,
    by: Grant,
    operation: u16,
    timeout: u64,
    token: u64,
    above_number: u64,
}

/// Whose end-point it is, where that matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Anybody,
    /// Not that of the thread that is dispatched.
    Apart,
    /// Nor that of the caller.
    Third,
}

type Change = fn(&mut World, &mut Dispatch);

/// What the text does not answer: one thing each, so that it is found by one check alone.
const UNUSUAL: [(&str, By, Change); 23] = [
    ("dispatch: another operation", By::Anybody, |world, dispatch| dispatch.operation = 1 << world.random.below(16)),
    ("dispatch: another timeout", By::Anybody, |world, dispatch| dispatch.timeout ^= world.bit()),
    ("dispatch: no right to", By::Anybody, |_, dispatch| dispatch.held = Grant::ThreadWithoutRight),
    ("dispatch: of no thread", By::Anybody, |_, dispatch| dispatch.held = Grant::Send),
    ("dispatch: stale", By::Anybody, |_, dispatch| dispatch.held = Grant::StaleThread),
    ("dispatch: with time", By::Anybody, |world, dispatch| dispatch.above_number = 1 << (32 + world.random.below(32))),
    ("dispatch: by no slot", By::Anybody, |world, dispatch| {
        dispatch.above_number = u64::from(CAPABILITIES) * (1 + world.random.below(1000));
    }),
    ("dispatch: no right to schedule", By::Anybody, |_, dispatch| dispatch.by = Grant::ReceiveWithoutRight),
    ("dispatch: by no end-point", By::Anybody, |world, dispatch| {
        dispatch.by = world.random.one_of([Grant::Thread, Grant::Send]);
    }),
    ("dispatch: stale scheduler", By::Anybody, |_, dispatch| dispatch.by = Grant::StaleReceive),
    ("dispatch: on another core", By::Anybody, |world, dispatch| {
        let bit = 1 << (32 + world.random.below(32));
        world.change(dispatch.thread, place::IDENTITY, |identity| identity ^ bit);
    }),
    ("dispatch: overtaken", By::Anybody, |world, dispatch| {
        world.change(dispatch.scheduler, place::TOKEN, |token| token.max(1));
        dispatch.token = world.below_token(dispatch.scheduler);
    }),
    ("dispatch: another's thread", By::Apart, |world, dispatch| {
        let [own, next] = [dispatch.scheduler, dispatch.scheduler + 1].map(|at| world.threads[at % THREADS].address());
        let scheduler = world.random.one_of([0, 2, own | 1, next]);
        world.set(dispatch.thread, place::SCHEDULER, scheduler);
    }),
    ("dispatch: scheduler was sent to", By::Apart, |world, dispatch| {
        let sent = world.bit();
        world.set(dispatch.scheduler, place::PENDING, sent);
    }),
    ("dispatch: scheduler has an event", By::Apart, |world, dispatch| world.post(dispatch.scheduler)),
    ("dispatch: scheduler cannot go on", By::Third, |world, dispatch| {
        let state = world.random.one_of([State::AtStart, State::Faulted, State::Waiting]);
        world.set(dispatch.scheduler, place::STATE, state as u64);
    }),
    ("dispatch: of another component", By::Anybody, |world, dispatch| world.move_elsewhere(dispatch.thread)),
    ("dispatch: into a dead level", By::Anybody, |world, dispatch| {
        let (bit, level) = (world.bit(), world.arena.level(world.get(dispatch.thread, place::TOP)));
        level[entry::EPOCH].fetch_xor(bit, Relaxed);
    }),
    ("dispatch: thread cannot go on", By::Apart, |world, dispatch| {
        let states = [State::AtStart, State::Faulted, State::Waiting, State::Running, State::Preempted];
        let state = world.random.one_of(states);
        world.set(dispatch.thread, place::STATE, state as u64);
    }),
    ("dispatch: thread has an event", By::Anybody, |world, dispatch| {
        world.wait(dispatch.thread);
        world.post(dispatch.thread);
    }),
    ("dispatch: thread takes all", By::Anybody, |world, dispatch| {
        world.wait(dispatch.thread);
        world.set(dispatch.thread, place::WAITS_FOR_ALL, 1);
    }),
    ("dispatch: nothing came", By::Anybody, |world, dispatch| {
        world.wait(dispatch.thread);
        world.set(dispatch.thread, place::PENDING, 0);
    }),
    ("dispatch: of itself", By::Apart, |world, dispatch| {
        let (top, scheduler) = (world.arena.core().state.top, world.threads[dispatch.scheduler].address());
        dispatch.thread = dispatch.caller;
        world.set(dispatch.thread, place::TOP, top);
        world.set(dispatch.thread, place::SCHEDULER, scheduler);
    }),
];

const COUNT: u64 = UNUSUAL.len() as u64;

/// The ways that a dispatch goes: each unusual thing and two at once, and six that the text answers.
pub const WAYS: usize = UNUSUAL.len() + 1 + 6;

impl World {
    /// Gives a component what it needs for dispatches, and what is like it. In one leaf it has all rights, or all but
    /// the one that counts; in the other, that one alone, or none.
    pub(super) fn grant_threads(&mut self, component: Reference) {
        let table = CapabilityTable::of(&self.arena, component).unwrap();
        let (dispatch, schedule, all) = (rights::thread::DISPATCH, rights::receive::SCHEDULE, rights::ALL);
        for (at, thread) in self.threads.clone().into_iter().enumerate() {
            let (held, by) = (Capability::Thread(thread), Capability::Receive(thread));
            let grants = [
                (Grant::Thread, held, [all, dispatch]),
                (Grant::ThreadWithoutRight, held, [all & !dispatch, 0]),
                (Grant::StaleThread, held, [all, dispatch]),
                (Grant::Receive, by, [all, schedule]),
                (Grant::ReceiveWithoutRight, by, [all & !schedule, 0]),
                (Grant::StaleReceive, by, [all, schedule]),
                (Grant::Send, Capability::Send(thread), [all, all]),
            ];
            for (grant, capability, rights) in grants {
                let numbers = [grant.slot(at), LEAVES + grant.slot(at)];
                numbers.into_iter().zip(rights).for_each(|(number, rights)| {
                    table.add(&self.arena, number, capability).unwrap();
                    let held = table.slot(&self.arena, number).unwrap();
                    held[word::KIND].store(capability.kind() as u64 | rights << slot::KIND_BITS, Relaxed);
                    if matches!(grant, Grant::StaleThread | Grant::StaleReceive) {
                        held[word::LIFE].fetch_xor(1 << self.random.below(64), Relaxed);
                    }
                });
            }
        }
    }

    /// A dispatch by the current thread: the others are as it needs them, or there is one thing, seldom two, in its way.
    pub fn dispatch(&mut self) -> Dispatch {
        if self.random.one_in(3) {
            return self.usual(By::Anybody);
        }
        let (at, distance) = (self.random.below(COUNT), 1 + self.random.below(COUNT - 1));
        let (way, by, change) = UNUSUAL[at as usize];
        let mut dispatch = Dispatch { way, is_usual: false, ..self.usual(by) };
        if self.random.one_in(8) {
            let (_, _, another) = UNUSUAL[((at + distance) % COUNT) as usize];
            dispatch.way = "dispatch: unusual twice";
            another(self, &mut dispatch);
        }
        change(self, &mut dispatch);
        dispatch
    }

    /// What the caller has in `rax`, and in `rdi rsi rdx r10`.
    pub fn request(&mut self, dispatch: &Dispatch) -> (u64, [u64; 4]) {
        let [held, by] = [0; 2].map(|_: u64| if self.random.one_in(2) { LEAVES } else { 0 });
        let word = CapabilityWord::new((held + dispatch.held.slot(dispatch.thread)) as u32, dispatch.operation);
        let number = by + dispatch.by.slot(dispatch.scheduler) + dispatch.above_number;
        (word.0, [self.random.word(), dispatch.timeout, dispatch.token, number])
    }

    fn usual(&mut self, by: By) -> Dispatch {
        let caller = self.threads.iter().position(|at| at.address() == self.arena.core().state.thread).unwrap();
        let thread = (caller + 1 + self.random.below(THREADS as u64 - 1) as usize) % THREADS;
        let scheduler = loop {
            let scheduler = self.random.below(THREADS as u64) as usize;
            let is_wrong = [scheduler == thread && by != By::Anybody, scheduler == caller && by == By::Third];
            if is_wrong == [false; 2] {
                break scheduler;
            }
        };
        self.arrange_core();
        (0..THREADS).for_each(|at| self.arrange(at, at == caller));
        self.arrange_scheduler(scheduler, thread, caller);
        let waits = self.random.one_in(2);
        if waits {
            self.wait(thread)
        } else {
            self.suspend(thread)
        }
        let way = match (scheduler == thread, scheduler == caller, waits) {
            (true, _, false) => "switch to the scheduler",
            (true, _, true) => "switch to the scheduler, which waits",
            (_, true, false) => "switch by the scheduler",
            (_, true, true) => "switch by the scheduler to who waits",
            (_, _, false) => "switch beside the scheduler",
            (_, _, true) => "switch beside the scheduler to who waits",
        };
        let (timeout, token) = (self.arena.core().state.timeout, self.next_token(scheduler));
        let (held, by) = (Grant::Thread, Grant::Receive);
        let (operation, above_number, is_usual) = (0, 0, true);
        Dispatch { way, is_usual, caller, thread, scheduler, held, by, operation, timeout, token, above_number }
    }

    fn arrange_core(&mut self) {
        let mut core = self.arena.core();
        core.state.timeout = if self.random.one_in(2) { self.random.word() } else { 0 };
        // Schedulers may be in a circle from now on, with the root in it.
        core.state.root = 0;
        core.state.account.run_on(self.random.one_of([Budget::NONE, Budget::of(self.time)]));
        self.arena.set_core(core);
    }

    /// Any state that a thread can have; of the current one, words that say nothing while it runs.
    fn arrange(&mut self, at: usize, is_current: bool) {
        endpoint::disband(&self.arena, self.threads[at]);
        let _ = endpoint::take_back(&self.arena, self.threads[at]);
        let identity = at as u64 | self.arena.core().state.number << 32;
        let budget = self.random.one_of([0, 1, self.time.address()]);
        let token = self.random.word() >> self.random.below(64);
        self.set(at, place::IDENTITY, identity);
        self.set(at, place::BUDGET, budget);
        self.set(at, place::TOKEN, token);
        self.set(at, place::PENDING, 0);
        if is_current {
            let top = self.first_level(at) + entry::BYTES * self.random.below(4);
            self.set(at, place::TOP, top);
            return self.set(at, place::STATE, State::Running as u64);
        }
        let state = self.random.below(7);
        self.set(at, place::STATE, state);
        self.set(at, place::WAITS_FOR_ALL, 0);
        self.fill_stack(at);
    }

    /// Gives a thread levels, of which the top one is of the component that executes.
    fn fill_stack(&mut self, at: usize) {
        let first = self.first_level(at);
        let top = first + entry::BYTES * self.random.below(3);
        self.arena.words(self.threads[at])[saved::IN_USE].store(0, Relaxed);
        self.set(at, place::TOP, top);
        for level in (first..=top).step_by(entry::BYTES as usize) {
            let component = self.components[self.random.below(self.components.len() as u64) as usize];
            let words = [self.random.word(), self.random.word(), component.offset(), component.epoch];
            let level = self.arena.level(level);
            level.iter().zip(words).for_each(|(word, value)| word.store(value, Relaxed));
        }
        let current = self.arena.core().state.component(&self.arena);
        let level = self.arena.level(top);
        level[entry::DESCRIPTOR].store(current.offset(), Relaxed);
        level[entry::EPOCH].store(current.epoch, Relaxed);
    }

    fn arrange_scheduler(&mut self, scheduler: usize, thread: usize, caller: usize) {
        let own = self.threads[scheduler].address();
        let above = if scheduler == thread { self.random.one_of([0, 2, own | 1, own]) } else { own };
        self.set(thread, place::SCHEDULER, above);
        if scheduler != caller {
            let state = self.random.one_of([State::Suspended, State::Receiving, State::Preempted]);
            self.set(scheduler, place::STATE, state as u64);
        }
    }

    /// The thread waits, and somebody sent.
    fn wait(&mut self, at: usize) {
        let sent = if self.random.one_in(2) { self.bit() } else { self.random.word() | 1 };
        endpoint::disband(&self.arena, self.threads[at]);
        self.set(at, place::STATE, State::Receiving as u64);
        self.set(at, place::PENDING, sent);
        self.set(at, place::WAITS_FOR_ALL, 0);
    }

    /// The thread dispatched another; what else is to be told to it is told later.
    fn suspend(&mut self, at: usize) {
        let sent = self.random.below(3);
        let waited_for_all = self.random.below(2);
        self.set(at, place::STATE, State::Suspended as u64);
        self.set(at, place::WAITS_FOR_ALL, waited_for_all);
        self.set(at, place::PENDING, sent);
        if self.random.one_in(2) {
            self.post(at);
        }
    }

    /// An event for a scheduler, of a thread that has none.
    fn post(&mut self, scheduler: usize) {
        let thread = self.threads[self.random.below(THREADS as u64) as usize];
        let _ = endpoint::take_back(&self.arena, thread);
        (0..THREADS).for_each(|at| endpoint::disband(&self.arena, self.threads[at]));
        endpoint::post(&self.arena, self.threads[scheduler], thread, What::Woken);
    }

    /// The thread goes on in another component.
    fn move_elsewhere(&mut self, at: usize) {
        let current = self.arena.core().state.component(&self.arena);
        let others = self.components.iter().filter(|other| other.offset() != current.offset());
        let others: Vec<_> = others.copied().collect();
        let other = others[self.random.below(others.len() as u64) as usize];
        let level = self.arena.level(self.get(at, place::TOP));
        level[entry::DESCRIPTOR].store(other.offset(), Relaxed);
        level[entry::EPOCH].store(other.epoch, Relaxed);
    }

    fn next_token(&mut self, scheduler: usize) -> u64 {
        let last = self.get(scheduler, place::TOKEN);
        let later = last | self.random.word();
        self.random.one_of([last, last.saturating_add(1), later, u64::MAX])
    }

    fn below_token(&mut self, scheduler: usize) -> u64 {
        let last = self.get(scheduler, place::TOKEN);
        let any = self.random.below(last);
        self.random.one_of([last - 1, last / 2, any, 0])
    }

    fn bit(&mut self) -> u64 {
        1 << self.random.below(64)
    }

    fn first_level(&self, at: usize) -> u64 {
        self.threads[at].address() + 8 * (entry::BOTTOM + entry::WORDS) as u64
    }

    fn get(&self, thread: usize, place: usize) -> u64 {
        self.arena.words(self.threads[thread])[place / 8].load(Relaxed)
    }

    fn set(&self, thread: usize, place: usize, value: u64) {
        self.change(thread, place, |_| value);
    }

    fn change(&self, thread: usize, place: usize, change: impl FnOnce(u64) -> u64) {
        let frame: Frame = self.threads[thread];
        self.arena.words(frame)[place / 8].store(change(self.get(thread, place)), Relaxed);
    }
}
