//! The interface `sched`, on behalf of one caller.

mod elsewhere;
mod exchange;
mod handing;
mod points;

use crate::context::Context;
use crate::directory::Entry;
use crate::state::{State, Target, Threads, refused};
use crate::visit::Visit;
use crate::{Machine, Scheduler};
use runtime::Caller;
use runtime::section::Guard;
use sched_interface::{Result, Sched, SchedError};
use sched_sl::{Block, Decision, Instant, Kernel, ThreadError, ThreadId, Token, Wakes, Wakeup};

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

    #[inline]
    fn context(&self) -> Result<Context<'s, M>> {
        let me = self.scheduler.directory.find(self.caller.thread.into()).ok_or(SchedError::NotScheduled)?;
        Ok(Context::of_client(self.scheduler, me))
    }

    #[inline(always)]
    fn visit(&self) -> Result<Visit<'s, M>> {
        Visit::of(self.scheduler, self.caller.thread)
    }

    /// Notes what the thread wants, decides who runs if that makes a difference to it, and switches there.
    fn ask(&self, wish: Wish) -> Result<()> {
        let context = self.context()?;
        ask(context, context.enter(), wish, context.now())
    }

    /// Carries out what may have changed for other threads. Before the start, nobody is dispatched.
    fn reschedule(&self, context: &Context<'s, M>) -> Result<()> {
        if self.scheduler.is_started() { context.reschedule() } else { Ok(()) }
    }
}

/// What a thread can want for itself.
#[derive(Clone, Copy)]
enum Wish {
    Yield,
    Block,
    BlockUntil(Instant),
    SleepUntil(Instant),
}

/// The same, inside the section. Before the start nobody waits.
#[cold]
#[inline(never)]
fn ask<M: Machine>(context: Context<'_, M>, mut state: Guard<'_, State>, wish: Wish, now: Instant) -> Result<()> {
    let noted = context.check_started().and_then(|()| {
        let me = state.thread(context.me())?;
        note(&mut state.threads, wish, me, now).map_err(refused)
    });
    let decided = match noted {
        Ok(Block::Blocked) => decide(&context, &mut state, now).map(Some),
        Ok(Block::WokenBefore) => Ok(None),
        Err(error) => Err(error),
    };
    context.leave(state);
    match decided? {
        Some((token, decision)) => context.carry_out(decision, token),
        None => Ok(()),
    }
}

/// Notes what the thread wants. Answers whether it goes on.
fn note(threads: &mut Threads, wish: Wish, me: ThreadId, now: Instant) -> core::result::Result<Block, ThreadError> {
    match wish {
        Wish::Yield => threads.yield_now(me, now).map(|()| Block::Blocked),
        Wish::Block => threads.block(me, now),
        Wish::BlockUntil(time) => threads.block_until(me, time, now),
        Wish::SleepUntil(time) => threads.sleep_until(me, time, now).map(|()| Block::Blocked),
    }
}

/// Wakes a thread, and switches if that makes a difference to the one that runs.
#[cold]
#[inline(never)]
fn wake<M: Machine>(context: Context<'_, M>, mut state: Guard<'_, State>, woken: Entry) -> Result<()> {
    let decided = state
        .other(woken)
        .and_then(|woken| state.threads.wake(woken).map_err(refused))
        .and_then(|()| reconsider(&context, &mut state));
    context.leave(state);
    match decided? {
        Some((token, decision)) if context.check_started().is_ok() => context.carry_out(decision, token),
        _ => Ok(()),
    }
}

/// Decides, after a token has been taken: who overtakes it knows of what has been noted.
#[inline]
fn decide<M: Machine>(context: &Context<'_, M>, state: &mut State, now: Instant) -> Result<(Token, Decision<Target>)> {
    let token = context.token();
    let decision = state.threads.decide(now).map_err(|_| SchedError::NoDecision)?;
    Ok((token, decision))
}

/// What follows from something that may have made others ready, decided after a token has been taken.
fn reconsider<M: Machine>(context: &Context<'_, M>, state: &mut State) -> Result<Option<(Token, Decision<Target>)>> {
    let token = context.token();
    let decision = state.threads.reconsider(context.now()).map_err(|_| SchedError::NoDecision)?;
    Ok(decision.map(|decision| (token, decision)))
}

