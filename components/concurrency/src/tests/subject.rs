//! What the suite of behaviours is about, where that is this crate.

use concurrency::sync::mpsc::{Queue, Receiver, Sender};
pub use concurrency::sync::mpsc::{RecvTimeoutError, TryRecvError, TrySendError};
use concurrency::sync::{Barrier, MutexGuard};
pub use concurrency::sync::{Channel, Condvar, EventSet, LazyLock, Mutex, Once, OnceLock, RwLock, Semaphore};
use concurrency::thread::{self, Scope, ScopedJoinHandle};
pub use concurrency::thread::{JoinHandle, current};
pub use concurrency::time::{Duration, Instant};

pub fn spawn<F: FnOnce() -> T + Send + 'static, T: Send + 'static>(function: F) -> JoinHandle<T> {
    thread::spawn(function).unwrap()
}

pub fn yield_now() {
    thread::yield_now().unwrap();
}

pub fn park() {
    thread::park().unwrap();
}

pub fn call_once(once: &Once, does: impl FnOnce()) {
    once.call_once(does).unwrap();
}

pub fn get_or_init<T>(value: &OnceLock<T>, make: impl FnOnce() -> T) -> &T {
    value.get_or_init(make).unwrap()
}

const BRIEFLY: Duration = Duration::from_millis(1);

pub fn sleep_briefly() {
    thread::sleep(BRIEFLY).unwrap();
}

pub fn park_briefly() {
    thread::park_timeout(BRIEFLY).unwrap();
}

pub fn wait_briefly(condition: &Condvar, guard: MutexGuard<'_, ()>) -> bool {
    condition.wait_timeout(guard, BRIEFLY).unwrap().1.timed_out()
}

pub fn wait_briefly_for_any(events: &EventSet, any: u64) -> u64 {
    events.wait_until(any, Instant::now() + BRIEFLY).unwrap()
}

pub fn lock_briefly(lock: &Mutex<u64>) -> bool {
    lock.lock_until(Instant::now() + BRIEFLY).is_ok()
}

pub fn read_briefly(value: &RwLock<u64>) -> bool {
    value.read_until(Instant::now() + BRIEFLY).is_ok()
}

pub fn write_briefly(value: &RwLock<u64>) -> bool {
    value.write_until(Instant::now() + BRIEFLY).is_ok()
}

pub fn permit_briefly(permits: &Semaphore) -> bool {
    permits.acquire_until(Instant::now() + BRIEFLY).unwrap()
}

pub fn send_briefly(channel: &Channel<u64, 2>, value: u64) -> bool {
    channel.send_until(value, Instant::now() + BRIEFLY).is_ok()
}

pub fn receive_briefly(channel: &Channel<u64, 2>) -> Option<u64> {
    channel.recv_until(Instant::now() + BRIEFLY).ok()
}

/// Whether it is not done, since who was to do it is lost.
pub fn is_never_done(once: &Once) -> bool {
    once.call_once(|| ()).is_err()
}

/// Waits at a barrier; answers whether this thread is the leader.
pub fn meet(barrier: &Barrier) -> bool {
    barrier.wait().unwrap().is_leader()
}

pub const fn barrier(threads: usize) -> Barrier {
    Barrier::new(threads)
}

pub fn scope<'env, T>(body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T) -> Result<T, ()> {
    thread::scope(body).map_err(|_| ())
}

pub fn spawn_in<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    function: impl FnOnce() -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    scope.spawn(function).unwrap()
}

pub fn spawn_named<T: Send + 'static>(name: &'static str, function: fn() -> T) -> JoinHandle<T> {
    thread::Builder::new().name(name).spawn(function).unwrap()
}

#[cfg(not(test))]
pub use runtime::thread_local;
#[cfg(test)]
pub use std::thread_local;

/// What is between both ends of a queue.
pub type Room<T, const N: usize> = Queue<T, N>;

pub fn ends<T, const N: usize>(room: &'static Room<T, N>) -> (Sender<'static, T, N>, Receiver<'static, T, N>) {
    room.split().unwrap()
}

/// The thread ends by a panic, with whatever it has in hand.
pub fn die() -> ! {
    #[cfg(test)]
    crate::scheduler::SCHED.fault();
    #[cfg(not(test))]
    #[allow(clippy::panic, reason = "this is what is tried")]
    {
        panic!("a thread ends, as it should")
    }
}
