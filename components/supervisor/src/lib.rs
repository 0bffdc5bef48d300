//! The supervisor: what the graph says about a component's faults is done.
//!
//! It handles faults (interface `fault`); the token of each invocation carries the policy of the component that faulted, so
//! that it keeps no configuration: only how often each has been made anew.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

use abi::fault::{Policy, Token};
use capabilities_interface::{CapabilitiesError, Result};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use fault_interface::{Answer, Cause, Fault};

/// Components whose faults are counted: those with a token below this.
pub const MOST: usize = abi::layout::THREADS as usize;

/// How often a manager that is busy is asked, and the microseconds in between.
const PATIENCE: usize = 1000;
const PAUSE: u64 = 100;

/// What the supervisor stands on.
pub trait Means {
    /// Ends the component with this token.
    ///
    /// # Errors
    ///
    /// The capability manager's.
    fn end(&self, component: u64) -> Result<()>;

    /// Makes it anew.
    ///
    /// # Errors
    ///
    /// The capability manager's.
    fn recreate(&self, component: u64) -> Result<()>;

    /// Lets the calling thread wait for so many microseconds.
    fn wait(&self, microseconds: u64);

    /// Says what was done.
    fn report(&self, report: Report);
}

/// What was done about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The token of the component.
    pub component: u64,
    /// What it did.
    pub cause: Cause,
    /// What was done.
    pub action: Action,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The call that faulted failed.
    Unwound,
    /// The component has ended.
    Ended,
    /// It was made anew, for the time with this number.
    Recreated(u32),
    /// It faulted too often, and has ended for good.
    GivenUp(u32),
    /// What was to be done failed.
    Failed(CapabilitiesError),
}

/// The supervisor.
pub struct Supervisor<M> {
    means: M,
    recreated: [AtomicU32; MOST],
}

impl<M: Means> Supervisor<M> {
    /// A supervisor that has seen no fault.
    pub const fn new(means: M) -> Self {
        Self { means, recreated: [const { AtomicU32::new(0) }; MOST] }
    }

    /// The interface, for the component and its policy that `token` says.
    pub const fn serve(&self, token: u64) -> Served<'_, M> {
        Served { supervisor: self, token }
    }

    fn act(&self, token: Token) -> Result<Action> {
        let component = token.component.into();
        match token.policy {
            Policy::Handler | Policy::Unwind => Ok(Action::Unwound),
            Policy::End => self.end(component).map(|()| Action::Ended),
            Policy::Recreate => self.recreate(token, component),
        }
    }

    fn recreate(&self, token: Token, component: u64) -> Result<Action> {
        let Some(count) = self.recreated.get(usize::from(token.component)) else { return Ok(Action::Unwound) };
        let before = count.fetch_add(1, Relaxed);
        if token.limit != 0 && before >= token.limit.into() {
            return self.end(component).map(|()| Action::GivenUp(before));
        }
        match back_off(token.back_off, before) {
            0 => {}
            microseconds => self.means.wait(microseconds),
        }
        self.insist(|| self.means.recreate(component)).map(|()| Action::Recreated(before + 1))
    }

    fn end(&self, component: u64) -> Result<()> {
        self.insist(|| self.means.end(component))
    }

    /// Asks again while the manager serves somebody else: a component is not given up for that.
    fn insist(&self, ask: impl Fn() -> Result<()>) -> Result<()> {
        for _ in 0..PATIENCE {
            match ask() {
                Err(CapabilitiesError::Busy) => self.means.wait(PAUSE),
                done => return done,
            }
        }
        Err(CapabilitiesError::Busy)
    }
}

/// Twice as long after each further fault, up to where that is for ever.
fn back_off(first: u32, faults: u32) -> u64 {
    const DOUBLINGS: u32 = 20;
    u64::from(first) << faults.min(DOUBLINGS)
}

/// The interface, for one component.
pub struct Served<'s, M> {
    supervisor: &'s Supervisor<M>,
    token: u64,
}

