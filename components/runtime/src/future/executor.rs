//! What polls tasks: each as often as its waker was used, and nobody else.

use crate::thread;
use crate::waiting::{Idle, Sleeper};
use core::fmt;
use core::future::Future;
use core::pin::{Pin, pin};
use core::ptr::{from_ref, null_mut};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32};
use core::task::{Context, RawWaker, RawWakerVTable, Waker};

/// Why tasks did not come to their ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutorError {
    /// They run already.
    Running,
    /// Each waits, and nothing will happen.
    Stuck,
}

impl fmt::Display for ExecutorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "the executor runs already",
            Self::Stuck => "every task waits, and there is nothing to wait for",
        })
    }
}

/// Runs so many tasks at once, at most, on the thread that asks for it. A static, as wakers refer to it for ever.
pub struct Executor<const TASKS: usize> {
    shared: Shared,
    tasks: [Task; TASKS],
}

/// What all wakers of an executor need.
struct Shared {
    is_running: AtomicBool,
    /// The number of the thread that runs the tasks.
    thread: AtomicU32,
    sleeper: &'static (dyn Sleeper + Sync),
}

/// What a waker refers to.
struct Task {
    is_ready: AtomicBool,
    shared: AtomicPtr<Shared>,
}

impl<const TASKS: usize> Executor<TASKS> {
    /// One that runs nothing. By `sleeper`, wakers that are used on another thread wake the executor's.
    pub const fn new(sleeper: &'static (dyn Sleeper + Sync)) -> Self {
        let shared = Shared { is_running: AtomicBool::new(false), thread: AtomicU32::new(0), sleeper };
        Self { shared, tasks: [const { Task::new() }; TASKS] }
    }

    /// Runs `future` to its end, and answers what it does. When it waits, so does this thread, for `idle`.
    ///
    /// # Errors
    ///
    /// [`ExecutorError`]; the future is dropped then.
    #[inline]
    pub fn run<F: Future>(&'static self, idle: &dyn Idle, future: F) -> Result<F::Output, ExecutorError> {
        let mut output = None;
        self.run_all(idle, [pin!(async { output = Some(future.await) })])?;
        output.ok_or(ExecutorError::Stuck)
    }

    /// Runs all of `tasks` to their ends, each when it is woken.
    ///
    /// # Errors
    ///
    /// As [`Executor::run`].
    pub fn run_all<const COUNT: usize>(
        &'static self,
        idle: &dyn Idle,
        tasks: [Pin<&mut dyn Future<Output = ()>>; COUNT],
    ) -> Result<(), ExecutorError> {
        const { assert!(COUNT <= TASKS, "more tasks than the executor has room for") };
        if self.shared.is_running.swap(true, Acquire) {
            return Err(ExecutorError::Running);
        }
        self.shared.thread.store(thread::number().get(), Relaxed);
        let ended = self.run_until_all_end(idle, &mut tasks.map(Some));
        self.shared.is_running.store(false, Release);
        ended
    }

    fn run_until_all_end(
        &'static self,
        idle: &dyn Idle,
        tasks: &mut [Option<Pin<&mut dyn Future<Output = ()>>>],
    ) -> Result<(), ExecutorError> {
        self.tasks.iter().for_each(|task| task.start(&self.shared));
        while tasks.iter().any(Option::is_some) {
            if !self.poll_ready(tasks) && !idle.idle() {
                return Err(ExecutorError::Stuck);
            }
        }
        Ok(())
    }

    /// Polls each task that is ready once. Answers whether there was any.
    fn poll_ready(&'static self, tasks: &mut [Option<Pin<&mut dyn Future<Output = ()>>>]) -> bool {
        let mut any = false;
        for (task, future) in self.tasks.iter().zip(tasks) {
            let Some(running) = future.as_mut().filter(|_| task.is_ready.swap(false, Acquire)) else { continue };
            any = true;
            if running.as_mut().poll(&mut Context::from_waker(&task.waker())).is_ready() {
                *future = None;
            }
        }
        any
    }
}

impl Task {
    const fn new() -> Self {
        Self { is_ready: AtomicBool::new(false), shared: AtomicPtr::new(null_mut()) }
    }

    fn start(&self, shared: &'static Shared) {
        self.shared.store(from_ref(shared).cast_mut(), Relaxed);
        self.is_ready.store(true, Release);
    }

    fn waker(&'static self) -> Waker {
        // SAFETY: the functions do what a waker's have to, on any thread: what it refers to is a static, and atomic.
        unsafe { Waker::from_raw(raw(from_ref(self).cast())) }
    }

    fn wake(&self) {
        self.is_ready.store(true, Release);
        // SAFETY: null, or an executor, which is a static.
        let Some(shared) = (unsafe { self.shared.load(Relaxed).as_ref() }) else { return };
        let thread = shared.thread.load(Relaxed);
        if thread != thread::number().get() {
            // It may have ended meanwhile; then nobody waits.
            let _ = core::num::NonZeroU32::new(thread).map(|thread| shared.sleeper.wake(thread::index(thread)));
        }
    }
}

const fn raw(task: *const ()) -> RawWaker {
    const VTABLE: RawWakerVTable = RawWakerVTable::new(raw_clone, wake, wake, |_| ());
    RawWaker::new(task, &VTABLE)
}

fn raw_clone(task: *const ()) -> RawWaker {
    raw(task)
}

fn wake(task: *const ()) {
    // SAFETY: wakers are made of tasks alone, which are statics.
    unsafe { &*task.cast::<Task>() }.wake();
}
