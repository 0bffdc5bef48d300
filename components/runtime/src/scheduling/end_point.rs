//! What a part of a scheduler dispatches by.

use super::{Budget, OnCore, Result, Thread};
use crate::CallError;
use crate::capability::switch;
use abi::crossing::CapabilityWord;
use abi::operation::ThreadOperation;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

/// What a part of a scheduler dispatches by, looked up in the plan once: its end-point, and what threads without a budget run on.
pub struct EndPoint<'p> {
    of: OnCore<'p>,
    /// 0 before it has been looked up, or if there is none.
    slot: AtomicU32,
    /// The slot of [`OnCore::time`]; [`UNKNOWN`](Self::UNKNOWN) before it has been looked up.
    time: AtomicU32,
}

impl<'p> EndPoint<'p> {
    /// No slot.
    const UNKNOWN: u32 = u32::MAX;

    /// That of this part.
    pub const fn new(of: OnCore<'p>) -> Self {
        Self { of, slot: AtomicU32::new(0), time: AtomicU32::new(Self::UNKNOWN) }
    }

    /// Switches to `thread`, which runs on `budget`, and starts with `word` if it is at its start; the core comes back at `timeout` at the
    /// latest, if that is not 0. Returns when somebody switches back to the caller.
    ///
    /// # Errors
    ///
    /// The kernel's: among them `Stale`, `EventsPending` and `NotDispatchable`.
    #[inline(always)]
    pub fn dispatch(&self, thread: Thread, budget: Budget, word: u64, timeout: u64, token: u64) -> Result<()> {
        let end_point = match self.slot.load(Relaxed) {
            // Without an end-point it would be another operation: one that waits for the thread's end.
            0 => self.look_up()?,
            slot => slot,
        };
        let peers = u64::from(budget.slot) << 32 | u64::from(end_point);
        let asked = CapabilityWord::new(thread.slot.get(), ThreadOperation::Dispatch as u16).0;
        // SAFETY: a plan is bound, so this is an image; and a dispatch changes no memory that is mapped anywhere.
        CallError::check(unsafe { switch(asked, [word, timeout, token, peers]) })
    }

    /// As [`OnCore::time`].
    #[inline(always)]
    pub fn time(&self) -> Budget {
        match self.time.load(Relaxed) {
            Self::UNKNOWN => self.look_up_time(),
            slot => Budget { slot },
        }
    }

    #[cold]
    #[inline(never)]
    fn look_up_time(&self) -> Budget {
        let time = self.of.time();
        self.time.store(time.slot, Relaxed);
        time
    }

    #[cold]
    #[inline(never)]
    fn look_up(&self) -> Result<u32> {
        match self.of.own().receive as u32 {
            0 => Err(CallError::Kernel(abi::error::Error::Empty)),
            slot => {
                self.slot.store(slot, Relaxed);
                Ok(slot)
            }
        }
    }
}
