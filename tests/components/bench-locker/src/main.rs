//! The image that measures locks, conditions and channels: alone, and between two threads.
//!
//! Of a lock that is handed over, the other thread is the more urgent one: it has the lock as soon as that is given back. Else both
//! are of one priority. The rows' code is functions with the rows' names, for debuggers; that attribute is unsafe, and this
//! image measures and does nothing else.
#![no_std]
#![no_main]

use core::cell::Cell;
use core::hint::black_box;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

use bench_client::Row;
use concurrency::sync::{Channel, Condvar, Mutex, MutexGuard, Pipe, Receiver, Sender};
use concurrency::thread;
use console_interface::{ConsoleClient, Writer};
use runtime::{Result, time};

runtime::import!(CONSOLE: ConsoleClient);

runtime::component! { main: run }

/// Whether the thread that locks are handed over to is to end.
static IS_DONE: AtomicBool = AtomicBool::new(false);

/// What is done eight times between looks at a loop's counter.
macro_rules! eight {
    ($does:expr) => {
        $does;
        $does;
        $does;
        $does;
        $does;
        $does;
        $does;
        $does;
    };
}

static ALONE: Mutex<u64> = Mutex::new(0);
/// Locks that are handed over in turn: who waits for one lets the other go.
static LOCKS: [Mutex<()>; 2] = [Mutex::new(()), Mutex::new(())];
static TURN: Mutex<u64> = Mutex::new(0);
static TURNED: Condvar = Condvar::new();
/// Values that the channels have room for: after so many, all is as before.
const ROOM: usize = 16;

static ALONE_IN_PIPE: Pipe<u64, ROOM> = Pipe::new();
static THERE: Channel<u64, ROOM> = Channel::new();
static BACK: Channel<u64, ROOM> = Channel::new();

/// What is sent to the other thread so that it ends.
const LAST: u64 = u64::MAX;

fn run() -> Result<()> {
    let mut out = Writer::new(&CONSOLE);
    let mut measure = |row: Row<'_>| bench_client::run(&[row], &mut out, &time::ticks);
    measure(Row::new("mutex_uncontended", &mutex_uncontended))?;
    let ends = Cell::new(ALONE_IN_PIPE.split());
    measure(Row::new("chan_uncontended", &|iterations| chan_uncontended(&ends, iterations)))?;
    measure(Row::new("chan_mpmc_uncontended", &chan_mpmc_uncontended))?;
    let other = thread::spawn(send_back)?;
    measure(Row::new("chan_blocking_roundtrip", &chan_blocking_roundtrip))?;
    THERE.send(LAST)?;
    other.join()??;
    let other = thread::spawn(send_back_apart)?;
    measure(Row::new("chan_blocking_apart", &chan_blocking_apart))?;
    THERE.send(LAST)?;
    other.join()??;
    let other = thread::spawn(turn_back)?;
    measure(Row::new("condvar_roundtrip", &condvar_roundtrip))?;
    turn(LAST)?;
    other.join()??;
    // The first thread that is created is as urgent as this one, and only the second is more urgent.
    let first = thread::spawn(thread::park)?;
    let held = Held { guard: Cell::new(Some(LOCKS[0].lock()?)), next: Cell::new(1) };
    let other = thread::spawn(take_turns)?;
    measure(Row::new("mutex_contended", &|iterations| mutex_contended(&held, iterations)))?;
    IS_DONE.store(true, Relaxed);
    drop(held);
    other.join()??;
    first.thread().unpark();
    first.join()?
}

/// Both ends of a channel.
type Ends = (Sender<'static, u64, ROOM>, Receiver<'static, u64, ROOM>);

/// The lock that the measuring thread has between two runs, and which is the next.
struct Held {
    guard: Cell<Option<MutexGuard<'static, ()>>>,
    next: Cell<usize>,
}

/// Takes a lock that nobody else wants, and gives it back.
#[unsafe(no_mangle)]
#[inline(never)]
fn mutex_uncontended(iterations: u64) -> Result<()> {
    for _ in 0..iterations {
        eight!(drop(ALONE.lock()?));
    }
    Ok(())
}

/// Puts a value into a channel with one end each and takes it out.
#[unsafe(no_mangle)]
#[inline(never)]
fn chan_uncontended(ends: &Cell<Option<Ends>>, iterations: u64) -> Result<()> {
    let Some((mut sender, mut receiver)) = ends.take() else { return Ok(()) };
    let mut sum = 0_u64;
    for value in 0..iterations {
        for _ in 0..ROOM {
            sender.send(value)?;
            sum ^= receiver.recv()?;
        }
    }
    black_box(sum);
    ends.set(Some((sender, receiver)));
    Ok(())
}

/// The same with a channel of which there may be many ends.
#[unsafe(no_mangle)]
#[inline(never)]
fn chan_mpmc_uncontended(iterations: u64) -> Result<()> {
    let mut sum = 0_u64;
    for value in 0..iterations {
        THERE.send(value)?;
        sum ^= THERE.recv()?;
    }
    black_box(sum);
    Ok(())
}

/// Sends a value to the other thread and waits for it to come back.
#[unsafe(no_mangle)]
#[inline(never)]
fn chan_blocking_roundtrip(iterations: u64) -> Result<()> {
    (0..iterations).try_for_each(|value| THERE.send_and_recv(value, &BACK).map(drop))
}

/// The other thread: sends back what it receives.
fn send_back() -> Result<()> {
    let mut value = THERE.recv()?;
    while value != LAST {
        value = BACK.send_and_recv(value, &THERE)?;
    }
    Ok(())
}

/// The same by two calls.
#[unsafe(no_mangle)]
#[inline(never)]
fn chan_blocking_apart(iterations: u64) -> Result<()> {
    for value in 0..iterations {
        THERE.send(value)?;
        BACK.recv()?;
    }
    Ok(())
}

fn send_back_apart() -> Result<()> {
    loop {
        match THERE.recv()? {
            LAST => return Ok(()),
            value => BACK.send(value)?,
        }
    }
}

/// Says that it is the other thread's turn, and waits until it is this one's again.
#[unsafe(no_mangle)]
#[inline(never)]
fn condvar_roundtrip(iterations: u64) -> Result<()> {
    (0..iterations).try_for_each(|_| turn(1))
}

fn turn(to: u64) -> Result<()> {
    let mut turn = TURN.lock()?;
    *turn = to;
    TURNED.notify_one();
    TURNED.wait_while(turn, |turn| *turn == to).map(drop)
}

/// The other thread: says that it is the first one's turn whenever it is its own.
fn turn_back() -> Result<()> {
    loop {
        let mut turn = TURNED.wait_while(TURN.lock()?, |turn| *turn == 0)?;
        let was = core::mem::replace(&mut *turn, 0);
        TURNED.notify_one();
        if was == LAST {
            return Ok(());
        }
    }
}

/// Gives a lock back that the other thread waits for, with the next one taken before.
#[unsafe(no_mangle)]
#[inline(never)]
fn mutex_contended(held: &Held, iterations: u64) -> Result<()> {
    for _ in 0..iterations {
        let next = LOCKS[held.next.get()].lock()?;
        held.next.set(1 - held.next.get());
        drop(held.guard.replace(Some(next)));
    }
    Ok(())
}

/// The other thread: takes each lock when it is given back, and lets it go before it waits for the next.
fn take_turns() -> Result<()> {
    for lock in LOCKS.iter().cycle() {
        drop(lock.lock()?);
        if IS_DONE.load(Relaxed) {
            break;
        }
    }
    Ok(())
}
