//! The common cases of switching, sending and receiving, in as few steps as they take.
//!
//! Each function here answers what the operation answers and changes what the operation changes; or it answers `None`, has
//! changed nothing, and the operation is to be asked. It does so wherever anything is unusual, so that no check is
//! written down in two ways that could disagree: a test runs both on the same states, step by step.
//!
//! Who goes on is always of the component that asks, and lives; timeout and budget stay as they are. So nothing else
//! of the machine has to change on the way out.

use crate::budget::{self, Budget};
use crate::capability::{Slot, word};
use crate::capability_table::CapabilityTable;
use crate::core_state::CoreState;
use crate::endpoint::{self, EVENT, FIRST, LAST, NEXT, PENDING, TOKEN, WAITS_FOR_ALL};
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::slot;
use crate::store::{Store, Words, set};
use crate::thread::{self, SCHEDULER, State, TOP};
use abi::event::{MORE, What};
use abi::kind::Kind;
use abi::operation::receive_flag::DO_NOT_WAIT;
use abi::operation::{ReceiveOperation, SendOperation, ThreadOperation};
use abi::rights;
use core::sync::atomic::Ordering::Acquire;

/// Where words of a thread are, in bytes: for the kernel's own text of [`switch`].
pub mod place {
    use crate::{budget, endpoint, thread};

    /// Its index and core.
    pub const IDENTITY: usize = 8 * thread::IDENTITY;
    /// The level that it goes on with.
    pub const TOP: usize = 8 * thread::TOP;
    /// What it is doing.
    pub const STATE: usize = 8 * thread::STATE;
    /// Its scheduler.
    pub const SCHEDULER: usize = 8 * thread::SCHEDULER;
    /// What it runs on when it goes on of its own accord.
    pub const BUDGET: usize = 8 * budget::BUDGET;
    /// How often somebody sent.
    pub const PENDING: usize = 8 * endpoint::PENDING;
    /// The highest token used.
    pub const TOKEN: usize = 8 * endpoint::TOKEN;
    /// The first thread with an event.
    pub const FIRST: usize = 8 * endpoint::FIRST;
    /// Whether it waits for all that is pending.
    pub const WAITS_FOR_ALL: usize = 8 * endpoint::WAITS_FOR_ALL;
}

/// Switches to a thread of the same component that dispatched another or waits for what has come, by the
/// scheduler that it has. See [`dispatch::switch_to`](crate::dispatch::switch_to).
#[inline(always)]
pub fn switch(
    store: &impl Store,
    core: &mut CoreState,
    held: &Slot,
    number: u64,
    [timeout, token, scheduler]: [u64; 3],
) -> Option<Outcome> {
    const DISPATCH: u64 = ThreadOperation::Dispatch as u64;
    let thread = object(store, held, Kind::Thread, rights::thread::DISPATCH)?;
    // A number above all slots: with a temporal capability.
    let slot = CapabilityTable::current(store, core).slot(store, scheduler).ok()?;
    let scheduler = object(store, slot, Kind::Receive, rights::receive::SCHEDULE)?;
    let (next, list) = (store.words(thread), store.words(scheduler));
    let caller = core.thread();
    let is_usual = number == DISPATCH
        && timeout == core.timeout
        && is_here(store, core, next)
        && token >= own(store, list, TOKEN)
        // A scheduler that it has is of the same core: that was checked when it got it.
        && (thread == scheduler || (own(store, next, SCHEDULER) == scheduler.address() && is_idle(store, list)))
        && has_started(store, list)
        && goes_on_here(store, core, next);
    if !is_usual {
        return None;
    }
    let mut sent = 0;
    if own(store, next, thread::STATE) != State::Suspended as u64 {
        // It is told how often somebody sent, and nothing else.
        sent = own(store, next, PENDING);
        let is_told = own(store, next, thread::STATE) == State::Receiving as u64
            && own(store, next, FIRST) | own(store, next, WAITS_FOR_ALL) == 0
            && sent != 0;
        if !is_told {
            return None;
        }
        set(next, PENDING, 0);
    }
    set(list, TOKEN, token);
    thread::set_state(store, caller, State::Suspended);
    thread::switch(store, core, thread);
    Some(Outcome::Answer(sent))
}

