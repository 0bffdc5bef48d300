//! Starting a thread.

use super::packet::{Packet, name_of};
use super::{JoinHandle, Scope, ScopedJoinHandle, Thread};
use crate::TOO_MANY_THREADS;
use crate::scheduler::SCHED;
use runtime::Result;
use sched_interface::Sched;

/// What a thread is to be like, as `std::thread::Builder`. Its stack and its priority are the graph's to say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Builder {
    name: Option<&'static str>,
}

impl Builder {
    /// A thread without a name.
    pub const fn new() -> Self {
        Self { name: None }
    }

    /// Gives it a name, for those who read of it.
    #[must_use]
    pub const fn name(self, name: &'static str) -> Self {
        Self { name: Some(name) }
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// As [`spawn`](super::spawn()).
    pub fn spawn<F, T>(self, function: F) -> Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: what they refer to is there for ever.
        unsafe { self.start(function, 0) }
    }

    /// Starts it in a scope, whose end waits for it.
    ///
    /// # Errors
    ///
    /// As [`spawn`](super::spawn()).
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: &'scope Scope<'scope, '_>,
        function: F,
    ) -> Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        // SAFETY: the scope does not end before the thread has, or is lost.
        unsafe { self.start(function, scope.id()) }.map(ScopedJoinHandle::new)
    }

    /// # Safety
    ///
    /// As [`Packet::claim`].
    unsafe fn start<F, T>(self, function: F, scope: usize) -> Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        if self.name.is_some() {
            runtime::thread::named_by(name_of);
        }
        // SAFETY: as the caller says.
        let packet = unsafe { Packet::claim(function, self.name, scope) }.ok_or(TOO_MANY_THREADS)?;
        match create(&packet) {
            Ok(index) => {
                packet.started(index);
                Ok(JoinHandle { packet, thread: Thread { index, name: self.name } })
            }
            Err(error) => {
                packet.take_back();
                Err(error)
            }
        }
    }
}

fn create<T>(packet: &Packet<T>) -> Result<u64> {
    let prepared = runtime::thread::prepare(packet.entry(), packet.number()).ok_or(TOO_MANY_THREADS)?;
    let index = SCHED.create(prepared.word())?;
    prepared.started();
    Ok(index)
}
