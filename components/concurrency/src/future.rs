//! Futures, on a thread that is parked while nothing can go on.
//!
//! For many at once, and for futures of calls that go by a page, there is the executor of [`runtime::future`].

use crate::scheduler;
use crate::thread::{self, NOT_ITS_OWN, Thread};
use core::pin::pin;
use core::ptr::without_provenance;
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use runtime::Result;

/// Runs a future to its end on this thread, and answers what it does. Nothing is allocated.
///
/// Between its steps the thread is [parked](thread::park()), until any thread of the component uses the waker: a future that parks the thread
/// itself can take that from it.
///
/// # Errors
///
/// [`NOT_ITS_OWN`]: in a method that a client calls nobody else may unpark the thread; those of [`thread::park`]. The future is dropped then.
pub fn block_on<F: Future>(future: F) -> Result<F::Output> {
    if !scheduler::is_own_thread() {
        return Err(NOT_ITS_OWN);
    }
    let mut future = pin!(future);
    let waker = waker(thread::current());
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Ok(output);
        }
        thread::park()?;
    }
}

static UNPARKS: RawWakerVTable = RawWakerVTable::new(clone, unpark, unpark, |_| ());

/// A waker that unparks the thread. Kept for longer than that lives, it may unpark another, which then looks once more than it must.
fn waker(thread: Thread) -> Waker {
    // SAFETY: what the waker refers to is a number, which any thread may copy, use and forget.
    unsafe { Waker::from_raw(raw(without_provenance(thread.id() as usize))) }
}

const fn raw(index: *const ()) -> RawWaker {
    RawWaker::new(index, &UNPARKS)
}

fn clone(index: *const ()) -> RawWaker {
    raw(index)
}

fn unpark(index: *const ()) {
    Thread::with_index(index.addr() as u64).unpark();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::played::IS_CALLED;
    use crate::sync::Mutex;
    use crate::thread::spawn;
    use core::future::{poll_fn, ready};

    #[test]
    fn a_future_goes_on_whenever_another_thread_says_so() {
        static SHARED: Mutex<(u64, Option<Waker>)> = Mutex::new((0, None));
        let counts = spawn(|| {
            for count in 1..=100 {
                let waker = loop {
                    if let Some(waker) = SHARED.lock().unwrap().1.take() {
                        break waker;
                    }
                    thread::yield_now().unwrap();
                };
                SHARED.lock().unwrap().0 = count;
                waker.wake();
            }
        });
        let mut polls = 0;
        let counted = block_on(poll_fn(|context| {
            let mut shared = SHARED.lock().unwrap();
            polls += 1;
            shared.1 = Some(context.waker().clone());
            if shared.0 < 100 { Poll::Pending } else { Poll::Ready(shared.0) }
        }));
        assert_eq!(counted, Ok(100));
        assert!((100..1_000).contains(&polls), "it is polled when it is woken, and not otherwise: {polls} times");
        counts.unwrap().join().unwrap();
    }

    #[test]
    fn a_clients_thread_runs_no_future() {
        IS_CALLED.set(true);
        let refused = block_on(ready(7));
        IS_CALLED.set(false);
        assert_eq!((refused, block_on(ready(7))), (Err(NOT_ITS_OWN), Ok(7)));
    }
}
