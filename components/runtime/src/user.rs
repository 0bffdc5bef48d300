//! User threads: many flows of control on one thread of the kernel's. Code in them reads as if each had a thread of its own,
//! and to switch between them costs a few tens of instructions.
//!
//! ```ignore
//! static THREADS: UserThreads = UserThreads::new();
//! static STACKS: StackPool<{ 8 * 0x1_0000 }> = StackPool::new();
//!
//! THREADS.adopt(&STACKS, 0x2000)?;
//! let page = OnPage::new(&posts, &PAGES);
//! THREADS.run(&page, |scope| {
//!     for number in 0..32 {
//!         let pong = PongPosts::sequential(&page, scope.threads());
//!         // Posts, and lets the next thread run; goes on when the result is there.
//!         drop(scope.spawn(move || pong.add(number, 1)));
//!     }
//! })?;
//! ```
//!
//! A user thread that waits, for another one or for a call by a page, lets the next one that is ready run; when none is,
//! whoever called [`UserThreads::run`] waits for all of them ([`Idle`]): calls that were posted by many are served together.
//!
//! # Why this is sound
//!
//! All that user threads share is touched by one thread of the kernel's: [`UserThreads::run`] refuses a second one, and
//! whatever asks for user threads is reached through [`Scope`], which stays where it is. Nothing is pre-empted by another
//! user thread: they switch where they ask for it. What a user thread borrows outlives it, since `run` returns when all
//! have ended; if they never do, none of them is ever gone on with.

mod context;
mod queue;
mod stack;
mod sync;

use context::{Control, Packet};
use core::cell::{Cell, UnsafeCell};
use core::fmt;
use core::marker::PhantomData;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::{Acquire, Release};
use queue::Queue;

pub use crate::waiting::{Idle, Sources};
pub use stack::{StackMemory, StackPool};
pub use sync::{Channel, Mutex, MutexGuard};

/// Why user threads do not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserError {
    /// No stack is left.
    NoStack,
    /// They run already.
    Running,
    /// Each waits for another, and for nothing else.
    Deadlock,
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoStack => "no stack is left for a user thread",
            Self::Running => "the user threads run already",
            Self::Deadlock => "every user thread waits for another",
        })
    }
}

/// A page that user threads share.
pub type OnPage<'p, S> = crate::page::Shared<'p, S, Waiter>;

/// Points in time that user threads wait for.
pub type Timers = crate::waiting::Timers<Waiter>;

/// A component's user threads, and the stacks that they have. A static.
pub struct UserThreads {
    threads: UnsafeCell<Threads>,
    is_running: AtomicBool,
}

// SAFETY: `threads` is touched by whoever has changed `is_running`.
unsafe impl Sync for UserThreads {}

/// The user threads that one thread of the kernel's runs.
pub struct Threads {
    ready: Queue,
    free: Queue,
    /// Who executes; null while that is none of them.
    current: Cell<*mut Control>,
    /// Where the code goes on that runs them.
    outside: Cell<*mut u8>,
    alive: Cell<usize>,
}

/// What user threads are spawned by, as long as their borrows last.
pub struct Scope<'scope, 'env: 'scope> {
    threads: &'scope Threads,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// The right to what a user thread returns.
#[must_use = "what the thread returns is lost"]
pub struct JoinHandle<'scope, T> {
    threads: &'scope Threads,
    control: NonNull<Control>,
    result: NonNull<Option<T>>,
}

impl UserThreads {
    /// None, and no stacks.
    pub const fn new() -> Self {
        Self { threads: UnsafeCell::new(Threads::new()), is_running: AtomicBool::new(false) }
    }

    /// Takes the memory of `pool` for stacks of so many bytes each, from 4 KiB to 64 KiB. Answers how many that makes. There are no guard pages
    /// between them: who uses more than there is writes to another's stack. [`Self::adopt_granted`] has them.
    ///
    /// # Errors
    ///
    /// [`UserError::Running`].
    pub fn adopt<const BYTES: usize>(&self, pool: &'static StackPool<BYTES>, bytes: usize) -> Result<usize, UserError> {
        self.with(|threads| pool.take().map_or(0, |memory| threads.adopt(memory, bytes)))
    }

