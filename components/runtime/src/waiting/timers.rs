//! Waiting for points in time: any number of user threads or tasks, on one thread of the kernel's.

use super::{Line, Node, Readiness, Source, Wake};
use crate::time;
use crate::user::{Threads, Waiter};
use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

/// Those that sleep, by the time at which they are to be woken.
pub struct Timers<W> {
    sleeping: Line<W>,
    now: fn() -> u64,
}

impl<W> Timers<W> {
    /// By the time-stamp counter.
    pub const fn new() -> Self {
        Self::with_clock(time::ticks)
    }

    /// By a clock.
    pub(super) const fn with_clock(now: fn() -> u64) -> Self {
        Self { sleeping: Line::new(), now }
    }
}

impl<W> Default for Timers<W> {
    fn default() -> Self {
        Self::new()
    }
}

impl Timers<Waiter> {
    /// Lets the user thread that executes this wait until `time`, in ticks, and others run.
    pub fn sleep_until(&self, threads: &Threads, time: u64) {
        let node = pin!(Node::new());
        while (self.now)() < time && threads.is_inside() {
            threads.block(|waiter| self.sleeping.wait(node.as_ref(), time, waiter));
        }
    }
}

impl Timers<Waker> {
    /// Is there at `time`, in ticks.
    pub fn sleep_until(&self, time: u64) -> Sleep<'_> {
        Sleep { timers: self, time, node: Node::new() }
    }
}

/// A point in time, for tasks. Dropped, nobody waits for it.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Sleep<'t> {
    timers: &'t Timers<Waker>,
    time: u64,
    node: Node<'t, Waker>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.as_ref().get_ref();
        if (this.timers.now)() >= this.time {
            this.node.leave();
            return Poll::Ready(());
        }
        // SAFETY: the node is in a pinned future, is not moved out of it, and takes itself out of the line when it is dropped.
        let node = unsafe { Pin::new_unchecked(&this.node) };
        this.timers.sleeping.wait(node, this.time, context.waker().clone());
        Poll::Pending
    }
}

impl<W: Wake> Source for Timers<W> {
    fn serve(&self) -> bool {
        let Some(mut first) = self.sleeping.first_key() else { return false };
        let (now, mut any) = ((self.now)(), false);
        while first <= now {
            self.sleeping.pop().into_iter().for_each(Wake::wake);
            any = true;
            let Some(next) = self.sleeping.first_key() else { break };
            first = next;
        }
        any
    }

    fn prepare(&self) -> Readiness {
        self.sleeping.first_key().map_or(Readiness::Never, Readiness::Until)
    }
}
