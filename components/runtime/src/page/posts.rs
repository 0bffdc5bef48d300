//! An open page: what posts and has served.

use super::adaptive::Habit;
use super::import::{End, PageImport};
use super::{PageError, Runner, Service, Ticket};
use crate::waiting::Readiness;
use crate::{Answer, CallError, Error, Failure, Result};
use core::marker::PhantomData;
use core::sync::atomic::AtomicU64;
use syscall_page::{Client, Next, Reply, Sleep};

/// Who serves those that wait: the scheduler component, as its interface's client.
pub trait Scheduler {
    /// What it can fail with.
    type Error: Copy + Into<Error> + Into<CallError>;

    /// Makes the page of this number known.
    ///
    /// # Errors
    ///
    /// The scheduler's: among others, that the page is known already.
    fn register(&self, page: u64) -> Result<(), Self::Error>;

    /// Forgets the page of this number.
    ///
    /// # Errors
    ///
    /// The scheduler's: among others, that the page is not known.
    fn unregister(&self, page: u64) -> Result<(), Self::Error>;

    /// Has the page served, and waits until a call has ended. Answers slots of such calls, or none: then they are in the hints.
    ///
    /// # Errors
    ///
    /// The scheduler's and the server's.
    fn wait(&self, page: u64) -> Result<u64, Self::Error>;
}

/// The server did something that it must not, and the calls that it was at have ended.
pub(super) const FAULTED: CallError = CallError::Kernel(abi::error::Error::Faulted);

/// Calls that are worth showing to another core before anybody waits for them: it need not be woken for each.
const ENOUGH: u64 = 8;

/// Who serves what is posted, if it is not an invocation of the server on the client's thread.
#[derive(Clone, Copy)]
pub(super) enum Detour {
    /// A thread on another core.
    Runner(&'static Runner),
    /// Nobody: the graph gives the edge no page, and calls are made directly.
    Direct,
}

/// The client's end of a page, for one thread. What was posted and not taken stays there when it is dropped.
pub struct Posts<'p> {
    pub(super) import: &'p PageImport,
    pub(super) end: &'p End,
    /// What the graph says that leads elsewhere.
    detour: Option<Detour>,
    /// The end has no lock: it stays on its thread.
    thread: PhantomData<*const ()>,
}

impl<'p> Posts<'p> {
    pub(super) fn new(import: &'p PageImport, end: &'p End, detour: Option<Detour>) -> Self {
        Self { import, end, detour, thread: PhantomData }
    }

