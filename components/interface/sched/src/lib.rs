//! The interface `sched`: a thread's wishes about time, and threads of its own.
//!
//! The graph makes the server of this interface the scheduler of its clients: it decides when their threads run. A
//! component has one scheduler at most.
#![no_std]

#[cfg(test)]
extern crate std;

mod not_asked;
mod threads;

pub use threads::{Thread, Threads};

/// What a method of [`Sched`] answers.
pub type Result<T> = runtime::Result<T, SchedError>;

runtime::errors! {
    /// Why a scheduler does not do what it is asked.
    pub enum SchedError {
        NotScheduled = 1: "this scheduler does not schedule the thread: it is somebody else's, on loan to a client",
        NoSuchThread = 2: "there is no such thread, or the caller may not wake or call it, or it has ended without an answer, or waits for none",
        TooManyThreads = 3: "all threads of the component exist, or the scheduler has no room for more",
        NotStarted = 4: "the thread would wait before the system has started, while it initialises its component",
        BadWord = 5: "the word stands for a phase, with which only a component's own thread starts",
        NoDecision = 6: "the scheduler cannot decide, which is a defect of it",
        WouldDeadlock = 7: "the thread would wait for one that waits for it, itself included",
        NoSuchPoint = 8: "there is no such blockpoint, or not any more, or it is none of the caller's business",
        TooManyPoints = 9: "the component has as many blockpoints as it may have",
        NoSuchCore = 10: "the scheduler does not run on that core, or has no room there",
        HolderEnded = 11: "the thread that was waited for has ended, and will never bring that about",
        BoundToCore = 12: "the thread cannot leave its core: its time there is limited, it schedules others, has been called by others, or has joined its peers",
        OnAnotherCore = 13: "the thread that is called is on another core",
        TooLarge = 32: "the system is larger than the scheduler keeps account of",
        Deadlock = 33: "nobody can run, and nothing will change that",
        BadPlan = 34: "the plan cannot be carried out, which is a defect of the composer",
    }
}

/// Schedules threads. Each method is about the thread that calls it, unless it says otherwise.
///
/// Times are points in time, in ticks of the time-stamp counter ([`runtime::time::ticks`]). [`Threads`] puts these
/// methods into friendlier words.
#[runtime::interface]
pub trait Sched {
    /// Lets other threads of the same priority go first.
    fn yield_now(&self) -> Result<()>;

    /// Waits until woken. Returns at once if that has happened since the last wait: no wake-up is lost, but
    /// several before one wait are as one.
    fn block(&self) -> Result<()>;

    /// Waits until woken, or until `time`. Answers whether it was woken.
    fn block_until(&self, time: u64) -> Result<bool>;

    /// Waits until `time`. A wake-up does not shorten this; the next wait finds it.
    fn sleep_until(&self, time: u64) -> Result<()>;

    /// Wakes the thread with this index, or makes its next wait return at once.
    ///
    /// A component can wake its own threads, and those of components that can call it, directly or through others:
    /// these can come to wait in it.
    fn wake(&self, thread: u64) -> Result<()>;

    /// Wakes a thread and waits until woken, both at once: as [`Sched::wake`] and [`Sched::block`], one after the other, for half of what
    /// they cost. If there is no such thread, this one does not wait.
    fn wake_and_block(&self, thread: u64) -> Result<()>;

    /// Creates a thread in the calling component, which starts with `word`; answers its index. The
    /// graph says how many there can be at once, and their priorities: the first that is free is taken.
    fn create(&self, word: u64) -> Result<u64>;

    /// Says that the thread is there for others: the system ends without waiting for its end.
    ///
    /// For drivers and other servers that wait for what comes, for as long as somebody may need them.
    fn background(&self) -> Result<()>;

    /// Answers how many ticks there are in a second.
    fn frequency(&self) -> Result<u64>;

