//! The loop that makes a decision and has the kernel carry it out.

use crate::error::ScheduleError;
use crate::kernel::{DispatchError, Kernel, Token};
use crate::policy::Policy;
use crate::scheduler::{Decision, Scheduler};
use crate::thread::ThreadId;
use crate::time::Instant;
use crate::timers::Timers;

/// Access to something for one thread at a time: the scheduler component's critical section.
///
/// It ends before the kernel is asked to dispatch, so that whoever runs next can enter.
pub trait Exclusive<S> {
    /// Runs `body` with exclusive access.
    fn with<R>(&self, body: impl FnOnce(&mut S) -> R) -> R;
}

/// What was done with the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// A thread was dispatched, and the caller runs again.
    Thread(ThreadId),
    /// Nobody was ready; something has happened or was due.
    Nobody,
}

/// Decides until the kernel carries a decision out, and answers which.
///
/// - *Stale token*: another decision came first. This one is forgotten and made again.
/// - *Events pending*: they are noted first, since they may change the decision.
/// - *No such thread*: it ends in the scheduler too, and the decision is made again.
///
/// Each round that is refused means that something else went on: another
/// dispatch, an event, the end of a thread.
///
/// # Errors
///
/// [`ScheduleError`].
#[inline(always)]
pub fn reschedule<K, P, M, const N: usize>(
    kernel: &K,
    scheduler: &impl Exclusive<Scheduler<K::Thread, P, M, N>>,
) -> Result<Ran, ScheduleError>
where
    K: Kernel,
    P: Policy<N>,
    M: Timers<N>,
{
    loop {
        let token = kernel.token();
        let decision = scheduler.with(|it| {
            if !kernel.may_have_timer() {
                it.timer_is_unset();
            }
            it.decide(kernel.now())
        })?;
        if let Some(ran) = carry_out(kernel, scheduler, decision, token) {
            return Ok(ran);
        }
    }
}

/// Has the kernel carry out a decision that was made after `token` was taken. `None` if it was refused: then it is to
/// be made again, by [`reschedule()`].
///
/// For a caller that has something to note in the same visit to the critical section in which it decides.
#[inline(always)]
pub fn carry_out<K, P, M, const N: usize>(
    kernel: &K,
    scheduler: &impl Exclusive<Scheduler<K::Thread, P, M, N>>,
    decision: Decision<K::Thread>,
    token: Token,
) -> Option<Ran>
where
    K: Kernel,
    P: Policy<N>,
    M: Timers<N>,
{
    match decision {
        Decision::Run { thread, name, payer, since, until } => match kernel.dispatch(name, payer, until, token) {
            Ok(()) => Some(Ran::Thread(thread)),
            Err(error) => {
                recover(kernel, scheduler, since, error);
                None
            }
        },
        Decision::Idle { until } => match kernel.idle(until, token) {
            Ok(()) => Some(Ran::Nobody),
            Err(error) => {
                take_note(kernel, scheduler, error);
                None
            }
        },
    }
}

/// Takes note of why a thread was not dispatched, by a decision made at `since`. After that, [`reschedule()`] decides anew.
#[cold]
#[inline(never)]
pub fn recover<K, P, M, const N: usize>(
    kernel: &K,
    scheduler: &impl Exclusive<Scheduler<K::Thread, P, M, N>>,
    since: Instant,
    error: DispatchError,
) where
    K: Kernel,
    P: Policy<N>,
    M: Timers<N>,
{
    let retracted = scheduler.with(|it| it.retract(since));
    if let (Some(thread), DispatchError::NoSuchThread) = (retracted, error) {
        kernel.has_lost(thread);
        // If that was noted in the scheduler as well, it is there no more.
        let _ = scheduler.with(|it| it.exit(thread));
    }
    take_note(kernel, scheduler, error);
}

fn take_note<K, P, M, const N: usize>(
    kernel: &K,
    scheduler: &impl Exclusive<Scheduler<K::Thread, P, M, N>>,
    error: DispatchError,
) where
    K: Kernel,
    P: Policy<N>,
    M: Timers<N>,
{
    match error {
        DispatchError::EventsPending => receive_all(kernel, scheduler),
        DispatchError::Stale | DispatchError::NoSuchThread => {}
    }
}

/// Notes every event; one of a thread that has ended meanwhile has nothing left to say.
pub fn receive_all<K, P, M, const N: usize>(kernel: &K, scheduler: &impl Exclusive<Scheduler<K::Thread, P, M, N>>)
where
    K: Kernel,
    P: Policy<N>,
    M: Timers<N>,
{
    while let Some(event) = kernel.receive() {
        let _ = scheduler.with(|it| it.apply(event));
    }
}
