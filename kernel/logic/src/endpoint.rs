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
//! | 15 | whether it waits for [all that is pending](abi::event::Batch) |

use crate::core_state::CoreState;
use crate::dispatch;
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::store::{Store, get, set};
use crate::thread::{self, Scheduler, State};
use abi::error::Error;
use abi::event::{Batch, Event, What};
use abi::operation::receive_flag::{ALL, DO_NOT_WAIT};

pub(crate) const PENDING: usize = 5;
pub(crate) const TOKEN: usize = 6;
pub(crate) const FIRST: usize = 7;
pub(crate) const LAST: usize = 8;
pub(crate) const NEXT: usize = 9;
pub(crate) const EVENT: usize = 10;
pub(crate) const WAITS_FOR_ALL: usize = 15;

/// Flag of a send: the receiver's scheduler decides now who runs.
pub const DECIDE: u64 = 1;

/// Whether the end-point of `thread` has something to tell.
#[inline(always)]
pub fn has_pending(store: &impl Store, thread: Frame) -> bool {
    let words = store.words(thread);
    get(words, PENDING) | get(words, FIRST) != 0
}

/// How often somebody has sent to `thread` that it has not been told of yet.
pub fn sends(store: &impl Store, thread: Frame) -> u64 {
    get(store.words(thread), PENDING)
}

/// The threads with an event that `thread`, their scheduler, has not been told of yet, in the order in which it will be.
pub fn tellers<S: Store>(store: &S, thread: Frame) -> impl Iterator<Item = Frame> {
    let frame = |address: u64| (address != 0).then_some(Frame::at(address));
    let first = frame(get(store.words(thread), FIRST));
    core::iter::successors(first, move |teller| frame(get(store.words(*teller), NEXT)))
}

/// Notes that a decision with `token` is made at the end-point of `scheduler`.
///
/// # Errors
///
/// [`Error::Stale`] if a later one was made already.
#[inline(always)]
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
    let scheduler = thread::scheduler(store, thread);
    let is_scheduled = matches!(scheduler, Scheduler::EndPoint(_));
    if thread != core.thread() || flags > (DO_NOT_WAIT | ALL) || (is_scheduled && timeout != 0) {
        return Err(Error::BadArgument);
    }
    let taken = if flags & ALL == 0 { take(store, thread) } else { take_all(store, thread) };
    if let Some(taken) = taken {
        return Ok(Outcome::pair(core, taken));
    }
    if flags & DO_NOT_WAIT != 0 {
        return Err(Error::NothingPending);
    }
    set(store.words(thread), WAITS_FOR_ALL, flags & ALL);
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
    let outcome = match take_awaited(store, thread) {
        Some(taken) => Outcome::pair(core, taken),
        None if core.timeout != 0 && now >= core.timeout => Error::TimedOut.into(),
        None => return Outcome::Idle,
    };
    core.timeout = 0;
    thread::set_state(store, thread, State::Running);
    outcome
}

/// Activates `receiver`. With `decide`, its scheduler decides now who runs; so it does if what the receiver waits on takes precedence.
///
/// # Errors
///
/// [`Error::BadArgument`] if the flags are unknown.
pub fn send(store: &impl Store, core: &mut CoreState, receiver: Frame, flags: u64) -> Result<Outcome, Error> {
    if flags > DECIDE {
        return Err(Error::BadArgument);
    }
    notify(store, receiver);
    let Scheduler::EndPoint(scheduler) = thread::scheduler(store, receiver) else { return Ok(Outcome::DONE) };
    let own = thread::scheduler(store, core.thread()) == Scheduler::EndPoint(scheduler);
    if flags == DECIDE && own {
        return Ok(dispatch::hand_over(store, core, scheduler, State::Suspended, What::Preempted));
    }
    Ok(match dispatch::taking_precedence(store, core, receiver) {
        Some(scheduler) => dispatch::give_way(store, core, scheduler, State::Suspended),
        None => Outcome::DONE,
    })
}

/// Counts one more send to `receiver`: see [`activate`].
pub fn notify(store: &impl Store, receiver: Frame) {
    activate(store, receiver, 1);
}

/// Counts so many more sends to `receiver`; if it waits, its scheduler is told, and if that one waits, its own, and so on.
#[inline(never)]
pub fn activate(store: &impl Store, receiver: Frame, times: u64) {
    let words = store.words(receiver);
    set(words, PENDING, get(words, PENDING).saturating_add(times));
    if let Some(scheduler) = told(store, receiver) {
        post(store, scheduler, receiver, What::Woken);
        if thread::state(store, scheduler) == State::Receiving {
            tell_above(store, scheduler);
        }
    }
}

/// Tells the schedulers above `at`, which waits, as far as they wait.
#[cold]
#[inline(never)]
fn tell_above(store: &impl Store, mut at: Frame) {
    for _ in dispatch::levels().skip(1) {
        let Some(scheduler) = told(store, at) else { return };
        tell(store, scheduler, at, What::Woken);
        at = scheduler;
    }
}

/// The scheduler of `thread`, if that one waits: then it is told when the thread is sent to.
#[inline]
pub fn told(store: &impl Store, thread: Frame) -> Option<Frame> {
    if thread::state(store, thread) == State::Receiving { thread::above(store, thread) } else { None }
}

/// Takes what is pending at the end-point of `thread`: the count of sends, and one event.
#[inline(always)]
pub fn take(store: &impl Store, thread: Frame) -> Option<[u64; 2]> {
    if !has_pending(store, thread) {
        return None;
    }
    let words = store.words(thread);
    let sent = get(words, PENDING);
    set(words, PENDING, 0);
    Some([sent, take_event(store, thread)])
}

/// Takes what `thread`, which waits, waits for.
#[inline(always)]
pub fn take_awaited(store: &impl Store, thread: Frame) -> Option<[u64; 2]> {
    match get(store.words(thread), WAITS_FOR_ALL) {
        0 => take(store, thread),
        _ => take_all(store, thread),
    }
}

/// Takes what is pending at the end-point of `thread`: the count of sends, and as many events as there is room for.
#[cold]
#[inline(never)]
fn take_all(store: &impl Store, thread: Frame) -> Option<[u64; 2]> {
    let [sent, first] = take(store, thread)?;
    let mut batch = Batch::new(sent);
    let mut last = first;
    while let Some(event) = Event::from_word(last) {
        if !batch.push(event) {
            break;
        }
        last = take_event(store, thread);
    }
    Some(batch.to_words())
}

/// Tells `scheduler` what happened to `thread`, in place of what it was told before and has not taken.
#[inline(always)]
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

/// The same, where it need not be quick.
#[inline(never)]
pub fn tell(store: &impl Store, scheduler: Frame, thread: Frame, what: What) {
    post(store, scheduler, thread, what);
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

/// Forgets the list of `scheduler`; what its threads have to tell they keep, for [`take_back`].
pub fn disband(store: &impl Store, scheduler: Frame) {
    let list = store.words(scheduler);
    set(list, FIRST, 0);
    set(list, LAST, 0);
}

/// Takes the event of `thread`, whose scheduler's list is forgotten.
pub fn take_back(store: &impl Store, thread: Frame) -> Option<Event> {
    let words = store.words(thread);
    let event = Event::from_word(get(words, EVENT));
    set(words, EVENT, 0);
    event
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
