//! The standard library, with what it lacks made of what it has.

#[path = "suite.rs"]
pub mod suite;

mod subject {
    use std::collections::VecDeque;
    use std::sync::MutexGuard;
    pub use std::sync::{Condvar, Mutex, Once, OnceLock};
    use std::thread;
    pub use std::thread::{current, park, spawn, yield_now};
    use std::time::{Duration, Instant};

    const BRIEFLY: Duration = Duration::from_millis(1);

    pub fn call_once(once: &Once, does: impl FnOnce()) {
        once.call_once(does);
    }

    pub fn get_or_init<T>(value: &OnceLock<T>, make: impl FnOnce() -> T) -> &T {
        value.get_or_init(make)
    }

    pub fn sleep_briefly() {
        thread::sleep(BRIEFLY);
    }

    pub fn park_briefly() {
        thread::park_timeout(BRIEFLY);
    }

    pub fn wait_briefly(condition: &Condvar, guard: MutexGuard<'_, ()>) -> bool {
        condition.wait_timeout(guard, BRIEFLY).unwrap().1.timed_out()
    }

    pub fn nanoseconds() -> u64 {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }

    pub struct Semaphore {
        permits: Mutex<u64>,
        more: Condvar,
    }

    impl Semaphore {
        pub const fn new(permits: u64) -> Self {
            Self { permits: Mutex::new(permits), more: Condvar::new() }
        }

        pub fn acquire(&self) -> Result<(), ()> {
            *self.more.wait_while(self.permits.lock().unwrap(), |permits| *permits == 0).unwrap() -= 1;
            Ok(())
        }

        pub fn try_acquire(&self) -> bool {
            let mut permits = self.permits.lock().unwrap();
            let is_there = *permits > 0;
            *permits -= u64::from(is_there);
            is_there
        }

        pub fn release(&self, permits: u64) {
            *self.permits.lock().unwrap() += permits;
            self.more.notify_all();
        }

        pub fn available(&self) -> u64 {
            *self.permits.lock().unwrap()
        }
    }

    /// As `std::sync::mpsc::sync_channel`, for many that receive.
    pub struct Channel<T, const N: usize> {
        values: Mutex<VecDeque<T>>,
        changed: Condvar,
    }

    impl<T, const N: usize> Channel<T, N> {
        pub const fn new() -> Self {
            Self { values: Mutex::new(VecDeque::new()), changed: Condvar::new() }
        }

        pub fn send(&self, value: T) -> Result<(), ()> {
            let full = |values: &mut VecDeque<T>| values.len() == N;
            self.changed.wait_while(self.values.lock().unwrap(), full).unwrap().push_back(value);
            self.changed.notify_all();
            Ok(())
        }

        pub fn try_send(&self, value: T) -> Result<(), T> {
            let mut values = self.values.lock().unwrap();
            if values.len() == N {
                return Err(value);
            }
            values.push_back(value);
            self.changed.notify_all();
            Ok(())
        }

        pub fn recv(&self) -> Result<T, ()> {
            let mut values = self.changed.wait_while(self.values.lock().unwrap(), |it| it.is_empty()).unwrap();
            self.changed.notify_all();
            values.pop_front().ok_or(())
        }

        pub fn try_recv(&self) -> Result<T, ()> {
            self.changed.notify_all();
            self.values.lock().unwrap().pop_front().ok_or(())
        }
    }
}
