//! End-points: asynchronous activation of a thread, and what a scheduler learns of its threads.
//!
//! A receive end-point is part of the thread that receives there.
//!
//! | word of the thread | meaning |
//! |---|---|
//! | 5 | times that somebody sent and the thread has not yet been told |
//! | 6 | highest scheduling token used |
//! | 7, 8 | addresses of the first and last thread with an event for this one, or 0 |
//! | 9 | address of the next thread with an event for the same scheduler, or 0 |
//! | 10 | the thread's own event, as a word, while it is in its scheduler's list |

use crate::core_state::CoreState;
use crate::dispatch;
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::store::{Store, get, set};
use crate::thread::{self, Scheduler, State};
use abi::error::Error;
use abi::event::{Event, What};

const PENDING: usize = 5;
const TOKEN: usize = 6;
const FIRST: usize = 7;
const LAST: usize = 8;
const NEXT: usize = 9;
const EVENT: usize = 10;

/// Whether the end-point of `thread` has something to tell.
pub fn has_pending(store: &impl Store, thread: Frame) -> bool {
    let words = store.words(thread);
    get(words, PENDING) != 0 || get(words, FIRST) != 0
}

/// Notes that a decision with `token` is made at the end-point of `scheduler`.
///
/// # Errors
///
/// [`Error::Stale`] if a later one was made already.
pub fn check_token(store: &impl Store, scheduler: Frame, token: u64) -> Result<(), Error> {
    let words = store.words(scheduler);
    if token < get(words, TOKEN) {
        return Err(Error::Stale);
    }
    set(words, TOKEN, token);
    Ok(())
}

/// Receives at the end-point of the current thread, which must be `thread`.
///
/// # Errors
///
/// [`Error::BadArgument`] if it is another thread's, if the flags are unknown, or if a
/// time is given by a thread that has a scheduler; [`Error::NothingPending`] if the caller does not want to wait.
pub fn receive(
    store: &impl Store,
    core: &mut CoreState,
    thread: Frame,
    [flags, timeout, ..]: [u64; 4],
) -> Result<Outcome, Error> {
    const DO_NOT_WAIT: u64 = 1;
    let scheduler = thread::scheduler(store, thread);
    let is_scheduled = matches!(scheduler, Scheduler::EndPoint(_));
    if thread != core.thread() || flags > DO_NOT_WAIT || (is_scheduled && timeout != 0) {
        return Err(Error::BadArgument);
    }
    if let Some(outcome) = take(store, thread) {
        return Ok(outcome);
    }
    if flags == DO_NOT_WAIT {
        return Err(Error::NothingPending);
    }
    if let Scheduler::EndPoint(scheduler) = scheduler {
        return Ok(dispatch::hand_over(store, core, scheduler, State::Receiving, What::Blocked));
    }
    thread::set_state(store, thread, State::Receiving);
    core.timeout = timeout;
    Ok(Outcome::Idle)
}

/// What an idle core does after an interrupt: goes on with the thread that waits, if there is a reason.
pub fn wake(store: &impl Store, core: &mut CoreState, now: u64) -> Outcome {
    let thread = core.thread();
    let outcome = match take(store, thread) {
        Some(outcome) => outcome,
        None if core.timeout != 0 && now >= core.timeout => Error::TimedOut.into(),
        None => return Outcome::Idle,
    };
    core.timeout = 0;
    thread::set_state(store, thread, State::Running);
    outcome
}

/// Activates `receiver`. With `decide`, its scheduler decides now who runs.
///
/// # Errors
///
/// [`Error::BadArgument`] if the flags are unknown.
pub fn send(store: &impl Store, core: &mut CoreState, receiver: Frame, flags: u64) -> Result<Outcome, Error> {
    const DECIDE: u64 = 1;
    if flags > DECIDE {
        return Err(Error::BadArgument);
    }
    let words = store.words(receiver);
    set(words, PENDING, get(words, PENDING).saturating_add(1));
    let Scheduler::EndPoint(scheduler) = thread::scheduler(store, receiver) else { return Ok(Outcome::DONE) };
    if thread::state(store, receiver) == State::Receiving {
        post(store, scheduler, receiver, What::Woken);
    }
    let own = thread::scheduler(store, core.thread()) == Scheduler::EndPoint(scheduler);
    if flags == DECIDE && own {
        return Ok(dispatch::hand_over(store, core, scheduler, State::Suspended, What::Preempted));
    }
    Ok(Outcome::DONE)
}

/// Takes what is pending at the end-point of `thread`: the count of sends, and one event.
pub fn take(store: &impl Store, thread: Frame) -> Option<Outcome> {
    if !has_pending(store, thread) {
        return None;
    }
    let words = store.words(thread);
    let sent = get(words, PENDING);
    set(words, PENDING, 0);
    Some(Outcome::answer([sent, take_event(store, thread)]))
}

/// Tells `scheduler` what happened to `thread`, in place of what it was told before and has not taken.
pub fn post(store: &impl Store, scheduler: Frame, thread: Frame, what: What) {
    let event = Event { thread: thread::index(store, thread), what, more: false };
    let words = store.words(thread);
    let is_listed = get(words, EVENT) != 0;
    set(words, EVENT, event.to_word());
    if is_listed {
        return;
    }
    set(words, NEXT, 0);
    let list = store.words(scheduler);
    match get(list, LAST) {
        0 => set(list, FIRST, thread.address()),
        last => set(store.words(Frame::at(last)), NEXT, thread.address()),
    }
    set(list, LAST, thread.address());
}

/// Takes the event of `thread`, if there is one, out of the list of `scheduler`.
pub fn forget(store: &impl Store, scheduler: Frame, thread: Frame) {
    let words = store.words(thread);
    if get(words, EVENT) == 0 {
        return;
    }
    let list = store.words(scheduler);
    let (mut at, mut before) = (get(list, FIRST), 0);
    while at != thread.address() && at != 0 {
        (before, at) = (at, get(store.words(Frame::at(at)), NEXT));
    }
    let next = get(words, NEXT);
    match before {
        0 => set(list, FIRST, next),
        before => set(store.words(Frame::at(before)), NEXT, next),
    }
    if next == 0 {
        set(list, LAST, before);
    }
    set(words, EVENT, 0);
}

fn take_event(store: &impl Store, scheduler: Frame) -> u64 {
    let list = store.words(scheduler);
    let first = get(list, FIRST);
    if first == 0 {
        return 0;
    }
    let words = store.words(Frame::at(first));
    let next = get(words, NEXT);
    set(list, FIRST, next);
    if next == 0 {
        set(list, LAST, 0);
    }
    let event = Event::from_word(get(words, EVENT)).map(|event| Event { more: next != 0, ..event });
    set(words, EVENT, 0);
    event.map_or(0, Event::to_word)
}
