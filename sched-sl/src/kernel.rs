//! What a scheduler needs of the kernel, and no more.

use crate::thread::ThreadId;
use crate::time::Instant;

/// Stands for a moment: a dispatch with it is refused once the kernel has dispatched something else since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token(pub u64);

/// Why the kernel did not dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DispatchError {
    /// Another decision was carried out since the token was taken.
    Stale,
    /// There are events that the scheduler has not received.
    EventsPending,
    /// The thread has ended, cannot start, or is not this scheduler's.
    NoSuchThread,
}

/// What happened to a thread while the scheduler did not look. Coalesced: the
/// kernel keeps the latest for each thread, not a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// To which thread.
    pub thread: ThreadId,
    /// Whether the kernel now holds it, waiting in a receive, or lets it run again.
    pub suspended: bool,
}

/// On whose time a thread is to run: by the kernel's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payer<T> {
    /// The thread's own, unless one that waits for it pays.
    pub now: T,
    /// On whose the processor was when this was decided, if whoever decides was dispatched by the decision before; `None` if that is not
    /// certain. If it is the same, the kernel need not be told.
    pub before: Option<T>,
}

/// The kernel, as a scheduler sees it. Each function is a capability invocation or two.
pub trait Kernel {
    /// The kernel's name for a thread, for example a capability number.
    type Thread: Copy;

    /// What time it is.
    fn now(&self) -> Instant;

    /// A token for the decision that is now to be made.
    fn token(&self) -> Token;

    /// Whether the timer may be set. It is not where the kernel has let the scheduler's own thread go on, which it does by taking the
    /// timer away.
    fn may_have_timer(&self) -> bool {
        true
    }

    /// Switches to a thread, on the time of `payer`, and sets the one-shot timer, or none. Returns when the caller
    /// itself runs again.
    ///
    /// # Errors
    ///
    /// [`DispatchError`]; nothing was dispatched and the timer is as it was.
    fn dispatch(
        &self,
        thread: Self::Thread,
        payer: Payer<Self::Thread>,
        until: Option<Instant>,
        token: Token,
    ) -> Result<(), DispatchError>;

    /// Waits for an event, at most until a point in time. Returns when there is one or when that has come.
    ///
    /// # Errors
    ///
    /// [`DispatchError::Stale`] or [`DispatchError::EventsPending`]; it did not wait.
    fn idle(&self, until: Option<Instant>, token: Token) -> Result<(), DispatchError>;

    /// Notes that the scheduler forgets a thread, since the kernel says that there is no such one. Called outside the critical section.
    fn has_lost(&self, _: ThreadId) {}

    /// Takes the next event, without waiting. Called outside the scheduler's critical section: a caller to which
    /// the kernel gives no events can let one run to which it does, and then has none left to take.
    fn receive(&self) -> Option<Event>;
}