    /// The same with memory that was granted at run time.
    ///
    /// # Errors
    ///
    /// [`UserError::Running`].
    ///
    /// # Safety
    ///
    /// The memory is the component's for ever, and nobody else uses it.
    pub unsafe fn adopt_memory(&self, start: NonNull<u8>, length: usize, bytes: usize) -> Result<usize, UserError> {
        self.with(|threads| threads.adopt((start, length), bytes))
    }

    /// The same with `count` stacks that `memory` grants, of so many pages each, from 2 to 16, the lowest of which guards the others:
    /// who uses more than there is faults. Answers how many stacks that makes.
    ///
    /// # Errors
    ///
    /// The memory manager's; [`crate::Error::Unknown`] if the user threads run.
    pub fn adopt_granted(&self, memory: &impl StackMemory, count: usize, pages: usize) -> crate::Result<usize> {
        let bytes = stack::size(pages.max(2) * syscall_page::layout::FRAME_BYTES);
        let adopt = |threads: &Threads| {
            let granted = stack::grant(memory, count, bytes)?;
            stack::guard(memory, granted, bytes)?;
            Ok(threads.adopt(granted, bytes))
        };
        self.with(adopt).map_err(|_| crate::Error::Unknown)?
    }

    /// Runs `main` as a user thread, and all that it spawns; returns when all have ended.
    ///
    /// # Errors
    ///
    /// [`UserError`]. After a deadlock, those that wait are never gone on with, nor are these user threads used again.
    pub fn run<'env, R>(
        &'static self,
        idle: &dyn Idle,
        main: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> R,
    ) -> Result<R, UserError> {
        self.with(|threads| {
            let scope = Scope { threads, scope: PhantomData, env: PhantomData };
            let handle = threads.spawn(|| main(&scope))?;
            threads.run_all(idle)?;
            handle.result().ok_or(UserError::Deadlock)
        })?
    }

    fn with<R>(&self, work: impl FnOnce(&Threads) -> R) -> Result<R, UserError> {
        if self.is_running.swap(true, Acquire) {
            return Err(UserError::Running);
        }
        // SAFETY: `is_running` was clear, so nobody else has a reference until it is clear again.
        let threads = unsafe { &*self.threads.get() };
        let result = work(threads);
        // Who waits for ever could be woken by a later run, and what it borrowed is gone.
        self.is_running.store(threads.alive.get() > 0, Release);
        Ok(result)
    }
}

impl Default for UserThreads {
    fn default() -> Self {
        Self::new()
    }
}

impl Threads {
    const fn new() -> Self {
        Self {
            ready: Queue::new(),
            free: Queue::new(),
            current: Cell::new(null_mut()),
            outside: Cell::new(null_mut()),
            alive: Cell::new(0),
        }
    }

    fn adopt(&self, (start, length): (NonNull<u8>, usize), bytes: usize) -> usize {
        let stacks = stack::stacks((start, length), stack::size(bytes));
        stacks.map(|control| self.free.push(control)).count()
    }

    /// Whether a user thread executes this.
    pub fn is_inside(&self) -> bool {
        !self.current.get().is_null()
    }

