//! Futures on threads that are parked while nothing can go on.

use alloc::string::String;
use concurrency::future::block_on;
use concurrency::sync::RawMutex;
use concurrency::thread;
use embassy_sync::channel::Channel;
use futures::channel::oneshot;
use futures::future::join;
use futures::stream::{self, StreamExt};
use runtime::Result;

pub fn futures() -> Result<String> {
    let (sender, receiver) = oneshot::channel();
    let squares = stream::iter(1..=5).map(|number| async move { number * number }).buffered(2);
    let sum = async {
        let sum = squares.fold(0, |sum, square| async move { sum + square }).await;
        sender.send(sum).is_ok()
    };
    let (is_sent, received) = block_on(join(sum, receiver))?;
    Ok(alloc::format!("sent: {is_sent}, received: {received:?}"))
}

/// Values that are sent.
const VALUES: u64 = 1_000;

pub fn embassy_sync() -> Result<String> {
    static CHANNEL: Channel<RawMutex, u64, 4> = Channel::new();
    let sends = thread::spawn(|| {
        block_on(async {
            for value in 0..VALUES {
                CHANNEL.send(value).await;
            }
        })
    })?;
    let sum = block_on(async {
        let mut sum = 0;
        for _ in 0..VALUES {
            sum += CHANNEL.receive().await;
        }
        sum
    })?;
    sends.join()??;
    Ok(alloc::format!("{VALUES} values between two threads, the sum is {sum}"))
}
