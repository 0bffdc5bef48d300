//! Threads that borrow, and have ended when what they borrow goes.

use super::packet::wait_for_all;
use super::{Builder, JoinHandle, Thread};
use crate::scheduler;
use crate::{HOLDER_ENDED, ThreadError};
use core::fmt;
use core::marker::PhantomData;
use core::mem::forget;
use core::ptr::from_ref;
use runtime::{Error, Result};

/// The error of a scope in a method that a client calls: if it faulted there, the client would go on, and use the stack again on which the
/// scope's threads still work.
pub const NOT_ITS_OWN: Error = ThreadError::NotItsOwn.error();

/// Threads that are all waited for, as `std::thread::Scope`.
pub struct Scope<'scope, 'env: 'scope> {
    /// It is known by its address, so it has one.
    _place: u8,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// Has `body` start threads that borrow what lies around it, and waits for them, as `std::thread::scope`.
///
/// If `body` panics, nobody waits; but then its thread is lost, and with it what they borrow stays as it is. On the host, where a panic unwinds,
/// they are waited for all the same.
///
/// # Errors
///
/// [`HolderEnded`](sched_interface::SchedError::HolderEnded): a thread has panicked, and nobody else has waited for it; [`NOT_ITS_OWN`].
///
/// # Panics
///
/// If the scheduler does not let the thread wait: while it initialises its component, or because all wait for each other.
pub fn scope<'env, F, T>(body: F) -> Result<T>
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    if !scheduler::is_own_thread() {
        return Err(NOT_ITS_OWN);
    }
    let scope = Scope { _place: 0, scope: PhantomData, env: PhantomData };
    let unwinding = Unwinding(scope.id());
    let result = body(&scope);
    forget(unwinding);
    match wait_for_all(scope.id()) {
        Ok(true) => Ok(result),
        Ok(false) => Err(HOLDER_ENDED),
        // They may still use what is about to go.
        Err(error) => unreachable!("cannot wait for the threads of a scope: {error}"),
    }
}

/// Waits for the threads of a scope that a panic leaves. In an image nothing is dropped by a panic.
struct Unwinding(usize);

impl Drop for Unwinding {
    fn drop(&mut self) {
        if let Err(error) = wait_for_all(self.0) {
            // The second panic is the end of the program.
            unreachable!("cannot wait for the threads of a scope: {error}");
        }
    }
}

impl<'scope> Scope<'scope, '_> {
    /// Starts a thread.
    ///
    /// # Errors
    ///
    /// As [`spawn`](super::spawn()).
    pub fn spawn<F, T>(&'scope self, function: F) -> Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new().spawn_scoped(self, function)
    }

    pub(super) fn id(&self) -> usize {
        from_ref(self).addr()
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// A thread of a scope, which can be waited for before the scope ends, as `std::thread::ScopedJoinHandle`.
#[derive(Debug)]
pub struct ScopedJoinHandle<'scope, T> {
    handle: JoinHandle<T>,
    scope: PhantomData<&'scope ()>,
}

impl<T> ScopedJoinHandle<'_, T> {
    pub(super) const fn new(handle: JoinHandle<T>) -> Self {
        Self { handle, scope: PhantomData }
    }

    /// The thread.
    pub const fn thread(&self) -> Thread {
        self.handle.thread()
    }

    /// Whether it has returned, or panicked.
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// As [`JoinHandle::join`].
    ///
    /// # Errors
    ///
    /// As [`JoinHandle::join`].
    pub fn join(self) -> Result<T> {
        self.handle.join()
    }
}
