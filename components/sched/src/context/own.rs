//! What the scheduler's own thread does beside deciding: it takes in what the kernel and other cores have to tell, and waits.

use super::{Context, timeout};
use crate::Machine;
use crate::state::{PLACES, State};
use abi::crossing::YIELDED;
use abi::event::{Batch, What};
use core::cell::{Cell, RefCell};
use sched_sl::{DispatchError, Event, Instant, Kernel, Quiet};

/// What only the scheduler's own thread has.
#[derive(Default)]
pub struct Own {
    /// Events that came while the section was taken, or that ended a wait.
    pub(super) events: RefCell<Events>,
    /// Whether somebody sent to it: there may be mail from other cores.
    pub(super) is_called: Cell<bool>,
    /// Whether its last wait ended because its time had come, and for no other reason.
    pub(super) was_due: Cell<bool>,
    /// Whether nobody will ever run again.
    pub is_stuck: Cell<bool>,
}

/// Events that were taken from the kernel and not noted yet. The kernel keeps one for each thread, and none happens
/// to a thread while the scheduler's own runs or lets an owner finish: so there is room.
pub(super) struct Events {
    /// A ring of places, the oldest event at `first`.
    queue: [Option<abi::event::Event>; PLACES],
    first: usize,
    count: usize,
}

impl Own {
    pub(super) fn keep(&self, batch: Batch) {
        if batch.sent > 0 {
            self.is_called.set(true);
        }
        batch.events.into_iter().flatten().for_each(|event| self.events.borrow_mut().push(event));
    }
}

impl Default for Events {
    fn default() -> Self {
        Self { queue: [None; PLACES], first: 0, count: 0 }
    }
}

impl Events {
    fn push(&mut self, event: abi::event::Event) {
        if let Some(place) = self.queue.get_mut((self.first + self.count) % PLACES) {
            *place = Some(event);
            self.count += 1;
        }
    }

    fn pop(&mut self) -> Option<abi::event::Event> {
        let event = self.queue.get_mut(self.first)?.take()?;
        self.first = (self.first + 1) % PLACES;
        self.count -= 1;
        Some(event)
    }
}

impl<M: Machine> Context<'_, M> {
    /// Waits for something to happen. There is no reason to, if nobody is left who could make it happen.
    #[inline(always)]
    pub(super) fn wait(&self, own: &Own, until: Option<Instant>) -> core::result::Result<(), DispatchError> {
        if own.events.borrow().count > 0 {
            return Err(DispatchError::EventsPending);
        }
        if self.inside(|state| state.is_anyone_leaving()) {
            return Err(DispatchError::EventsPending);
        }
        match until {
            None if !self.inside(|state| state.threads.is_any_suspended()) => return self.wait_for_others(own),
            until => self.wait_until(own, until.unwrap_or(Instant::NEVER)),
        }
        Ok(())
    }

    /// Waits for what only other cores can bring about, if there are any of which that can come.
    #[cold]
    #[inline(never)]
    fn wait_for_others(&self, own: &Own) -> core::result::Result<(), DispatchError> {
        let (machine, shared) = (&self.scheduler.machine, self.scheduler.shared);
        match shared.fall_quiet(machine.core(), machine.cores()) {
            Quiet::Yes => {
                self.wait_until(own, Instant::NEVER);
                shared.rouse(machine.core());
                Ok(())
            }
            Quiet::No => {
                own.is_called.set(true);
                Err(DispatchError::EventsPending)
            }
            Quiet::ForEver => {
                own.is_stuck.set(true);
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn wait_until(&self, own: &Own, until: Instant) {
        match self.scheduler.machine.wait(timeout(until)) {
            Ok(None) => own.was_due.set(true),
            Ok(Some(received)) => own.keep(received),
            Err(_) => {}
        }
    }

    /// Does what other cores want of threads of this one.
    #[cold]
    #[inline(never)]
    pub(super) fn take_mail(&self) {
        let part = self.scheduler.part();
        part.shared.look(part.machine.core());
        part.shared.take(part.machine.core(), |index, what| self.inside(|state| state.deliver(&part, index, what)));
        self.inside(|state| state.take_triggers(&part));
        if part.shared.take_end(part.machine.core()) {
            self.inside(State::look_again);
        }
    }

    /// What the scheduler has to be told of a thread. Its end is noted at once.
    pub(super) fn translate(&self, event: abi::event::Event) -> Option<Event> {
        let directory = &self.scheduler.directory;
        let suspended = match event.what {
            What::Blocked => true,
            // Whose budget is used up is found when the next dispatch on it is refused: who was let finish ran on another's.
            What::Woken | What::Preempted | What::Expired => false,
            What::Ended(YIELDED) => {
                self.inside(|state| state.yield_for(directory, event.thread.into(), self.now()));
                false
            }
            What::Ended(_) | What::Faulted(_) => {
                self.inside(|state| state.end(&self.scheduler.part(), event.thread, event.what));
                return None;
            }
        };
        let entry = directory.find(event.thread.into())?;
        Some(Event { thread: self.inside(|state| state.thread(entry).ok())?, suspended })
    }

    pub(super) fn next_event(&self, own: &Own) -> Option<abi::event::Event> {
        let kept = own.events.borrow_mut().pop();
        kept.or_else(|| {
            loop {
                // A send to the scheduler itself tells nothing of a thread.
                own.keep(self.scheduler.machine.poll().ok()?);
                let event = own.events.borrow_mut().pop();
                if event.is_some() {
                    return event;
                }
            }
        })
    }
}
