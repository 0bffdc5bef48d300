//! What the scheduler's own thread does.

use crate::context::{Context, Own};
use crate::{DEADLOCK, Machine, Scheduler, TOO_LARGE};
use runtime::Result;
use sched_sl::receive_all;

/// Turns in a second, unless the graph says how many ticks a turn has.
const TURNS_PER_SECOND: u64 = 1_000;

impl<M: Machine> Scheduler<M> {
    /// Reads the plan. A turn of a thread that has equals lasts `quantum` ticks, or a millisecond if that is 0; at
    /// least [`Machine::SHORTEST_TURN`].
    ///
    /// # Errors
    ///
    /// [`TOO_LARGE`]; the kernel's.
    pub fn initialise(&self, quantum: u64) -> Result<()> {
        let machine = &self.machine;
        let quantum = if quantum == 0 { machine.frequency()? / TURNS_PER_SECOND } else { quantum };
        let quantum = quantum.max(M::SHORTEST_TURN);
        for client in 0..machine.clients() {
            let index = machine.client(client).ok_or(TOO_LARGE)?.client.thread_index;
            self.enlist(index, machine.thread(client).ok_or(TOO_LARGE)?)?;
        }
        let own = Own::default();
        self.own_context(&own)?.inside(|state| state.read(machine, quantum))
    }

    /// Runs the clients' threads until all have ended. Returns the first of their statuses that is not 0, or 0.
    ///
    /// # Errors
    ///
    /// [`DEADLOCK`]: all that are left wait for each other; [`NO_DECISION`](sched_interface::NO_DECISION).
    pub fn run(&self) -> Result<u16> {
        let own = Own::default();
        let context = self.own_context(&own)?;
        self.start();
        loop {
            receive_all(&context, &context);
            if let Some(status) = context.inside(|state| state.outcome()) {
                return Ok(status);
            }
            if own.is_stuck.get() {
                return Err(DEADLOCK);
            }
            context.reschedule()?;
        }
    }

    fn own_context<'s>(&'s self, own: &'s Own) -> Result<Context<'s, M>> {
        Ok(Context::of_own(self, self.machine.own_thread().ok_or(TOO_LARGE)?, own))
    }
}