impl<M: Machine> Sched for Call<'_, M> {
    #[inline(always)]
    fn yield_now(&self) -> Result<()> {
        let visit = self.visit()?;
        let (mut state, now) = (visit.enter(), visit.now());
        let quick = state.threads.quick_yield(|name| name.is(visit.me()), now);
        visit.follow(state, quick, |context, state| ask(context, state, Wish::Yield, now))
    }

    #[inline(always)]
    fn block(&self) -> Result<()> {
        let visit = self.visit()?;
        let (mut state, now) = (visit.enter(), visit.now());
        let quick = state.threads.quick_block(|name| name.is(visit.me()), now);
        visit.follow(state, quick, |context, state| ask(context, state, Wish::Block, now))
    }

    fn block_until(&self, time: u64) -> Result<bool> {
        self.ask(Wish::BlockUntil(Instant(time)))?;
        let context = self.context()?;
        let wakeup = context.inside(|state| state.threads.wakeup(state.thread(context.me())?).map_err(refused))?;
        Ok(wakeup == Some(Wakeup::Woken))
    }

    #[inline(always)]
    fn sleep_until(&self, time: u64) -> Result<()> {
        let visit = self.visit()?;
        let (mut state, now, at) = (visit.enter(), visit.now(), Instant(time));
        let quick = state.threads.quick_sleep(|name| name.is(visit.me()), at, now);
        visit.follow(state, quick, |context, state| ask(context, state, Wish::SleepUntil(at), now))
    }

    #[inline(always)]
    fn wake(&self, thread: u64) -> Result<()> {
        let visit = self.visit()?;
        let Some(woken) = self.scheduler.directory.find(thread) else { return self.wake_elsewhere(thread) };
        let mut state = visit.enter();
        if let Err(error) = state.check_wake(visit.me(), self.caller.token, woken) {
            return Err(visit.leave_with(state, error));
        }
        let quick = state.threads.quick_wake((woken.place(), |name| name.is(woken)), visit.now());
        visit.follow(state, quick, |context, state| wake(context, state, woken))
    }

    #[inline(always)]
    fn wake_and_block(&self, thread: u64) -> Result<()> {
        self.wake_other_and_block(thread)
    }

    fn create(&self, word: u64) -> Result<u64> {
        let word = u32::try_from(word)
            .ok()
            .filter(|word| u64::from(*word) >= runtime::thread::FIRST)
            .ok_or(SchedError::BadWord)?;
        let context = self.context()?;
        let index = context.inside(|state| state.create(&self.scheduler.part(), self.caller.token, word))?;
        self.reschedule(&context)?;
        Ok(index)
    }

    fn background(&self) -> Result<()> {
        let context = self.context()?;
        context.inside(|state| state.put_into_background(self.scheduler.shared, context.me()))
    }

    fn frequency(&self) -> Result<u64> {
        self.scheduler.machine.frequency()
    }

    fn create_point(&self) -> Result<u64> {
        self.context()?.inside(|state| state.create_point(&self.scheduler.part(), self.caller.token))
    }

    fn free_point(&self, point: u64) -> Result<()> {
        let context = self.context()?;
        context.inside(|state| state.free_point(&self.scheduler.part(), self.caller.token, point))?;
        self.reschedule(&context)
    }

    #[inline(always)]
    fn wait_on(&self, point: u64, epoch: u64, holder: u64, time: u64) -> Result<bool> {
        self.wait_at([point, epoch, holder, time])
    }

    #[inline(always)]
    fn trigger(&self, point: u64, epoch: u64) -> Result<()> {
        self.trigger_at(point, epoch, Wakes::All)
    }

    #[inline(always)]
    fn trigger_one(&self, point: u64, epoch: u64) -> Result<()> {
        self.trigger_at(point, epoch, Wakes::One)
    }

    #[inline(always)]
    fn trigger_and_wait(&self, there: u64, begins: u64, here: u64, seen: u64) -> Result<()> {
        self.trigger_there_and_wait_here((there, begins), (here, seen))
    }

    fn end_wait_at(&self, time: u64) -> Result<()> {
        let context = self.context()?;
        let at = Instant(time).unless_never();
        context.inside(|state| state.threads.end_wait_at(state.thread(context.me())?, at).map_err(refused))
    }

    #[inline(always)]
    fn exchange(&self, server: u64, word: u64) -> Result<u64> {
        self.exchange_with(server, word)
    }

    fn accept(&self) -> Result<(u64, u64)> {
        self.accept_call()
    }

    fn answer(&self, client: u64, word: u64) -> Result<()> {
        self.answer_call(client, word)
    }

    #[inline(always)]
    fn answer_and_accept(&self, client: u64, word: u64) -> Result<(u64, u64)> {
        self.answer_and_accept_call(client, word)
    }

    fn migrate(&self, core: u64) -> Result<()> {
        self.migrate_to(core)
    }
}