    /// Makes a blockpoint, which the calling component then owns; answers its name. What a blockpoint is: `sched_sl::blockpoint`.
    ///
    /// Whosever the threads are: they wait at a blockpoint, and trigger it, while they execute in the component that owns it. To all
    /// others, also to who calls that component, it is [`SchedError::NoSuchPoint`].
    fn create_point(&self) -> Result<u64>;

    /// Gives up a blockpoint of the calling component, once the core on which it was made hears of that. Those that wait at it go on, with
    /// [`SchedError::NoSuchPoint`].
    fn free_point(&self, point: u64) -> Result<()>;

    /// Waits at a blockpoint until a later epoch than `epoch` has begun, or until `time` ([`NEVER`] if there is no end to that). Answers
    /// whether one has begun; at once, if one had. One that waits may also go on without need, at the end of a thread that waited there:
    /// so it looks again.
    ///
    /// `holder` is the index of the thread that is to bring that about, if the blockpoint is a lock's, and else [`NOBODY`]. All that wait
    /// at the blockpoint lend it what time they would have, if it is a thread of the core on which the blockpoint was made. If it ends, or
    /// has ended, that is the answer: [`SchedError::HolderEnded`].
    ///
    /// A thread of another core than that goes there to wait, and comes back if there is still room for it; one that cannot leave its own is refused: [`SchedError::BoundToCore`].
    fn wait_on(&self, point: u64, epoch: u64, holder: u64, time: u64) -> Result<bool>;

    /// Says that an epoch has begun at a blockpoint: all that wait there go on.
    fn trigger(&self, point: u64, epoch: u64) -> Result<()>;

    /// Says that an epoch has begun at a blockpoint: one that waits there goes on, the first in the order of the scheduler's policy.
    fn trigger_one(&self, point: u64, epoch: u64) -> Result<()>;

    /// Says that the epoch `begins` has begun at the blockpoint `there`, where all that wait go on, and waits at the blockpoint `here` until
    /// a later epoch than `seen` has begun: as [`Sched::trigger`] and [`Sched::wait_on`], one after the other, for half of what they cost.
    fn trigger_and_wait(&self, there: u64, begins: u64, here: u64, seen: u64) -> Result<()>;

    /// Has the thread's next wait at its kernel's end-point end at `time` ([`NEVER`] for at no time): `TimedOut` is what it is
    /// answered there then; at once, if the time comes before the wait. It ends nothing else; a sleep, or a wait that has a time itself,
    /// replaces it. The kernel takes a time only from a thread that nobody schedules.
    ///
    /// For drivers that do not wait for ever, and for schedulers below this one.
    fn end_wait_at(&self, time: u64) -> Result<()>;

    /// Calls a thread with a word, and waits for its answer; meanwhile it runs on the caller's time, and with the caller's priority. So
    /// do those that it waits for.
    ///
    /// A component's threads can call each other, and the threads of components that it can call, directly or through others; those on the
    /// same core, as time is a core's own. Of others the answer is [`SchedError::OnAnotherCore`].
    fn exchange(&self, server: u64, word: u64) -> Result<u64>;

    /// Waits for a call. Answers who calls, by index, and with which word.
    fn accept(&self) -> Result<(u64, u64)>;

    /// Answers the thread `client`, which has called and been accepted.
    fn answer(&self, client: u64, word: u64) -> Result<()>;

    /// Answers the thread `client`, and waits for the next call, both at once.
    fn answer_and_accept(&self, client: u64, word: u64) -> Result<(u64, u64)>;

    /// Goes on on another core, on which the scheduler runs, too. What waits for the thread, or wakes it, goes on doing so. The errors are
    /// [`SchedError::NoSuchCore`] and [`SchedError::BoundToCore`].
    fn migrate(&self, core: u64) -> Result<()>;
}

/// No thread's index.
pub const NOBODY: u64 = u64::MAX;

/// A point in time that does not come.
pub const NEVER: u64 = u64::MAX;