impl<M: Means> Fault for Served<'_, M> {
    fn handle(&self, cause: Cause, _address: u64, _instruction: u64) -> runtime::Result<Answer> {
        let token = Token::from_word(self.token).unwrap_or_default();
        let action = self.supervisor.act(token).unwrap_or_else(Action::Failed);
        self.supervisor.means.report(Report { component: token.component.into(), cause, action });
        // Whatever lives or not now: the call that faulted does not go on.
        Ok(Answer::Unwind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use capabilities_interface::CapabilitiesError;
    use std::cell::{Cell, RefCell};
    use std::vec::Vec;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Did {
        End(u64),
        Recreate(u64),
        Wait(u64),
        Report(Action),
    }

    #[derive(Default)]
    struct Fake {
        did: RefCell<Vec<Did>>,
        refuses: Cell<Option<CapabilitiesError>>,
        /// How often it is busy first.
        busy: Cell<usize>,
    }

    impl Fake {
        fn note(&self, did: Did) -> Result<()> {
            self.did.borrow_mut().push(did);
            self.refuses.get().map_or(Ok(()), Err)
        }

        fn ask(&self, did: Did) -> Result<()> {
            let times = self.busy.get();
            self.busy.set(times.saturating_sub(1));
            self.note(did).and(if times > 0 { Err(CapabilitiesError::Busy) } else { Ok(()) })
        }
    }

    impl Means for Fake {
        fn end(&self, component: u64) -> Result<()> {
            self.ask(Did::End(component))
        }

        fn recreate(&self, component: u64) -> Result<()> {
            self.ask(Did::Recreate(component))
        }

        fn wait(&self, microseconds: u64) {
            let _ = self.note(Did::Wait(microseconds));
        }

        fn report(&self, report: Report) {
            let _ = self.note(Did::Report(report.action));
        }
    }

    fn fault(supervisor: &Supervisor<Fake>, token: Token) -> Vec<Did> {
        let answer = supervisor.serve(token.to_word()).handle(Cause { vector: 14, error: 6 }, 0, 0);
        assert_eq!(answer, Ok(Answer::Unwind));
        supervisor.means.did.take()
    }

    const WITHOUT: Token = Token { component: 5, policy: Policy::Handler, limit: 0, back_off: 0 };

    #[test]
    fn without_a_policy_or_with_that_one_the_call_unwinds() {
        let supervisor = Supervisor::new(Fake::default());
        for policy in [Policy::Handler, Policy::Unwind] {
            assert_eq!(fault(&supervisor, Token { policy, ..WITHOUT }), [Did::Report(Action::Unwound)]);
        }
    }

    #[test]
    fn an_end_is_for_good() {
        let supervisor = Supervisor::new(Fake::default());
        let token = Token { policy: Policy::End, ..WITHOUT };
        assert_eq!(fault(&supervisor, token), [Did::End(5), Did::Report(Action::Ended)]);
    }

    #[test]
    fn a_component_is_made_anew_later_each_time_until_it_is_given_up() {
        let supervisor = Supervisor::new(Fake::default());
        let token = Token { policy: Policy::Recreate, limit: 3, back_off: 100, ..WITHOUT };
        for (number, wait) in [(1, 100), (2, 200), (3, 400)] {
            let did = [Did::Wait(wait), Did::Recreate(5), Did::Report(Action::Recreated(number))];
            assert_eq!(fault(&supervisor, token), did);
        }
        assert_eq!(fault(&supervisor, token), [Did::End(5), Did::Report(Action::GivenUp(3))]);
        let other = Token { component: 6, ..token };
        assert_eq!(fault(&supervisor, other).first(), Some(&Did::Wait(100)), "another has its own count");
    }

    #[test]
    fn without_a_limit_it_is_never_given_up_and_the_wait_stays_finite() {
        let supervisor = Supervisor::new(Fake::default());
        let token = Token { policy: Policy::Recreate, back_off: 1, ..WITHOUT };
        let last = (0..100).map(|_| fault(&supervisor, token)).last();
        let longest = Did::Wait(1 << 20);
        assert_eq!(last, Some(std::vec![longest, Did::Recreate(5), Did::Report(Action::Recreated(100))]));
    }

    #[test]
    fn what_fails_is_said() {
        let refuses = Cell::new(Some(CapabilitiesError::NotManaged));
        let supervisor = Supervisor::new(Fake { refuses, ..Fake::default() });
        let token = Token { policy: Policy::Recreate, ..WITHOUT };
        assert_eq!(
            fault(&supervisor, token),
            [Did::Recreate(5), Did::Report(Action::Failed(CapabilitiesError::NotManaged))]
        );
    }

    #[test]
    fn a_manager_that_is_busy_is_asked_again_and_not_for_ever() {
        let supervisor = Supervisor::new(Fake { busy: Cell::new(2), ..Fake::default() });
        let token = Token { policy: Policy::Recreate, ..WITHOUT };
        let (asked, wait) = (Did::Recreate(5), Did::Wait(PAUSE));
        assert_eq!(fault(&supervisor, token), [asked, wait, asked, wait, asked, Did::Report(Action::Recreated(1))]);
        supervisor.means.busy.set(usize::MAX);
        let did = fault(&supervisor, Token { policy: Policy::End, ..WITHOUT });
        assert_eq!(
            (did.len(), did.last()),
            (2 * PATIENCE + 1, Some(&Did::Report(Action::Failed(CapabilitiesError::Busy))))
        );
    }

    #[test]
    fn a_token_that_is_none_unwinds() {
        let supervisor = Supervisor::new(Fake::default());
        assert_eq!(supervisor.serve(9 << 16).handle(Cause { vector: 6, error: 0 }, 0, 0), Ok(Answer::Unwind));
    }
}
