//! Several things to wait for at once: pages, and points in time.

use super::Idle;
use crate::Result;

/// Something that wakes user threads or tasks.
pub trait Source {
    /// Does what can be done without waiting, and wakes whom it concerns. Answers whether that was anybody.
    fn serve(&self) -> bool;

    /// This thread is about to wait: who has something to tell it wakes it from here on.
    fn prepare(&self) -> Readiness;
}

/// How long a thread can sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Something has happened: look at it first.
    Ready,
    /// Until somebody wakes it, or until this time.
    Until(u64),
    /// Nothing will happen.
    Never,
}

/// The scheduler, as its interface's client.
pub trait Sleeper {
    /// Lets this thread wait until it is woken, or until `time`, in ticks; at once if it was woken since it last waited.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    fn sleep_until(&self, time: u64) -> Result<()>;

    /// Wakes the thread with this index.
    ///
    /// # Errors
    ///
    /// The scheduler's.
    fn wake(&self, thread: u64) -> Result<()>;
}

/// Waits for whatever comes first of several sources. What was posted to their pages is served by this thread itself.
pub struct Sources<'s, S, const COUNT: usize> {
    sources: [&'s dyn Source; COUNT],
    sleeper: &'s S,
}

impl<'s, S: Sleeper, const COUNT: usize> Sources<'s, S, COUNT> {
    /// All of `sources`; `sleeper` lets this thread wait for them.
    pub const fn new(sources: [&'s dyn Source; COUNT], sleeper: &'s S) -> Self {
        Self { sources, sleeper }
    }

    /// How long this thread can sleep; `None` if there is something to look at first.
    fn until(&self) -> Option<Readiness> {
        self.sources.iter().try_fold(Readiness::Never, |earliest, source| match (earliest, source.prepare()) {
            (_, Readiness::Ready) => None,
            (Readiness::Until(one), Readiness::Until(other)) => Some(Readiness::Until(one.min(other))),
            (Readiness::Never, other) => Some(other),
            (earliest, _) => Some(earliest),
        })
    }
}

impl<S: Sleeper, const COUNT: usize> Idle for Sources<'_, S, COUNT> {
    fn idle(&self) -> bool {
        // Each of them, however many have something.
        let served = self.sources.iter().filter(|source| source.serve()).count();
        if served > 0 {
            return true;
        }
        match self.until() {
            None => true,
            Some(Readiness::Until(time)) => self.sleeper.sleep_until(time).is_ok(),
            Some(_) => false,
        }
    }
}
