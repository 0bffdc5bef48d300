//! What happens when a component faults: its handler decides, or the level unwinds. Everybody else goes on.

use crate::capability::Capability;
use crate::capability_table::CapabilityTable;
use crate::component::{self, Reference};
use crate::core_state::CoreState;
use crate::dispatch;
use crate::invocation;
use crate::outcome::Outcome;
use crate::store::{Store, get, set};
use crate::thread::{self, entry};
use abi::crossing::{FAULT_HANDLER, PERSONALITY};
use abi::error::Error;
use abi::fault::{Answer, METHOD, SYSTEM_CALL};
use abi::layout::is_user;
use abi::operation::ThreadEnd;

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

/// Faults of a component that are reported one by one.
const REPORTED: u64 = 8;

/// Whether the fault with this number of a component is reported, and if it is, how many have not been since the last
/// that was.
///
/// After the first few it is the 16th, the 32nd, and so on: to report takes time in which nobody else has the core.
pub const fn unreported_before(number: u64) -> Option<u64> {
    match number {
        0..=REPORTED => Some(0),
        number if number.is_power_of_two() => Some(number / 2 - 1),
        _ => None,
    }
}

/// What the processor says of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Vector of the exception, or [`SYSTEM_CALL`].
    pub vector: u8,
    /// Its error code, or 0.
    pub error: u64,
    /// Address that a page fault was about; number of the system call; else 0.
    pub address: u64,
    /// Address of the instruction; behind that of a system call.
    pub instruction: u64,
}

impl Cause {
    /// The slot of who handles it.
    const fn slot(&self) -> u32 {
        if self.vector == SYSTEM_CALL { PERSONALITY } else { FAULT_HANDLER }
    }
}

/// Invokes the fault handler of the current component, if it has one that can be entered.
///
/// The caller has kept address and stack pointer in the level's entry; if there is a handler,
/// it keeps the other registers in [`saved::FAULTED`](crate::thread::saved::FAULTED).
pub fn handle(store: &impl Store, core: &mut CoreState, cause: Cause) -> Option<Outcome> {
    let component = core.component(store);
    let table = CapabilityTable::of(store, component).ok()?;
    let Capability::Invocation(handler) = table.lookup(store, cause.slot().into()).ok()? else { return None };
    if !thread::mark_faulted(store, core) {
        return None;
    }
    let words = [u64::from(cause.vector) | cause.error << 8, cause.address, cause.instruction, 0];
    let entered = invocation::invoke(store, core, handler, METHOD, words);
    if entered.is_err() {
        thread::unmark_faulted(store, core);
    }
    entered.ok()
}

/// Does what the handler of the current level's fault answered.
pub fn follow(store: &impl Store, core: &mut CoreState, status: u16, [answer, address]: [u64; 2]) -> Outcome {
    match Answer::from_word(answer).filter(|_| status == 0) {
        // Where nothing can ever be mapped nothing can be tried again, and the way there need not be open.
        Some(Answer::Retry) if is_user(resume_address(store, core)) => Outcome::RestoreFaulted,
        Some(Answer::Resume) if is_user(address) => {
            let (words, at) = (store.words(core.thread()), entry::index(core.top));
            set(words, at + entry::ADDRESS, address);
            Outcome::RestoreFaulted
        }
        Some(Answer::Exit) => dispatch::end(store, core, ThreadEnd::Exited, address as u16),
        Some(Answer::EndThread) => dispatch::end(store, core, ThreadEnd::Faulted, Error::Faulted.status()),
        _ => contain(store, core),
    }
}

fn resume_address(store: &impl Store, core: &CoreState) -> u64 {
    get(store.words(core.thread()), entry::index(core.top) + entry::ADDRESS)
}

