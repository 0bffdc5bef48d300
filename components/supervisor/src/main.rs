//! The image of the supervisor.
#![no_std]
#![no_main]

use capabilities_interface::{Capabilities, CapabilitiesClient, Result};
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use supervisor::{Action, Means, Report, Supervisor};
use timer_interface::{Timer, TimerClient};

runtime::import!(CAPABILITIES: CapabilitiesClient);
runtime::import!(TIMER: TimerClient);
runtime::import!(CONSOLE: ConsoleClient);

static SUPERVISOR: Supervisor<Reached> = Supervisor::new(Reached);

runtime::export!(fault_interface::FaultServer => |caller| SUPERVISOR.serve(caller.token));

runtime::component! {}

/// The managers.
struct Reached;

impl Means for Reached {
    fn end(&self, component: u64) -> Result<()> {
        CAPABILITIES.destroy(component)
    }

    fn recreate(&self, component: u64) -> Result<()> {
        CAPABILITIES.recreate(component)
    }

    fn wait(&self, microseconds: u64) {
        // Without a timer that can wait on this thread, there is no back-off.
        let Ok(now) = TIMER.now() else { return };
        let _ = TIMER.sleep_until(now.saturating_add(microseconds.saturating_mul(1000)));
    }

    fn report(&self, Report { component, cause, action }: Report) {
        let mut out = Writer::new(&CONSOLE);
        let _ = match action {
            Action::Unwound => writeln!(out, "supervisor: component {component}: {cause}: the call failed"),
            Action::Ended => writeln!(out, "supervisor: component {component}: {cause}: ended"),
            Action::Recreated(number) => {
                writeln!(out, "supervisor: component {component}: {cause}: made anew, {number}")
            }
            Action::GivenUp(number) => {
                writeln!(out, "supervisor: component {component}: {cause}: given up after {number} times")
            }
            Action::Failed(error) => {
                writeln!(out, "supervisor: component {component}: {cause}: what was to be done failed: {error}")
            }
        };
    }
}
