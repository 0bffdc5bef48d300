//! Threads: what each does, where it is, and for whom it waits.

use std::collections::BTreeMap;
use std::fmt;

use abi::layout::THREADS;
use logic::budget;
use logic::component::{self, Reference};
use logic::core_state::CoreState;
use logic::dispatch;
use logic::endpoint;
use logic::frame::Frame;
use logic::invocation;
use logic::store::Store;
use logic::temporal_capability as temporal;
use logic::thread::{self, Scheduler, entry};
use serde::Serialize;

use super::core::Own;
use super::dump::Processor;
use super::memory::Memory;
use super::scheduler::Waiting;
use super::subject::Subject;

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thread {
    /// Its index.
    pub thread: u32,
    /// The component in which it starts.
    pub component: String,
    /// The core that it belongs to.
    pub core: u32,
    /// What it does.
    pub state: Doing,
    /// What has to happen for it to go on, if it does not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<WaitsFor>,
    /// The thread that decides when it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduler: Option<u32>,
    /// What it has asked its scheduler to let it wait for, if it waits there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// How often somebody has sent to its end-point that it has not been told of.
    pub sends: u64,
    /// The threads with an event that it has not been told of, of a scheduler.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events_of: Vec<u32>,
    /// What it runs on, if its time is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Of a scheduler below another: at this count of the time-stamp counter, that one has the core again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Its invocation stack, the innermost level first: each is where the one above was invoked from.
    pub stack: Vec<Level>,
}

/// What a thread does, in the kernel's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// It has not started.
    AtStart,
    /// A fault ended it for good.
    Faulted,
    /// It waits for the end of another.
    Waiting,
    /// It runs.
    Running,
    /// It runs another in its place.
    Suspended,
    /// It receives.
    Receiving,
    /// The core was taken from it.
    Preempted,
}

impl From<thread::State> for Doing {
    fn from(state: thread::State) -> Self {
        match state {
            thread::State::AtStart => Self::AtStart,
            thread::State::Faulted => Self::Faulted,
            thread::State::Waiting => Self::Waiting,
            thread::State::Running => Self::Running,
            thread::State::Suspended => Self::Suspended,
            thread::State::Receiving => Self::Receiving,
            thread::State::Preempted => Self::Preempted,
        }
    }
}

/// What a thread waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// That another ends.
    EndOf(u32),
    /// That somebody sends to it.
    Event,
    /// That another, its scheduler, lets it run.
    DecisionOf(u32),
    /// That somebody lets it run who may.
    Dispatch,
}

/// A temporal capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Cycles left; none if there is no end to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
    /// Cycles used.
    pub used: u64,
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.left {
            Some(left) => write!(f, "{left} cycles left, {} used", self.used),
            None => write!(f, "no end of cycles left, {} used", self.used),
        }
    }
}

/// A level of an invocation stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Level {
    /// The component.
    pub component: String,
    /// Whether it has ended meanwhile.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dead: bool,
    /// Whether a fault of this level is being handled by the level above.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub faulted: bool,
    /// Where it goes on; none if only the kernel's own stack knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<u64>,
    /// The functions there, the innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<String>,
}

/// What is known while threads are looked at.
pub struct Looking<'l, 's, 'p> {
    /// The memory.
    pub memory: &'l Memory,
    /// The system.
    pub subject: &'l Subject<'s, 'p>,
    /// The cores, each with what its processor does.
    pub cores: &'l [(Own, Processor)],
    /// All threads.
    pub threads: &'l [Frame],
    /// What threads wait for in their schedulers, by their index.
    pub waiting: &'l BTreeMap<u32, Waiting>,
}

