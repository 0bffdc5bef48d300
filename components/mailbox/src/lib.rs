//! Mailboxes: each client has one, into which the others put one message at a time.
//!
//! An address is the number by which servers know a component, its token: the kernel says with each call whose it is, so that nobody
//! sends in another's name, or receives what is another's.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use runtime::{Caller, Error};
use sched_interface::Sched;

/// What a method of [`Mailbox`] answers.
pub type Result<T> = runtime::Result<T, MailboxError>;

runtime::errors! {
    /// Why a mailbox does not do what it is asked.
    pub enum MailboxError {
        Full = 1: "the mailbox has a message that has not been received",
        NoSuchAddress = 2: "no client can have this address",
        Receives = 3: "the component receives already",
    }
}

/// Sends and receives messages of one word.
#[runtime::interface]
pub trait Mailbox {
    /// Answers the caller's own address, to which others send.
    fn address(&self) -> Result<u64>;

    /// Puts a message into the mailbox at `to`, if it is empty. It never waits.
    fn try_send(&self, to: u64, message: u64) -> Result<()>;

    /// Waits for a message in the caller's mailbox; answers who sent it, and the message.
    #[may_block]
    fn receive(&self) -> Result<(u64, u64)>;
}

/// Mailboxes that there are: tokens beyond have none.
pub const MAILBOXES: usize = 64;

/// All mailboxes; whoever waits for a message sleeps by `sched`.
pub struct Mailboxes<S: 'static> {
    sched: &'static S,
    boxes: [Slot; MAILBOXES],
}

/// A mailbox.
struct Slot {
    state: AtomicU64,
    from: AtomicU64,
    message: AtomicU64,
    /// The index of the thread that receives, plus one; 0 if none does.
    receiver: AtomicU64,
}

/// The life of a message. One thread has the slot while it is taken: the one that changed the state.
mod state {
    pub const EMPTY: u64 = 0;
    pub const TAKEN: u64 = 1;
    pub const FULL: u64 = 2;
}

impl<S: Sched> Mailboxes<S> {
    /// Empty ones.
    pub const fn new(sched: &'static S) -> Self {
        Self { sched, boxes: [const { Slot::new() }; MAILBOXES] }
    }

    /// What is asked for on behalf of a caller.
    pub const fn serve(&self, caller: Caller) -> Call<'_, S> {
        Call { mailboxes: self, caller }
    }

    fn at(&self, address: u64) -> Result<&Slot> {
        usize::try_from(address).ok().and_then(|at| self.boxes.get(at)).ok_or(MailboxError::NoSuchAddress)
    }
}

impl Slot {
    const fn new() -> Self {
        Self {
            state: AtomicU64::new(state::EMPTY),
            from: AtomicU64::new(0),
            message: AtomicU64::new(0),
            receiver: AtomicU64::new(0),
        }
    }

    fn take(&self, from: u64) -> bool {
        self.state.compare_exchange(from, state::TAKEN, SeqCst, Relaxed).is_ok()
    }

    fn put(&self, from: u64, message: u64) -> Result<()> {
        if !self.take(state::EMPTY) {
            return Err(MailboxError::Full);
        }
        self.from.store(from, Relaxed);
        self.message.store(message, Relaxed);
        self.state.store(state::FULL, SeqCst);
        Ok(())
    }

    fn get(&self) -> Option<(u64, u64)> {
        if !self.take(state::FULL) {
            return None;
        }
        let message = (self.from.load(Relaxed), self.message.load(Relaxed));
        self.state.store(state::EMPTY, SeqCst);
        Some(message)
    }

    /// Says that `thread` receives, until what this answers is dropped.
    fn enter(&self, thread: u32) -> Result<Receiving<'_>> {
        match self.receiver.compare_exchange(0, u64::from(thread) + 1, SeqCst, Relaxed) {
            Ok(_) => Ok(Receiving(self)),
            Err(_) => Err(MailboxError::Receives),
        }
    }
}

/// A thread that receives.
struct Receiving<'b>(&'b Slot);

impl Drop for Receiving<'_> {
    fn drop(&mut self) {
        self.0.receiver.store(0, SeqCst);
    }
}

/// An invocation of the mailboxes.
pub struct Call<'m, S: 'static> {
    mailboxes: &'m Mailboxes<S>,
    caller: Caller,
}

impl<S: Sched> Mailbox for Call<'_, S> {
    fn address(&self) -> Result<u64> {
        self.mailboxes.at(self.caller.token).map(|_| self.caller.token)
    }

    fn try_send(&self, to: u64, message: u64) -> Result<()> {
        let slot = self.mailboxes.at(to)?;
        slot.put(self.caller.token, message)?;
        // Who receives from now on finds the message; who said so before is woken.
        match slot.receiver.load(SeqCst) {
            0 => Ok(()),
            receiver => Ok(self.mailboxes.sched.wake(receiver - 1).map_err(Error::from)?),
        }
    }

    fn receive(&self) -> Result<(u64, u64)> {
        let slot = self.mailboxes.at(self.caller.token)?;
        let receiving = slot.enter(self.caller.thread)?;
        loop {
            if let Some(message) = slot.get() {
                drop(receiving);
                return Ok(message);
            }
            self.mailboxes.sched.block().map_err(Error::from)?;
        }
    }
}

#[cfg(test)]
mod tests;
