//! What one would use on Linux instead.

use crate::clock::{Figure, measure};
use corosensei::{Coroutine, CoroutineResult};
use crossbeam_queue::ArrayQueue;
use io_uring::{IoUring, opcode};
use std::hint::black_box;

/// What goes through a queue: as large as an entry of a page.
type Message = [u64; 8];

pub fn figures() -> Vec<Figure> {
    let mut figures = vec![corosensei(), rtrb(), crossbeam(), tokio_yield(), tokio_spawn_join()];
    figures.extend(io_uring(1, "io_uring: null operation, batches of 1"));
    figures.extend(io_uring(32, "io_uring: null operation, batches of 32"));
    figures
}

/// A coroutine is suspended and resumed: what it takes to go from one to the next, without choosing which.
fn corosensei() -> Figure {
    let mut coroutine = Coroutine::<bool, (), ()>::new(|yielder, goes_on| {
        let mut goes_on = goes_on;
        while goes_on {
            goes_on = yielder.suspend(());
        }
    });
    let figure = measure("corosensei: suspend and resume", 1, || {
        black_box(matches!(coroutine.resume(true), CoroutineResult::Yield(())));
    });
    coroutine.resume(false);
    figure
}

fn rtrb() -> Figure {
    let (mut producer, mut consumer) = rtrb::RingBuffer::<Message>::new(64);
    measure("rtrb: 64 bytes in and out", 1, || {
        black_box(producer.push(black_box([7; 8])).is_ok());
        black_box(consumer.pop().is_ok());
    })
}

fn crossbeam() -> Figure {
    let queue = ArrayQueue::<Message>::new(64);
    measure("crossbeam: 64 bytes in and out", 1, || {
        black_box(queue.push(black_box([7; 8])).is_ok());
        black_box(queue.pop());
    })
}

fn tokio_yield() -> Figure {
    let runtime = tokio();
    measure("tokio: yield of a task", TASKS, || {
        runtime.block_on(async {
            for _ in 0..TASKS {
                tokio::task::yield_now().await;
            }
        });
    })
}

/// A task that starts another and waits for its end, all on one thread.
fn tokio_spawn_join() -> Figure {
    let runtime = tokio();
    measure("tokio: spawn and join of a task", TASKS, || {
        runtime.block_on(async {
            for number in 0..TASKS {
                black_box(tokio::spawn(async move { number }).await.is_ok());
            }
        });
    })
}

/// Tasks, or their yields, of a measurement.
const TASKS: u32 = 1000;

fn tokio() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let Ok(runtime) = runtime else { unreachable!("a runtime without drivers needs nothing of the host") };
    runtime
}

/// Null operations, submitted and reaped together; `None` where the host does not let us.
fn io_uring(calls: u32, name: &'static str) -> Option<Figure> {
    let mut ring = IoUring::new(64).ok()?;
    let mut round = move || {
        for _ in 0..calls {
            // SAFETY: a null operation refers to nothing.
            black_box(unsafe { ring.submission().push(&opcode::Nop::new().build()) }.is_ok());
        }
        let submitted = ring.submit_and_wait(calls as usize).is_ok();
        black_box(ring.completion().count());
        submitted
    };
    round().then(|| {
        measure(name, calls, || {
            black_box(round());
        })
    })
}