impl Looking<'_, '_, '_> {
    /// All threads, by their index.
    pub fn threads(&self) -> Vec<Thread> {
        let mut threads: Vec<Thread> = self.threads.iter().map(|thread| self.thread(*thread)).collect();
        threads.sort_by_key(|thread| thread.thread);
        threads
    }

    fn thread(&self, frame: Frame) -> Thread {
        let memory = self.memory;
        let scheduler = match thread::scheduler(memory, frame) {
            Scheduler::EndPoint(scheduler) => Some(thread::index(memory, scheduler)),
            Scheduler::None | Scheduler::Waiting(_) | Scheduler::Launched => None,
        };
        let state = Doing::from(thread::state(memory, frame));
        let stack = self.stack(frame, state);
        let index = thread::index(memory, frame);
        Thread {
            thread: index,
            component: stack.last().map(|level| level.component.clone()).unwrap_or_default(),
            core: thread::core_of(memory, frame),
            state,
            waits_for: self.waits_for(frame, state, scheduler),
            scheduler,
            waiting: self.waiting.get(&index).filter(|_| state != Doing::Running).cloned(),
            sends: endpoint::sends(memory, frame),
            events_of: endpoint::tellers(memory, frame)
                .take(THREADS as usize)
                .map(|of| thread::index(memory, of))
                .collect(),
            budget: budget::of(memory, frame).capability().map(|capability| of(memory, capability)),
            limit: Some(dispatch::limit_of(memory, frame)).filter(|limit| *limit != 0),
            stack,
        }
    }

    fn waits_for(&self, frame: Frame, state: Doing, scheduler: Option<u32>) -> Option<WaitsFor> {
        let by_decision = scheduler.map_or(WaitsFor::Dispatch, WaitsFor::DecisionOf);
        match state {
            Doing::Running | Doing::Faulted => None,
            Doing::Receiving => Some(WaitsFor::Event),
            Doing::AtStart | Doing::Suspended | Doing::Preempted => Some(by_decision),
            Doing::Waiting => {
                let is_awaited = |other: &&Frame| thread::scheduler(self.memory, **other) == Scheduler::Waiting(frame);
                let awaited = self.threads.iter().filter(is_awaited);
                let mut awaited = awaited.filter(|other| !has_ended(self.memory, **other));
                Some(awaited.next().map_or(by_decision, |other| WaitsFor::EndOf(thread::index(self.memory, *other))))
            }
        }
    }

    fn stack(&self, frame: Frame, state: Doing) -> Vec<Level> {
        let running = self.cores.iter().find(|(own, _)| own.thread == Some(frame));
        let top = running.map_or_else(|| thread::top(self.memory, frame), |(own, _)| own.top);
        let core = CoreState { top, thread: frame.address(), ..CoreState::IDLE };
        let first = entry::BOTTOM + entry::WORDS;
        let places = (first..=entry::index(top)).rev().step_by(entry::WORDS);
        let levels = invocation::levels(self.memory, &core).zip(places).enumerate();
        let levels = levels.map(|(depth, (component, at))| {
            let address = match running.filter(|_| depth == 0) {
                Some((_, processor)) => processor.is_at_user_level().then_some(processor.instruction),
                None if state == Doing::AtStart => thread::start_word(abi::register::Register::Instruction)
                    .and_then(|start| self.thread_word(frame, start)),
                None => self.thread_word(frame, at + entry::ADDRESS),
            };
            let is_entered = running.is_none() || depth > 0;
            self.level(component, address, is_entered && state != Doing::AtStart, {
                self.thread_word(frame, at + entry::EPOCH).is_some_and(|epoch| epoch & entry::FAULTED != 0)
            })
        });
        levels.collect()
    }

    fn thread_word(&self, frame: Frame, at: usize) -> Option<u64> {
        self.memory.words(frame).get(at).map(|word| self.memory.own(word))
    }

    /// A level. The address of one that called somebody is the one behind the instruction that did.
    fn level(&self, reference: Reference, address: Option<u64>, has_called: bool, faulted: bool) -> Level {
        let component = name(self.memory, reference);
        let instruction = address.map(|address| address.saturating_sub(u64::from(has_called)));
        let frames = instruction.map(|at| self.subject.programs.frames(&component, at)).unwrap_or_default();
        Level {
            dead: reference.live(self.memory).is_err(),
            component,
            faulted,
            address,
            functions: frames.iter().map(|frame| frame.to_string()).collect(),
        }
    }
}

fn has_ended(memory: &Memory, frame: Frame) -> bool {
    thread::state(memory, frame) == thread::State::AtStart
}

/// What a temporal capability has.
pub fn of(memory: &Memory, capability: Frame) -> Budget {
    let left = temporal::left(memory, capability);
    Budget { left: (left != abi::time::UNLIMITED).then_some(left), used: temporal::used(memory, capability) }
}

/// The name of a component; of a dead one, which has none any more, its number.
pub fn name(memory: &Memory, reference: Reference) -> String {
    let name = component::name(memory, reference);
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    if name.is_empty() {
        return format!("component {}", reference.descriptor);
    }
    String::from_utf8_lossy(name).into_owned()
}
