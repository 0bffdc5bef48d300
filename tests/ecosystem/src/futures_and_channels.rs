//! Futures on threads that are parked while nothing can go on.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::task::Wake;
use concurrency::sync::Mutex;
use concurrency::thread::{self, Thread};
use core::pin::pin;
use core::task::{Context, Poll};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::channel::Channel;
use futures::channel::oneshot;
use futures::future::join;
use futures::stream::{self, StreamExt};
use runtime::Result;

/// Wakes a thread.
struct Unparks(Thread);

impl Wake for Unparks {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let (mut future, waker) = (pin!(future), Arc::new(Unparks(thread::current())).into());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        // Whoever may not be parked asks again.
        let _ = thread::park();
    }
}

pub fn futures() -> String {
    let (sender, receiver) = oneshot::channel();
    let squares = stream::iter(1..=5).map(|number| async move { number * number }).buffered(2);
    let sum = async {
        let sum = squares.fold(0, |sum, square| async move { sum + square }).await;
        sender.send(sum).is_ok()
    };
    let (is_sent, received) = block_on(join(sum, receiver));
    alloc::format!("sent: {is_sent}, received: {received:?}")
}

/// A lock as `embassy-sync` wants it.
struct Lock(Mutex<()>);

// SAFETY: one thread at a time has it. If none can have it any more, nothing is done without it.
unsafe impl RawMutex for Lock {
    const INIT: Self = Self(Mutex::new(()));

    fn lock<R>(&self, does: impl FnOnce() -> R) -> R {
        match self.0.lock() {
            Ok(_guard) => does(),
            Err(error) => unreachable!("the lock is lost: {error}"),
        }
    }
}

/// Values that are sent.
const VALUES: u64 = 1_000;

pub fn embassy_sync() -> Result<String> {
    static CHANNEL: Channel<Lock, u64, 4> = Channel::new();
    let sends = thread::spawn(|| {
        block_on(async {
            for value in 0..VALUES {
                CHANNEL.send(value).await;
            }
        });
    })?;
    let sum = block_on(async {
        let mut sum = 0;
        for _ in 0..VALUES {
            sum += CHANNEL.receive().await;
        }
        sum
    });
    sends.join()?;
    Ok(alloc::format!("{VALUES} values between two threads, the sum is {sum}"))
}