    fn spawn<'scope, T>(&'scope self, function: impl FnOnce() -> T) -> Result<JoinHandle<'scope, T>, UserError> {
        let control = self.free.pop().ok_or(UserError::NoStack)?;
        // SAFETY: a free stack is nobody's. What the function borrows outlives the thread: `run` waits for it.
        let result = unsafe { Packet::prepare(control, self, function) };
        self.alive.set(self.alive.get() + 1);
        self.ready.push(control);
        Ok(JoinHandle { threads: self, control, result })
    }

    fn run_all(&self, idle: &dyn Idle) -> Result<(), UserError> {
        while self.alive.get() > 0 {
            if let Some(next) = self.ready.pop() {
                self.current.set(next.as_ptr());
                // SAFETY: it is ready, so it was prepared or has left by a switch.
                unsafe { context::enter(self.outside.as_ptr(), next) };
                self.current.set(null_mut());
            } else if !idle.idle() {
                return Err(UserError::Deadlock);
            }
        }
        Ok(())
    }

    /// Lets the others that are ready run first.
    #[inline]
    pub fn yield_now(&self) {
        let Some(current) = NonNull::new(self.current.get()) else { return };
        if let Some(next) = self.ready.rotate(current) {
            self.current.set(next.as_ptr());
            // SAFETY: as in `run_all`; the current one leaves by this switch.
            unsafe { context::switch(current, next) };
        }
    }

    /// Lets the others run until somebody wakes this one. `waiter` is told who waits, if a user thread executes this.
    ///
    /// For what keeps each waiter in one place, and wakes it once: who is woken twice would be ready twice.
    #[inline]
    pub(crate) fn block(&self, waiter: impl FnOnce(Waiter)) {
        let Some(current) = NonNull::new(self.current.get()) else { return };
        waiter(Waiter(current));
        self.leave(current);
    }

    /// Goes on with the next that is ready, or outside.
    #[inline]
    fn leave(&self, current: NonNull<Control>) {
        match self.ready.pop() {
            // Woken before anyone else was ready.
            Some(next) if next == current => {}
            Some(next) => {
                self.current.set(next.as_ptr());
                // SAFETY: as in `run_all`; the current one leaves by this switch.
                unsafe { context::switch(current, next) };
            }
            // SAFETY: whoever runs them has left by `enter`.
            None => unsafe { context::leave(current, self.outside.get()) },
        }
    }

    /// The current one has ended: whoever joins it is woken, and it is never switched to again.
    fn end(&self) -> ! {
        let current = self.current.get();
        self.alive.set(self.alive.get() - 1);
        if let Some(current) = NonNull::new(current) {
            // SAFETY: the control of the thread that executes this.
            let control = unsafe { current.as_ref() };
            match control.end() {
                context::AfterEnd::Wake(joiner) => self.ready.push(joiner),
                // Nobody uses it before this has left it: there is one thread of the kernel's.
                context::AfterEnd::Free => self.free.push(current),
                context::AfterEnd::Keep => {}
            }
            self.leave(current);
        }
        unreachable!("a user thread that has ended goes on")
    }
}

/// A user thread that waits. Whoever drops it lets it wait for ever.
#[must_use = "whoever drops it lets a user thread wait for ever"]
#[derive(Debug)]
pub struct Waiter(NonNull<Control>);

impl crate::waiting::Wake for Waiter {
    #[inline]
    fn wake(self) {
        // SAFETY: controls exist as long as stacks, for ever; so do the user threads that one of them is of, a static.
        if let Some(threads) = unsafe { self.0.as_ref().threads.as_ref() } {
            threads.ready.push(self.0);
        }
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a user thread. It runs when those that are ready have.
    ///
    /// # Errors
    ///
    /// [`UserError::NoStack`].
    pub fn spawn<T: 'scope>(
        &'scope self,
        function: impl FnOnce() -> T + 'scope,
    ) -> Result<JoinHandle<'scope, T>, UserError> {
        self.threads.spawn(function)
    }

    /// The user threads.
    #[inline]
    pub fn threads(&self) -> &'scope Threads {
        self.threads
    }
}

impl<T> JoinHandle<'_, T> {
    /// Waits until the thread has ended; answers what it returned.
    pub fn join(self) -> Option<T> {
        // SAFETY: the stack is kept until the handle is gone.
        let control = unsafe { self.control.as_ref() };
        while !control.has_ended() && self.threads.is_inside() {
            self.threads.block(|Waiter(waiter)| control.set_joiner(waiter));
        }
        self.result()
    }

    /// What the thread returned, if it has ended.
    fn result(self) -> Option<T> {
        // SAFETY: the stack is kept until the handle is gone; a thread that has ended does not touch its result.
        unsafe { if self.control.as_ref().has_ended() { (*self.result.as_ptr()).take() } else { None } }
    }
}

impl<T> Drop for JoinHandle<'_, T> {
    fn drop(&mut self) {
        // SAFETY: the stack is kept until the handle is gone.
        if unsafe { self.control.as_ref() }.give_up() {
            // SAFETY: as above; a thread that has ended does not touch its result.
            drop(unsafe { (*self.result.as_ptr()).take() });
            self.threads.free.push(self.control);
        }
    }
}

#[cfg(test)]
mod tests;