/// Sends to a thread of this core that waits and has a scheduler, without a decision. See
/// [`endpoint::send`].
#[inline(always)]
pub fn send(store: &impl Store, core: &CoreState, held: &Slot, number: u64, flags: u64) -> Option<Outcome> {
    const SEND: u64 = SendOperation::Send as u64;
    let receiver = object(store, held, Kind::Send, 0)?;
    let words = store.words(receiver);
    let (pending, scheduler) = (own(store, words, PENDING), own(store, words, SCHEDULER));
    let is_usual = number | flags == SEND
        && is_here(store, core, words)
        && pending != u64::MAX
        && own(store, words, thread::STATE) == State::Receiving as u64
        && is_end_point(scheduler)
        // A scheduler that waits has one above it, who is told as well.
        && own(store, store.words(Frame::at(scheduler)), thread::STATE) != State::Receiving as u64
        // What is counted may have to give way to the receiver.
        && core.account.runs_on() == Budget::NONE;
    if !is_usual {
        return None;
    }
    set(words, PENDING, pending + 1);
    endpoint::post(store, Frame::at(scheduler), receiver, What::Woken);
    Some(Outcome::DONE)
}

/// Takes what is pending at the end-point of the current thread, or lets its scheduler go on. See
/// [`endpoint::receive`].
#[inline(always)]
pub fn receive(
    store: &impl Store,
    core: &mut CoreState,
    held: &Slot,
    number: u64,
    [flags, timeout]: [u64; 2],
) -> Option<Outcome> {
    const RECEIVE: u64 = ReceiveOperation::Receive as u64;
    let thread = object(store, held, Kind::Receive, rights::receive::RECEIVE)?;
    if number | timeout != RECEIVE || flags > DO_NOT_WAIT || thread != core.thread() {
        return None;
    }
    let words = store.words(thread);
    if is_idle(store, words) {
        return if flags == 0 { wait(store, core, thread) } else { None };
    }
    let sent = own(store, words, PENDING);
    set(words, PENDING, 0);
    Some(Outcome::pair(core, [sent, take_event(store, words)]))
}

/// Lets the scheduler of the current thread go on, which dispatched this one or another of the component.
#[inline(always)]
fn wait(store: &impl Store, core: &mut CoreState, thread: Frame) -> Option<Outcome> {
    let words = store.words(thread);
    let address = own(store, words, SCHEDULER);
    if !is_end_point(address) {
        return None;
    }
    let scheduler = Frame::at(address);
    let list = store.words(scheduler);
    let is_usual = core.timeout == 0
        && own(store, list, thread::STATE) == State::Suspended as u64
        && budget::stays(store, core, scheduler)
        && goes_on_here(store, core, list);
    if !is_usual {
        return None;
    }
    set(words, WAITS_FOR_ALL, 0);
    thread::set_state(store, thread, State::Receiving);
    endpoint::post(store, scheduler, thread, What::Blocked);
    thread::switch(store, core, scheduler);
    Some(Outcome::DONE)
}

#[inline(always)]
fn take_event(store: &impl Store, list: &Words) -> u64 {
    let first = own(store, list, FIRST);
    if first == 0 {
        return 0;
    }
    let words = store.words(Frame::at(first));
    let (next, event) = (own(store, words, NEXT), own(store, words, EVENT));
    set(list, FIRST, next);
    set(words, EVENT, 0);
    if next == 0 {
        set(list, LAST, 0);
        return event;
    }
    event | MORE
}

/// The living object behind a capability of `kind` with `rights`.
#[inline(always)]
fn object(store: &impl Store, held: &Slot, kind: Kind, rights: u64) -> Option<Frame> {
    slot::check(held, kind, rights).ok()?;
    slot::lives(store, held).then(|| Frame::at(slot::get(held, word::OBJECT)))
}

/// Word `at` of a thread of this core.
#[inline(always)]
fn own(store: &impl Store, thread: &Words, at: usize) -> u64 {
    thread.get(at).map_or(0, |word| store.own(word))
}

#[inline(always)]
fn is_here(store: &impl Store, core: &CoreState, thread: &Words) -> bool {
    let [identity, ..] = thread;
    store.own(identity) >> 32 == core.number
}

/// Whether nothing is pending at the end-point of a thread.
#[inline(always)]
fn is_idle(store: &impl Store, thread: &Words) -> bool {
    own(store, thread, PENDING) | own(store, thread, FIRST) == 0
}

/// Whether a thread of this core waits for something to happen, once it has been started, or is the current one: no other runs.
#[inline(always)]
fn has_started(store: &impl Store, thread: &Words) -> bool {
    own(store, thread, thread::STATE) >= State::Running as u64
}

/// Whether the word stands for a scheduler that is told at its end-point.
#[inline(always)]
const fn is_end_point(scheduler: u64) -> bool {
    scheduler != 0 && scheduler & 0xfff == 0
}

/// Whether the level that a thread goes on with is of the component that executes, and lives.
#[inline(always)]
fn goes_on_here(store: &impl Store, core: &CoreState, thread: &Words) -> bool {
    let [_, _, current, _] = store.level(core.top);
    let [_, _, descriptor, epoch] = store.level(own(store, thread, TOP));
    let offset = store.own(descriptor);
    offset == store.own(current) && store.descriptor_at(offset).epoch.load(Acquire) == store.own(epoch)
}
