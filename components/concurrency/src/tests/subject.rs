//! What the suite of behaviours is about, where that is this crate.

use concurrency::sync::MutexGuard;
pub use concurrency::sync::{Channel, Condvar, Mutex, Once, OnceLock, Semaphore};
use concurrency::thread;
pub use concurrency::thread::{JoinHandle, current};
use concurrency::time::{Duration, now, ticks_per_second};

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

/// A millisecond.
fn briefly() -> Duration {
    Duration(ticks_per_second().unwrap() / 1_000)
}

pub fn sleep_briefly() {
    thread::sleep(briefly()).unwrap();
}

pub fn park_briefly() {
    thread::park_timeout(briefly()).unwrap();
}

pub fn wait_briefly(condition: &Condvar, guard: MutexGuard<'_, ()>) -> bool {
    condition.wait_timeout(guard, briefly()).unwrap().1.timed_out()
}

pub fn nanoseconds() -> u64 {
    (u128::from(now().0) * 1_000_000_000 / u128::from(ticks_per_second().unwrap())) as u64
}
