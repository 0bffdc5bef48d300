//! Which policy the graph has chosen, and what that is told of threads.

use crate::Machine;
use crate::state::Threads;
use abi::plan;
use sched_interface::{Result, SchedError};
use sched_sl::policy::any::NAMES;
use sched_sl::{Duration, Parameters};

/// Microseconds in a second.
const MICROSECONDS: u64 = 1_000_000;

/// Lengths of time in the plan, as the scheduler has them.
#[derive(Clone, Copy)]
pub struct Clock {
    /// Ticks in a second.
    frequency: u64,
}

impl Clock {
    /// The machine's.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn of(machine: &impl Machine) -> Result<Self> {
        Ok(Self { frequency: machine.frequency()? })
    }

    /// So many microseconds; at least a tick, if it is any.
    pub fn ticks(self, microseconds: u64) -> u64 {
        if microseconds == 0 {
            return 0;
        }
        let ticks = u128::from(microseconds) * u128::from(self.frequency) / u128::from(MICROSECONDS);
        (ticks as u64).max(1)
    }

    fn duration(self, microseconds: u64) -> Duration {
        Duration(self.ticks(microseconds))
    }

    /// A thread's parameters.
    pub fn parameters(self, of: plan::Parameters) -> Parameters {
        Parameters {
            priority: of.priority as u8,
            weight: of.weight as u32,
            partition: partition(of.partition),
            budget: self.duration(of.budget),
            period: self.duration(of.period),
            deadline: self.duration(of.deadline),
        }
    }
}

/// The number of a partition: plans count from 1, and 0 is none.
fn partition(number: u64) -> Option<u8> {
    u8::try_from(number).ok()?.checked_sub(1)
}

/// Has threads scheduled by the policy that the plan names, with turns of so many ticks.
///
/// # Errors
///
/// [`SchedError::BadPlan`]; the kernel's.
pub fn choose(threads: &mut Threads, machine: &impl Machine, quantum: u64) -> Result<()> {
    let name =
        usize::try_from(machine.policy()).ok().and_then(|number| NAMES.get(number)).ok_or(SchedError::BadPlan)?;
    let policy = threads.policy_mut();
    policy.change_to(name, Duration(quantum)).map_err(|_| SchedError::BadPlan)?;
    let clock = Clock::of(machine)?;
    for slot in (0..).map_while(|number| machine.slot(number)) {
        policy.add_slot(partition(slot.partition), clock.duration(slot.length)).map_err(|_| SchedError::BadPlan)?;
    }
    Ok(())
}
