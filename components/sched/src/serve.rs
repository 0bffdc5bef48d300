//! The interface `sched`, on behalf of one caller.

use crate::context::Context;
use crate::state::{State, refused};
use crate::{Machine, Scheduler};
use runtime::{Caller, Error, Result};
use sched_interface::{BAD_WORD, NO_DECISION, NOT_SCHEDULED, NOT_STARTED, Sched};
use sched_sl::{Block, Instant, Kernel, ThreadId, Wakeup};

/// An invocation of the scheduler.
pub struct Call<'s, M> {
    scheduler: &'s Scheduler<M>,
    caller: Caller,
}

impl<'s, M: Machine> Call<'s, M> {
    /// What `caller` asks `scheduler` for.
    pub(crate) const fn new(scheduler: &'s Scheduler<M>, caller: Caller) -> Self {
        Self { scheduler, caller }
    }

    fn context(&self) -> Result<Context<'s, M>> {
        let me = self.scheduler.thread(self.caller.thread).ok_or(NOT_SCHEDULED)?;
        Ok(Context::of_client(self.scheduler, me))
    }

    /// Notes what the thread wants, and reschedules if that makes a difference to it.
    fn ask<R>(
        &self,
        note: impl FnOnce(&mut State, ThreadId, Instant) -> core::result::Result<(Effect, R), sched_sl::ThreadError>,
    ) -> Result<R> {
        if !self.scheduler.is_started() {
            return Err(NOT_STARTED);
        }
        let context = self.context()?;
        let (result, decided) = context.inside(|state| {
            let now = Instant(self.scheduler.machine.now());
            let thread = state.thread(self.caller.thread.into())?;
            let (effect, result) = note(state, thread, now).map_err(refused)?;
            // The token is taken when the wish has been noted: who overtakes it knows of that.
            let decided = match effect {
                Effect::GoesOn => None,
                Effect::Reschedules => Some((context.token(), state.threads.decide(now))),
            };
            Ok::<_, Error>((result, decided))
        })?;
        if let Some((token, decision)) = decided {
            context.carry_out(decision.map_err(|_| NO_DECISION)?, token)?;
        }
        Ok(result)
    }

    /// Carries out what may have changed for other threads. Before the start, nobody is dispatched.
    fn reschedule(&self, context: &Context<'s, M>) -> Result<()> {
        if self.scheduler.is_started() { context.reschedule() } else { Ok(()) }
    }
}

/// Whether somebody else may have to run now.
enum Effect {
    GoesOn,
    Reschedules,
}

impl From<Block> for Effect {
    fn from(block: Block) -> Self {
        match block {
            Block::Blocked => Self::Reschedules,
            Block::WokenBefore => Self::GoesOn,
        }
    }
}

impl<M: Machine> Sched for Call<'_, M> {
    fn yield_now(&self) -> Result<()> {
        self.ask(|state, thread, now| {
            state.threads.yield_now(thread, now)?;
            Ok((Effect::Reschedules, ()))
        })
    }

    fn block(&self) -> Result<()> {
        self.ask(|state, thread, now| Ok((state.threads.block(thread, now)?.into(), ())))
    }

    fn block_until(&self, time: u64) -> Result<bool> {
        self.ask(|state, thread, now| Ok((state.threads.block_until(thread, Instant(time), now)?.into(), ())))?;
        let wakeup = self.context()?.inside(|state| {
            let thread = state.thread(self.caller.thread.into())?;
            state.threads.wakeup(thread).map_err(refused)
        })?;
        Ok(wakeup == Some(Wakeup::Woken))
    }

    fn sleep_until(&self, time: u64) -> Result<()> {
        self.ask(|state, thread, now| {
            state.threads.sleep_until(thread, Instant(time), now)?;
            Ok((Effect::Reschedules, ()))
        })
    }

    fn wake(&self, thread: u64) -> Result<()> {
        let context = self.context()?;
        context.inside(|state| state.wake(self.caller.token, thread))?;
        self.reschedule(&context)
    }

    fn create(&self, word: u64) -> Result<u64> {
        if word < runtime::thread::FIRST {
            return Err(BAD_WORD);
        }
        let context = self.context()?;
        let machine = &self.scheduler.machine;
        let index = context.inside(|state| {
            let (index, thread) = state.create(machine, self.caller.token, word)?;
            self.scheduler.enlist(index, thread).map(|()| index)
        })?;
        self.reschedule(&context)?;
        Ok(index)
    }

    fn background(&self) -> Result<()> {
        self.context()?.inside(|state| state.put_into_background(self.caller.thread.into()))
    }

    fn frequency(&self) -> Result<u64> {
        self.scheduler.machine.frequency()
    }
}
