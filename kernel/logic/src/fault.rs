//! What happens when a component faults: the level unwinds, everybody else goes on.

use crate::component::{self, Reference};
use crate::core_state::CoreState;
use crate::invocation;
use crate::outcome::Outcome;
use crate::store::Store;
use crate::thread;
use abi::error::Error;

/// Who faulted, for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// The component that executed.
    pub component: Reference,
    /// Its name, padded with zeros.
    pub name: [u8; 32],
    /// Index of the thread.
    pub thread: u32,
    /// The component in which the thread started.
    pub started_in: [u8; 32],
}

/// Who executes on this core right now.
pub fn culprit(store: &impl Store, core: &CoreState) -> Culprit {
    let component = core.component(store);
    let started_in = invocation::levels(store, core).last().unwrap_or(component);
    Culprit {
        component,
        name: component::name(store, component),
        thread: thread::index(store, core.thread()),
        started_in: component::name(store, started_in),
    }
}

/// Ends the faulting level: its caller gets [`Error::Faulted`], or the thread ends.
pub fn contain(store: &impl Store, core: &mut CoreState) -> Outcome {
    invocation::unwind(store, core, Error::Faulted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::Invocation;
    use crate::dispatch;
    use crate::outcome::End;
    use crate::testing::System;
    use abi::operation::ThreadEnd;

    #[test]
    fn the_caller_gets_an_error() {
        let mut system = System::new();
        let server = system.component(4);
        let before = system.core;
        let capability = Invocation { server, entry: 0x50_0000, token: 0, methods: 1 };
        invocation::invoke(&system.memory, &mut system.core, capability, 0, [0; 4]).unwrap();
        assert_eq!(culprit(&system.memory, &system.core).component, server);
        assert_eq!(contain(&system.memory, &mut system.core), Error::Faulted.into());
        assert_eq!(system.core, before);
    }

    #[test]
    fn without_a_caller_the_thread_ends_and_its_dispatcher_is_told() {
        let mut system = System::new();
        let (faulty, _) = system.thread(5, 0x41_0000);
        dispatch::wait_for(&system.memory, &mut system.core, faulty, 0).unwrap();
        let outcome = contain(&system.memory, &mut system.core);
        let status = u64::from(Error::Faulted.status());
        assert_eq!(outcome, Outcome::answer([ThreadEnd::Faulted as u64, status]));
    }

    #[test]
    fn a_fault_of_the_first_thread_leaves_nothing_to_run() {
        let mut system = System::new();
        assert_eq!(contain(&system.memory, &mut system.core), Outcome::End(End::NothingToRun));
    }
}
