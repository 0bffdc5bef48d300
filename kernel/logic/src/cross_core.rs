//! What cores tell each other: a send to a thread of another core.
//!
//! A thread's words belong to its core, all but one cache line of them, which is for the others:
//!
//! | word of the thread | meaning |
//! |---|---|
//! | 56 | times that other cores sent, and 2^32 for each of these by which its scheduler is to decide at once; or [`CLOSED`] |
//! | 57 | address of the next thread in its core's list |
//! | 58–61 | see [`launch`](crate::launch) |
//!
//! A core that sends counts at the thread. The first count puts the thread at the head of its core's list, and
//! interrupts that core; those behind it find the thread listed. So a thread is in the list at most once, the list never
//! is full, and no send is lost. The thread's core takes the whole list in one step.

use crate::core_state::CoreState;
use crate::endpoint;
use crate::frame::Frame;
use crate::interrupt;
use crate::outcome::Outcome;
use crate::quiescence::{FIRST, OFFLINE};
use crate::store::{Store, Words};
use crate::thread;
use abi::error::Error;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};

/// What the logic asks of the processors.
pub trait Cores {
    /// Interrupts the core with this number, which attends to what others have for it.
    fn interrupt(&mut self, core: u32);
    /// Forgets all translations of the current page table.
    fn forget_translations(&mut self);
}

/// A word on a cache line of its own.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Line(pub AtomicU64);

impl Line {
    /// A line that holds `value`.
    pub const fn new(value: u64) -> Self {
        Self(AtomicU64::new(value))
    }
}

/// What a core shares with the others.
#[derive(Debug)]
#[repr(C)]
pub struct Shared {
    /// The epoch that it has acknowledged, see [`quiescence`](crate::quiescence).
    pub acknowledged: Line,
    /// Address of the first of its threads to which other cores sent, or 0.
    pub activated: Line,
    /// What it runs, see [`launched`].
    pub launched: Line,
}

/// What a core runs: nothing, or a thread, by its address.
pub mod launched {
    /// Nothing.
    pub const IDLE: u64 = 0;
    /// Somebody is about to say. For ever on the first core, which runs what the kernel started.
    pub const CLAIMED: u64 = 1;
}

impl Shared {
    /// A core that does not take part.
    pub const fn offline() -> Self {
        Self::new(OFFLINE, launched::IDLE)
    }

    /// The first core, which boots.
    pub const fn first() -> Self {
        Self::new(FIRST, launched::CLAIMED)
    }

    const fn new(acknowledged: u64, launched: u64) -> Self {
        Self { acknowledged: Line::new(acknowledged), activated: Line::new(0), launched: Line::new(launched) }
    }
}

/// In the count of a thread: nobody sends to it any more.
pub const CLOSED: u64 = 1 << 63;

const SENT: usize = 56;
const NEXT: usize = 57;
const ONE: u64 = 1;
const DECIDE: u64 = 1 << 32;

/// What other cores sent to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent {
    times: u64,
    decide: bool,
}

/// Sends to `receiver`, a thread of another core. Answers that core, if it has to be interrupted.
///
/// # Errors
///
/// [`Error::Revoked`] if the thread is about to be reclaimed.
pub fn send(store: &impl Store, receiver: Frame, decide: bool) -> Result<Option<u32>, Error> {
    let count = word(store.words(receiver), SENT)?;
    if count.load(Acquire) & CLOSED != 0 {
        return Err(Error::Revoked);
    }
    let more = if decide { ONE | DECIDE } else { ONE };
    match count.fetch_add(more, AcqRel) {
        before if before & CLOSED != 0 => Err(Error::Revoked),
        0 => list(store, receiver).map(Some),
        // Whoever counted first has listed the thread and interrupted its core, or is about to.
        _ => Ok(None),
    }
}

/// What a component does that sends to a thread of another core; see [`endpoint::send`] for one of its own.
///
/// # Errors
///
/// [`Error::BadArgument`] if the flags are unknown; [`Error::Revoked`] if the thread is about to be reclaimed.
pub fn activate(store: &impl Store, cores: &mut impl Cores, receiver: Frame, flags: u64) -> Result<Outcome, Error> {
    if flags > endpoint::DECIDE {
        return Err(Error::BadArgument);
    }
    if let Some(core) = send(store, receiver, flags == endpoint::DECIDE)? {
        cores.interrupt(core);
    }
    Ok(Outcome::DONE)
}

fn list(store: &impl Store, receiver: Frame) -> Result<u32, Error> {
    let core = thread::core_of(store, receiver);
    let first = &store.shared(core).ok_or(Error::BadArgument)?.activated.0;
    let next = word(store.words(receiver), NEXT)?;
    let put = |head| {
        next.store(head, Relaxed);
        Some(receiver.address())
    };
    let _ = first.fetch_update(AcqRel, Acquire, put);
    Ok(core)
}

/// Takes what other cores sent to threads of this one. Answers whether the current thread's scheduler is to decide at once,
/// or one so many levels above it.
pub fn take(store: &impl Store, core: &CoreState) -> Option<usize> {
    let shared = store.shared(core.number as u32)?;
    let mut at = shared.activated.0.swap(0, AcqRel);
    let mut decide = None;
    while at != 0 {
        let thread = Frame::at(at);
        let words = store.words(thread);
        // Before the count is 0: from then on it may be listed again.
        at = word(words, NEXT).map_or(0, |next| next.load(Acquire));
        let sent = taken(words);
        endpoint::activate(store, thread, sent.times);
        if sent.decide && core.thread != 0 {
            decide = decide.max(interrupt::calls_for_decision(store, core, thread));
        }
    }
    decide
}

/// Keeps those who send to `thread` from listing it.
///
/// # Errors
///
/// [`Error::Pending`] if somebody sent, and its core has not taken that yet.
pub fn hold(store: &impl Store, thread: Frame) -> Result<(), Error> {
    let count = word(store.words(thread), SENT)?;
    count.compare_exchange(0, ONE, AcqRel, Acquire).map_err(|_| Error::Pending)?;
    Ok(())
}

/// Ends that, and lists the thread if somebody has sent meanwhile: then its core has to be interrupted.
///
/// # Errors
///
/// None of a thread.
pub fn let_go(store: &impl Store, thread: Frame) -> Result<bool, Error> {
    let before = word(store.words(thread), SENT)?.fetch_sub(ONE, AcqRel);
    if before == ONE { Ok(false) } else { list(store, thread).map(|_| true) }
}

/// Lets nobody send to `thread` any more.
///
/// # Errors
///
/// [`Error::Pending`] if somebody sent, and its core has not taken that yet.
pub fn close(store: &impl Store, thread: Frame) -> Result<(), Error> {
    let count = word(store.words(thread), SENT)?;
    match count.compare_exchange(0, CLOSED, AcqRel, Acquire) {
        Err(before) if before & CLOSED == 0 => Err(Error::Pending),
        _ => Ok(()),
    }
}

fn taken(words: &Words) -> Sent {
    let count = word(words, SENT).map_or(0, |count| count.swap(0, AcqRel));
    Sent { times: count % DECIDE, decide: count >= DECIDE }
}

fn word(words: &Words, at: usize) -> Result<&AtomicU64, Error> {
    words.get(at).ok_or(Error::BadArgument)
}

#[cfg(test)]
mod tests;
