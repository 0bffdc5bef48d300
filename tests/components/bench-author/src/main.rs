//! The image that measures what authors of components use beside locks.
//!
//! The thread that a value hops to is the more urgent one: it has the value at once. The rows' code is functions with the rows' names, for
//! debuggers; that attribute is unsafe, and this image measures and does nothing else.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use bench_client::Row;
use bench_viewer::{Viewer, ViewerClient};
use concurrency::sync::mpsc::{Queue, Receiver, Sender};
use concurrency::thread;
use console_interface::{ConsoleClient, Writer};
use core::cell::Cell;
use core::hint::black_box;
use regions::{Owned, Source};
use runtime::{Result, time};

runtime::import!(CONSOLE: ConsoleClient);

runtime::import!(VIEWER: ViewerClient);

heap::global!();

static REGIONS: Source = Source::new(heap::manager());

runtime::component! { main: run }

runtime::thread_local! {
    static OWN: Cell<u64> = const { Cell::new(0) };
}

static QUEUE: Queue<u64, 16> = Queue::new();

type End = Sender<'static, u64, 16>;

fn run() -> Result<()> {
    let mut out = Writer::new(&CONSOLE);
    let mut measure = |row: Row<'_>| bench_client::run(&[row], &mut out, &time::ticks);
    measure(Row::new("tls_access", &tls_access))?;
    measure(Row::new("alloc_free_64b", &alloc_free_64b))?;
    measure(Row::new("region_grant_map", &region_grant_map))?;
    // The first thread that is created is as urgent as this one, and only the second is more urgent.
    measure(Row::new("thread_spawn_join", &thread_spawn_join))?;
    let first = thread::spawn(thread::park)?;
    if let Some((sender, receiver)) = QUEUE.split() {
        let other = thread::spawn(move || receive(&receiver))?;
        measure(Row::new("mpsc_hop", &|iterations| mpsc_hop(&sender, iterations)))?;
        drop(sender);
        other.join()?;
    }
    first.thread().unpark();
    first.join()?
}

/// Adds to a value of the thread's own.
#[unsafe(no_mangle)]
#[inline(never)]
fn tls_access(iterations: u64) -> Result<()> {
    for _ in 0..iterations {
        OWN.with(|own| own.set(own.get() + 1));
    }
    Ok(())
}

/// Takes 64 bytes from the heap, and gives them back.
#[unsafe(no_mangle)]
#[inline(never)]
fn alloc_free_64b(iterations: u64) -> Result<()> {
    for value in 0..iterations {
        drop(black_box(Box::new([value; 8])));
    }
    Ok(())
}

/// Has a page, which another component maps that it is lent to, and unmaps; and gives it back.
#[unsafe(no_mangle)]
#[inline(never)]
fn region_grant_map(iterations: u64) -> Result<()> {
    let viewer = VIEWER.peer()?;
    for value in 0..iterations {
        let mut region = Owned::new(&REGIONS, 512)?;
        if let Some(word) = region.first_mut() {
            *word = value;
        }
        black_box(VIEWER.view(region.lend(viewer)?)?);
    }
    Ok(())
}

/// Starts a thread, and waits for its end.
#[unsafe(no_mangle)]
#[inline(never)]
fn thread_spawn_join(iterations: u64) -> Result<()> {
    for value in 0..iterations {
        black_box(thread::spawn(move || value)?.join()?);
    }
    Ok(())
}

/// Sends a value to a thread that waits for it, and waits for the next.
#[unsafe(no_mangle)]
#[inline(never)]
fn mpsc_hop(sender: &End, iterations: u64) -> Result<()> {
    for value in 0..iterations {
        // Who receives is there for as long as this is.
        let _ = sender.send(value);
    }
    Ok(())
}

/// The other thread: receives until nobody sends any more.
fn receive(receiver: &Receiver<'static, u64, 16>) {
    receiver.iter().for_each(|value| _ = black_box(value));
}
