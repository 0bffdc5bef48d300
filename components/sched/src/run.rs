//! What the scheduler's own thread does.

use crate::context::{Context, Own};
use crate::directory::Entry;
use crate::{Machine, Scheduler};
use sched_interface::{Result, SchedError};
use sched_sl::{Instant, receive_all};

/// Turns in a second, unless the graph says how many ticks a turn has.
const TURNS_PER_SECOND: u64 = 1_000;

impl<M: Machine> Scheduler<M> {
    /// Reads the plan. A turn of a thread that has equals lasts `quantum` ticks, or a millisecond if that is 0; at
    /// least [`Machine::SHORTEST_TURN`].
    ///
    /// # Errors
    ///
    /// [`SchedError::TooLarge`]; the kernel's.
    pub fn initialise(&self, quantum: u64) -> Result<()> {
        let machine = &self.machine;
        let quantum = if quantum == 0 { machine.frequency()? / TURNS_PER_SECOND } else { quantum };
        let quantum = quantum.max(M::SHORTEST_TURN);
        let own = Own::default();
        self.own_context(&own)?.inside(|state| state.read(&self.part(), quantum))
    }

    /// Runs the clients' threads until all have ended. Returns the first of their statuses that is not 0, or 0.
    ///
    /// # Errors
    ///
    /// [`SchedError::Deadlock`]: all that are left wait for each other; [`NoDecision`](sched_interface::SchedError::NoDecision).
    pub fn run(&self) -> Result<u16> {
        let own = Own::default();
        let context = self.own_context(&own)?;
        let origin = Instant(self.shared.origin(self.machine.now()));
        context.inside(|state| state.threads.policy_mut().count_from(origin));
        self.start();
        loop {
            receive_all(&context, &context);
            context.inside(|state| {
                if state.is_anyone_leaving() {
                    state.send_off(&self.part());
                }
            });
            if let Some(status) = self.shared.outcome() {
                self.call_others();
                return Ok(status);
            }
            if own.is_stuck.get() {
                self.call_others();
                return Err(SchedError::Deadlock);
            }
            if self.shared.is_stuck() {
                // Whoever found that says so.
                return Ok(0);
            }
            context.reschedule()?;
        }
    }

    /// The parts on other cores are to see that it is over.
    fn call_others(&self) {
        let others = (0..)
            .zip(0..u64::BITS)
            .filter(|(core, bit)| self.machine.cores() >> bit & 1 != 0 && *core != self.machine.core());
        // Those that have ended already need not.
        others.for_each(|(core, _)| _ = self.machine.call(core));
    }

    fn own_context<'s>(&'s self, own: &'s Own) -> Result<Context<'s, M>> {
        let me = Entry::new(self.machine.own_thread().ok_or(SchedError::TooLarge)?)?;
        Ok(Context::of_own(self, me, own))
    }
}
