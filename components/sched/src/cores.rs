//! The scheduler on all its cores, as its clients' threads reach it: each by the part on the core that it executes on.
//!
//! A blockpoint is known on the core on which it was made, its *home*, and its name says which that is. A thread of another core that waits
//! at it goes there for that and comes back: so whoever waits at a blockpoint waits in one critical section, and
//! can lend its time, without anything that cores would have to agree about. One that triggers it or gives it up stays where it is, and has
//! that said there. Who cannot leave its core, because its time is limited, is refused a wait elsewhere: there, it would have time anew.
//! Without contention nobody is asked at all.
//!
//! Time is a core's own: who waits lends its time to who is to let it go on if that is a thread of the blockpoint's home, and else to
//! nobody. So it may have to wait until those are done that go before that thread on that thread's core.

use crate::serve::Call;
use crate::{Machine, Scheduler};
use abi::plan::CORES;
use runtime::Caller;
use sched_interface::{NEVER, NOBODY, Result, Sched, SchedError};
use sched_sl::Wakes;

/// The parts of a scheduler, by their cores.
pub type Parts<M> = [Scheduler<M>; CORES];

/// Bits of a blockpoint's name below the number of its home.
const HOME_SHIFT: u32 = 56;
const _: () = assert!(sched_sl::PointId::BITS <= HOME_SHIFT, "a name does not reach into the number of its home");

/// An invocation of a scheduler that may run on several cores.
pub struct Everywhere<M: 'static> {
    parts: &'static Parts<M>,
    caller: Caller,
}

impl<M: Machine> Everywhere<M> {
    /// What `caller` asks the scheduler of these parts for.
    #[inline(always)]
    pub const fn new(parts: &'static Parts<M>, caller: Caller) -> Self {
        Self { parts, caller }
    }

    /// On the core on which the caller executes.
    #[inline(always)]
    fn here(&self) -> Call<'static, M> {
        self.on(self.caller.core)
    }

    /// On this core. Nobody comes here on a core that no scheduler can have.
    #[inline(always)]
    fn on(&self, core: u32) -> Call<'static, M> {
        self.parts[core as usize % CORES].serve(Caller { core, ..self.caller })
    }

    /// As [`Sched::trigger_and_wait`], of blockpoints that do not both have their home here.
    #[cold]
    #[inline(never)]
    fn one_after_the_other(&self, there: u64, begins: u64, here: u64, seen: u64) -> Result<()> {
        self.trigger(there, begins)?;
        self.wait_on(here, seen, NOBODY, NEVER).map(|_| ())
    }

    /// Triggers a blockpoint here, or has its home do so.
    #[inline(always)]
    fn trigger_at(&self, point: u64, epoch: u64, wakes: Wakes) -> Result<()> {
        let (home, point) = split(point);
        match wakes {
            _ if home != u64::from(self.caller.core) => self.here().trigger_elsewhere(home, point, epoch, wakes),
            Wakes::All => self.here().trigger(point, epoch),
            Wakes::One => self.here().trigger_one(point, epoch),
        }
    }

    #[cold]
    #[inline(never)]
    fn wait_away(&self, home: u64, [point, epoch, holder, time]: [u64; 4]) -> Result<bool> {
        self.away(home, |call| call.wait_on(point, epoch, holder, time))
    }

    /// Does something on another core, and comes back; if there is no room any more where it was, it goes on there, with what it came for.
    #[cold]
    #[inline(never)]
    fn away<R>(&self, home: u64, visit: impl FnOnce(Call<'static, M>) -> Result<R>) -> Result<R> {
        let core = u32::try_from(home).ok().filter(|core| *core < CORES as u32).ok_or(SchedError::NoSuchPoint)?;
        self.here().migrate(home)?;
        let result = visit(self.on(core));
        let _ = self.on(core).migrate(self.caller.core.into());
        result
    }
}

/// The home of a blockpoint, and its name there.
#[inline(always)]
const fn split(point: u64) -> (u64, u64) {
    (point >> HOME_SHIFT, point & ((1 << HOME_SHIFT) - 1))
}

impl<M: Machine> Sched for Everywhere<M> {
    #[inline(always)]
    fn yield_now(&self) -> Result<()> {
        self.here().yield_now()
    }

    #[inline(always)]
    fn block(&self) -> Result<()> {
        self.here().block()
    }

    fn block_until(&self, time: u64) -> Result<bool> {
        self.here().block_until(time)
    }

    #[inline(always)]
    fn sleep_until(&self, time: u64) -> Result<()> {
        self.here().sleep_until(time)
    }

    #[inline(always)]
    fn wake(&self, thread: u64) -> Result<()> {
        self.here().wake(thread)
    }

    #[inline(always)]
    fn wake_and_block(&self, thread: u64) -> Result<()> {
        self.here().wake_and_block(thread)
    }

    fn create(&self, word: u64) -> Result<u64> {
        self.here().create(word)
    }

    fn background(&self) -> Result<()> {
        self.here().background()
    }

    fn frequency(&self) -> Result<u64> {
        self.here().frequency()
    }

    fn create_point(&self) -> Result<u64> {
        self.here().create_point().map(|point| point | u64::from(self.caller.core) << HOME_SHIFT)
    }

    fn free_point(&self, point: u64) -> Result<()> {
        let (home, point) = split(point);
        if home == u64::from(self.caller.core) {
            self.here().free_point(point)
        } else {
            self.here().free_elsewhere(home, point)
        }
    }

    #[inline(always)]
    fn wait_on(&self, point: u64, epoch: u64, holder: u64, time: u64) -> Result<bool> {
        let (home, point) = split(point);
        if home == u64::from(self.caller.core) {
            return self.here().wait_on(point, epoch, holder, time);
        }
        self.wait_away(home, [point, epoch, holder, time])
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
        let core = u64::from(self.caller.core);
        match (split(there), split(here)) {
            ((home, there), (other, here)) if home == core && other == core => {
                self.here().trigger_and_wait(there, begins, here, seen)
            }
            _ => self.one_after_the_other(there, begins, here, seen),
        }
    }

    fn end_wait_at(&self, time: u64) -> Result<()> {
        self.here().end_wait_at(time)
    }

    #[inline(always)]
    fn exchange(&self, server: u64, word: u64) -> Result<u64> {
        self.here().exchange(server, word)
    }

    fn accept(&self) -> Result<(u64, u64)> {
        self.here().accept()
    }

    fn answer(&self, client: u64, word: u64) -> Result<()> {
        self.here().answer(client, word)
    }

    #[inline(always)]
    fn answer_and_accept(&self, client: u64, word: u64) -> Result<(u64, u64)> {
        self.here().answer_and_accept(client, word)
    }

    fn migrate(&self, core: u64) -> Result<()> {
        self.here().migrate(core)
    }
}