    /// Writes a call to the page.
    #[doc(hidden)]
    #[inline]
    pub fn post<A: Answer, E: Failure, const WORDS: usize>(
        &'p self,
        method: u16,
        words: [u64; WORDS],
    ) -> Result<Ticket<'p, A, E>, CallError> {
        match self.with(|client| client.post_words(method, words)) {
            Ok(call) => Ok(Ticket::new(self, call)),
            Err(error) => Err(CallError::Page(error.into())),
        }
    }

    /// Has the server serve all that was posted, by one invocation on this thread, or where the graph says. Answers how many calls it
    /// says it answered.
    ///
    /// # Errors
    ///
    /// The kernel's. If the server faulted, the call that it was at has that for its
    /// result, and the ones behind it are served by the next flush.
    pub fn flush(&self) -> Result<u64, CallError> {
        self.flush_at_once().map(|answered| answered.count_ones().into())
    }

    /// The same, where that is all there is to do. Answers the slots of calls that were answered.
    #[inline(always)]
    pub(super) fn flush_at_once(&self) -> Result<u64, CallError> {
        if !self.with(Client::announce) {
            return Ok(0);
        }
        if let Some(detour) = self.detour {
            return self.flush_elsewhere(detour);
        }
        self.served(self.import.serve().map(|[answered, _]| answered))
    }

    /// The same, where the graph has it served elsewhere.
    #[cold]
    #[inline(never)]
    fn flush_elsewhere(&self, detour: Detour) -> Result<u64, CallError> {
        match detour {
            Detour::Runner(runner) => self.wait_for_runner(runner, true).map_err(not_served),
            Detour::Direct => self.call_posted(),
        }
    }

    /// How the page is used, as far as that was measured.
    #[inline]
    pub(super) fn habit(&self) -> &Habit {
        &self.end.habit
    }

    /// How many calls the server cannot know of.
    #[inline]
    pub(super) fn unannounced(&self) -> u64 {
        self.with(|client| client.unannounced())
    }

    /// Makes the page known to `scheduler`, once. Where the graph gives the edge none, there is nothing to make known.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    pub fn register<S: Scheduler>(&self, scheduler: &S) -> Result<(), S::Error> {
        if self.import.is_direct() { Ok(()) } else { scheduler.register(self.import.number()) }
    }

    /// Has `scheduler` forget the page, until it is registered again. What was posted stays.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    pub fn unregister<S: Scheduler>(&self, scheduler: &S) -> Result<(), S::Error> {
        if self.import.is_direct() { Ok(()) } else { scheduler.unregister(self.import.number()) }
    }

    /// Has `scheduler` see to it that what was posted is served, and waits until another call has ended. Answers whether
    /// there was any to wait for.
    ///
    /// # Errors
    ///
    /// The scheduler's; and as [`Posts::flush`].
    pub fn wait(&self, scheduler: &impl Scheduler) -> Result<bool> {
        self.wait_at_once(scheduler)
    }

    /// The same, where that is all there is to do.
    #[inline(always)]
    pub(super) fn wait_at_once(&self, scheduler: &impl Scheduler) -> Result<bool> {
        if let Some(detour) = self.detour {
            return self.wait_elsewhere(detour);
        }
        match self.with(Client::prepare_to_be_served) {
            Next::NothingToWaitFor => Ok(false),
            Next::ResultsCame => Ok(true),
            Next::BeServed => self.served(scheduler.wait(self.import.number())).map(|_| true).map_err(Into::into),
        }
    }

    /// The same, where the graph has it served elsewhere.
    #[cold]
    #[inline(never)]
    fn wait_elsewhere(&self, detour: Detour) -> Result<bool> {
        let Detour::Runner(runner) = detour else { return self.call_awaited().map_err(Into::into) };
        self.with(Client::announce_new);
        if !self.with(|client| client.is_any_under_way()) {
            return Ok(false);
        }
        self.wait_for_runner(runner, false).map(|_| true)
    }

    /// Waits for answers, or, if `for_end`, for the server to have looked at everything. Answers the slots of calls that were
    /// answered.
    #[cold]
    #[inline(never)]
    fn wait_for_runner(&self, runner: &Runner, for_end: bool) -> Result<u64> {
        self.served_by(runner, runner.wait(for_end, |error| self.failed(error.into())))
    }

    /// What the server did where the runner had it serve. If it failed, that was dealt with before anybody served again.
    #[cold]
    #[inline(never)]
    fn served_by(&self, runner: &Runner, result: Result<u64>) -> Result<u64> {
        match result {
            Ok(_) => self.served(result),
            Err(error) => {
                if CallError::from(error) == FAULTED {
                    // What is behind the call that it was at is served now.
                    runner.announce();
                }
                result
            }
        }
    }

    /// As [`Posts::wait`]; answers the slots of calls that may have ended, or `None` if there was none to wait for.
    pub(crate) fn wait_for_slots(&self, scheduler: &impl Scheduler) -> Result<Option<u64>> {
        let waited = self.wait(scheduler)?;
        Ok(waited.then(|| self.with(Client::take_hints)))
    }

    /// As [`Posts::flush`], if there is anything to serve; answers the slots of calls that may have ended.
    pub(crate) fn flush_for_slots(&self) -> Result<u64, CallError> {
        if let Some(detour) = self.detour {
            return self.collect_slots(detour);
        }
        if self.with(Client::prepare_to_serve) {
            self.served(self.import.serve().map(|[answered, _]| answered))?;
        }
        Ok(self.with(Client::take_hints))
    }

    #[cold]
    fn collect_slots(&self, detour: Detour) -> Result<u64, CallError> {
        match detour {
            Detour::Runner(runner) => {
                self.announce_to(runner);
                self.served_by(runner, runner.collect(|error| self.failed(error.into())))?;
            }
            Detour::Direct => drop(self.call_awaited()?),
        }
        Ok(self.with(Client::take_hints))
    }

    /// Shows what was posted where it is served.
    fn announce_to(&self, runner: &Runner) {
        if self.with(Client::announce_new) {
            runner.announce();
        }
    }

    /// Shows what was posted to the thread that has the page served, if the graph says that there is one, and goes on meanwhile. Without
    /// one, who flushes or waits has it served.
    pub fn hasten(&self) {
        if let Some(runner) = self.runner() {
            self.announce_to(runner);
        }
    }

    /// Whether calls go by a page. Some were posted, perhaps, and others will be before any is waited for: on another core, they can
    /// be served already.
    #[inline]
    pub(crate) fn goes_on(&self) -> bool {
        self.detour.is_none_or(|detour| self.goes_on_elsewhere(detour))
    }

    #[cold]
    #[inline(never)]
    fn goes_on_elsewhere(&self, detour: Detour) -> bool {
        let Detour::Runner(runner) = detour else { return false };
        if self.unannounced() >= ENOUGH {
            self.announce_to(runner);
        }
        true
    }

    /// What the thread has done that has the page served on another core, if the graph says so.
    pub fn service(&self) -> Option<Service> {
        self.runner().map(Runner::service)
    }

    /// Who has it served on another core.
    fn runner(&self) -> Option<&'static Runner> {
        match self.detour {
            Some(Detour::Runner(runner)) => Some(runner),
            _ => None,
        }
    }

    /// Says that this thread is about to wait: whoever answers a call wakes it.
    pub(crate) fn prepare_to_sleep(&self) -> Readiness {
        if let Some(runner) = self.runner() {
            return self.prepare_to_sleep_for(runner);
        }
        match self.with(Client::prepare_to_sleep) {
            Sleep::NothingToWaitFor => Readiness::Never,
            Sleep::ResultsCame => Readiness::Ready,
            Sleep::On(_) => Readiness::Until(u64::MAX),
        }
    }

    fn prepare_to_sleep_for(&self, runner: &Runner) -> Readiness {
        match self.with(|client| client.in_flight()) {
            0 => Readiness::Never,
            _ if runner.prepare_to_wait() => Readiness::Until(u64::MAX),
            _ => Readiness::Ready,
        }
    }

    /// Slots into which calls can be posted without taking a result before.
    pub fn free(&self) -> u32 {
        self.with(|client| client.free_slots())
    }

    /// What the server did, as it says.
    #[inline(always)]
    pub(super) fn served<E: Copy + Into<CallError>>(&self, result: Result<u64, E>) -> Result<u64, E> {
        match result {
            Ok(slots) => self.with(|client| {
                client.served(slots);
                client.collect_abandoned();
            }),
            Err(error) => self.failed(error.into()),
        }
        result
    }

    #[cold]
    #[inline(never)]
    fn failed(&self, error: CallError) {
        self.with(|client| {
            match error {
                FAULTED => self.end.has_faulted_in_vain.set(!client.server_faulted()),
                CallError::Kernel(error) => client.server_refused(error),
                // The scheduler does not know the page, say: what was posted waits.
                _ => {}
            }
            client.collect_abandoned();
        });
    }

    /// Whether no call ended when the server faulted last.
    pub(super) fn has_faulted_in_vain(&self) -> bool {
        self.end.has_faulted_in_vain.get()
    }

    #[inline]
    pub(super) fn poll_success(&self, call: syscall_page::Ticket, words: usize) -> Option<[u64; 2]> {
        self.with(|client| client.poll_success(call, words))
    }

    #[inline]
    pub(super) fn is_unannounced(&self, call: syscall_page::Ticket) -> bool {
        self.with(|client| client.is_unannounced(call))
    }

    pub(super) fn poll(&self, call: syscall_page::Ticket) -> Option<Result<Reply, CallError>> {
        self.with(|client| client.poll(call)).map_err(|error| CallError::Page(error.into())).transpose()
    }

    #[inline]
    pub(super) fn abandon(&self, call: syscall_page::Ticket) {
        // Only the owner of a ticket abandons its call, once: it is there.
        let _ = self.with(|client| client.abandon(call));
    }

    #[inline]
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut Client<'static, AtomicU64>) -> R) -> R {
        // SAFETY: this thread has the end to itself (`open`), and the work of this module, which
        // all goes through here, does not come back here: there is no second reference.
        work(unsafe { &mut *self.end.client() })
    }
}

impl Drop for Posts<'_> {
    fn drop(&mut self) {
        self.import.close();
    }
}

/// What a call fails with whose page the scheduler refuses to have served.
pub(super) fn not_served(error: Error) -> CallError {
    match CallError::from(error) {
        CallError::Unknown => CallError::Page(PageError::NotServed),
        error => error,
    }
}

impl From<PageError> for Error {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}