/// Ends the faulting level: its caller gets [`Error::Faulted`], or the thread ends.
pub fn contain(store: &impl Store, core: &mut CoreState) -> Outcome {
    invocation::unwind(store, core, Error::Faulted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::Invocation;
    use crate::testing::System;

    #[test]
    fn the_caller_gets_an_error() {
        let mut system = System::new();
        let server = system.component(4);
        let before = system.place();
        let capability = Invocation { server, entry: 0x50_0000, token: 0, methods: 1 };
        invocation::invoke(&system.memory, &mut system.core, capability, 0, [0; 4]).unwrap();
        assert_eq!(culprit(&system.memory, &system.core).component, server);
        assert_eq!(contain(&system.memory, &mut system.core), Error::Faulted.into());
        assert_eq!(system.place(), before);
    }

    #[test]
    fn faults_in_a_loop_are_counted_and_few_are_reported() {
        let system = System::new();
        let faulty = system.component(4);
        let numbers: std::vec::Vec<u64> = (0..1000).map(|_| component::count_fault(&system.memory, faulty)).collect();
        assert!(numbers.iter().copied().eq(1..=1000));
        let reported = numbers.iter().filter_map(|number| Some((*number, unreported_before(*number)?)));
        let reported: std::vec::Vec<_> = reported.skip(7).collect();
        assert_eq!(reported, [(8, 0), (16, 7), (32, 15), (64, 31), (128, 63), (256, 127), (512, 255)]);
        let told: u64 = reported.iter().map(|(_, left_out)| left_out + 1).sum();
        assert_eq!(told + 7, 512, "each is reported or said to have been left out");
        component::revoke(&system.memory, faulty).unwrap();
        assert_eq!(component::count_fault(&system.memory, faulty), 1);
    }

    #[test]
    fn without_a_caller_the_thread_ends_and_its_dispatcher_is_told() {
        let mut system = System::new();
        let (faulty, _) = system.thread(5, 0x41_0000);
        dispatch::wait_for(&system.memory, &mut system.core, faulty, 0).unwrap();
        let outcome = contain(&system.memory, &mut system.core);
        let status = u64::from(Error::Faulted.status());
        assert_eq!(system.told(outcome), (0, [ThreadEnd::Faulted as u64, status]));
    }

    #[test]
    fn a_fault_of_the_first_thread_leaves_nothing_to_run() {
        let mut system = System::new();
        assert_eq!(contain(&system.memory, &mut system.core), Outcome::NothingToRun);
    }

    const CAUSE: Cause = Cause { vector: 14, error: 6, address: 0x10, instruction: 0x40_1234 };

    /// A thread in a component that has a fault handler, dispatched by the first thread.
    fn handled() -> (System, Reference, Reference) {
        let mut system = System::new();
        let (thread, faulty) = system.thread(5, 0x41_0000);
        let handler = system.component(6);
        system.grow(faulty);
        let invocation = Invocation { server: handler, entry: 0x50_0000, token: 77, methods: 1 };
        let table = CapabilityTable::of(&system.memory, faulty).unwrap();
        table.add(&system.memory, FAULT_HANDLER.into(), Capability::Invocation(invocation)).unwrap();
        dispatch::wait_for(&system.memory, &mut system.core, thread, 0).unwrap();
        (system, faulty, handler)
    }

    fn fault(system: &mut System) -> Option<Outcome> {
        handle(&system.memory, &mut system.core, CAUSE)
    }

    fn answer(system: &mut System, status: u16, words: [u64; 2]) -> Outcome {
        invocation::return_with(&system.memory, &mut system.core, status, words)
    }

    fn assert_ended(system: &System, outcome: Outcome) {
        let told = (0, [ThreadEnd::Faulted as u64, Error::Faulted.status().into()]);
        assert_eq!(system.told(outcome), told);
    }

    fn contain_it(system: &mut System) {
        let outcome = contain(&system.memory, &mut system.core);
        assert_ended(system, outcome);
    }

    #[test]
    fn the_handler_is_told_what_happened() {
        let (mut system, faulty, handler) = handled();
        let before = system.place();
        let outcome = fault(&mut system).unwrap();
        let registers = system.resumed(outcome);
        assert_eq!((registers.rax, registers.rdi), (0, 14 | 6 << 8));
        assert_eq!((registers.rsi, registers.rdx, registers.r8), (0x10, 0x40_1234, 77));
        assert_eq!(system.core.component(&system.memory), handler);
        assert_eq!(invocation::levels(&system.memory, &system.core).collect::<std::vec::Vec<_>>(), [handler, faulty]);
        assert_eq!(answer(&mut system, 0, [Answer::Retry as u64, 0]), Outcome::RestoreFaulted);
        assert_eq!((system.place(), system.core.component(&system.memory)), (before, faulty));
        assert!(fault(&mut system).is_some(), "the next fault is handled too");
    }

    #[test]
    fn what_jumped_to_nowhere_is_not_tried_again() {
        for nowhere in [0, 1 << 47, u64::MAX] {
            let (mut system, ..) = handled();
            let (words, at) = (system.memory.words(system.core.thread()), entry::index(system.core.top));
            set(words, at + entry::ADDRESS, nowhere);
            fault(&mut system).unwrap();
            let outcome = answer(&mut system, 0, [Answer::Retry as u64, 0]);
            assert_ended(&system, outcome);
        }
    }

    #[test]
    fn the_handler_decides_where_the_level_goes_on() {
        let (mut system, ..) = handled();
        fault(&mut system).unwrap();
        assert_eq!(answer(&mut system, 0, [Answer::Resume as u64, 0x40_2000]), Outcome::RestoreFaulted);
        assert_eq!(system.resume_point().0, 0x40_2000);
    }

    #[test]
    fn every_other_answer_ends_the_level() {
        let answers = [
            (0, [Answer::Unwind as u64, 0]),
            (0, [Answer::EndThread as u64, 0]),
            (0, [Answer::Resume as u64, 1 << 47]),
            (0, [5, 0]),
            (1, [Answer::Retry as u64, 0]),
        ];
        for (status, words) in answers {
            let (mut system, ..) = handled();
            fault(&mut system).unwrap();
            let outcome = answer(&mut system, status, words);
            assert_ended(&system, outcome);
        }
    }

    #[test]
    fn a_thread_can_be_ended_with_a_status_of_its_own() {
        let (mut system, ..) = handled();
        let thread = system.core.thread();
        fault(&mut system).unwrap();
        let outcome = answer(&mut system, 0, [Answer::Exit as u64, 0x5_0007]);
        assert_eq!(system.told(outcome), (0, [ThreadEnd::Exited as u64, 7]));
        let again = dispatch::wait_for(&system.memory, &mut system.core, thread, 0);
        assert_eq!(again, Err(Error::NotDispatchable), "for good");
    }

    #[test]
    fn a_handler_that_faults_takes_the_level_along() {
        let (mut system, ..) = handled();
        fault(&mut system).unwrap();
        assert_eq!(fault(&mut system), None, "it has no handler of its own");
        contain_it(&mut system);
    }

    #[test]
    fn a_handler_that_is_its_own_is_asked_once() {
        let (mut system, _, handler) = handled();
        system.grow(handler);
        let own = Invocation { server: handler, entry: 0x50_0000, token: 0, methods: 1 };
        let table = CapabilityTable::of(&system.memory, handler).unwrap();
        table.add(&system.memory, FAULT_HANDLER.into(), Capability::Invocation(own)).unwrap();
        fault(&mut system).unwrap();
        assert_eq!(fault(&mut system), None);
        contain_it(&mut system);
    }

    #[test]
    fn a_dead_handler_is_none() {
        let (mut system, _, handler) = handled();
        component::revoke(&system.memory, handler).unwrap();
        assert_eq!(fault(&mut system), None);
        contain_it(&mut system);
    }

    #[test]
    fn a_handler_that_is_revoked_while_it_handles_takes_the_level_along() {
        let (mut system, _, handler) = handled();
        fault(&mut system).unwrap();
        component::revoke(&system.memory, handler).unwrap();
        let outcome = invocation::settle(&system.memory, &mut system.core, Outcome::DONE);
        let status = u64::from(Error::Revoked.status());
        assert_eq!(system.told(outcome), (0, [ThreadEnd::Faulted as u64, status]));
    }

    #[test]
    fn whom_the_handler_calls_may_fault_as_deep_as_it_can_and_everybody_goes_on() {
        let (mut system, _, handler) = handled();
        let faulting = system.place();
        fault(&mut system).unwrap();
        let handling = system.place();
        let again = Invocation { server: handler, entry: 0x50_0000, token: 0, methods: 1 };
        let mut depth = 0;
        while invocation::invoke(&system.memory, &mut system.core, again, 0, [0; 4]).is_ok() {
            depth += 1;
        }
        assert!(depth > 70, "{depth} levels");
        for _ in 0..depth {
            assert_eq!(fault(&mut system), None);
            assert_eq!(contain(&system.memory, &mut system.core), Error::Faulted.into(), "one level each");
        }
        assert_eq!(system.place(), handling);
        assert_eq!(answer(&mut system, 0, [Answer::Retry as u64, 0]), Outcome::RestoreFaulted);
        assert_eq!(system.place(), faulting);
    }

    #[test]
    fn a_level_with_no_room_above_it_unwinds() {
        let (mut system, faulty, _) = handled();
        let again = Invocation { server: faulty, entry: 0x50_0000, token: 0, methods: 1 };
        while invocation::invoke(&system.memory, &mut system.core, again, 0, [0; 4]).is_ok() {}
        assert_eq!(fault(&mut system), None, "its handler cannot be entered");
        assert_eq!(contain(&system.memory, &mut system.core), Error::Faulted.into());
        assert!(fault(&mut system).is_some(), "the level below has room, and nothing is left of the attempt");
    }

    #[test]
    fn a_component_that_dies_while_its_fault_is_handled_does_not_go_on() {
        let (mut system, faulty, _) = handled();
        fault(&mut system).unwrap();
        component::revoke(&system.memory, faulty).unwrap();
        let status = u64::from(Error::Revoked.status());
        let outcome = answer(&mut system, 0, [Answer::Retry as u64, 0]);
        assert_eq!(system.told(outcome), (0, [ThreadEnd::Faulted as u64, status]));
    }

    #[test]
    fn without_a_handler_nobody_is_asked() {
        let mut system = System::new();
        assert_eq!(fault(&mut system), None, "slot 1 of the first component is no invocation");
    }
}
