//! The standard library, with what it lacks made of what it has.

#[path = "suite.rs"]
pub mod suite;

mod subject {
    use std::boxed::Box;
    use std::collections::VecDeque;
    use std::panic::{catch_unwind, resume_unwind};
    use std::string::ToString;
    pub use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError};
    use std::sync::{Barrier, MutexGuard, mpsc};
    pub use std::sync::{Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
    use std::thread::{self, JoinHandle, Scope, ScopedJoinHandle};
    pub use std::thread::{current, park, spawn, yield_now};
    pub use std::thread_local;
    pub use std::time::{Duration, Instant};

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

    /// What the standard library tries without a time, tried until there is none left.
    fn briefly<T>(mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
        let until = Instant::now() + BRIEFLY;
        loop {
            let got = attempt();
            if got.is_some() || Instant::now() >= until {
                return got;
            }
            yield_now();
        }
    }

    pub fn lock_briefly(lock: &Mutex<u64>) -> bool {
        briefly(|| lock.try_lock().ok()).is_some()
    }

    pub fn read_briefly(value: &RwLock<u64>) -> bool {
        briefly(|| value.try_read().ok()).is_some()
    }

    pub fn write_briefly(value: &RwLock<u64>) -> bool {
        briefly(|| value.try_write().ok()).is_some()
    }

    pub fn permit_briefly(permits: &Semaphore) -> bool {
        briefly(|| permits.try_acquire().then_some(())).is_some()
    }

    pub fn send_briefly(channel: &Channel<u64, 2>, value: u64) -> bool {
        briefly(|| channel.try_send(value).ok()).is_some()
    }

    pub fn receive_briefly(channel: &Channel<u64, 2>) -> Option<u64> {
        briefly(|| channel.try_recv().ok())
    }

    pub fn is_never_done(once: &Once) -> bool {
        catch_unwind(|| once.call_once(|| ())).is_err()
    }

    pub fn meet(barrier: &Barrier) -> bool {
        barrier.wait().is_leader()
    }

    pub const fn barrier(threads: usize) -> Barrier {
        Barrier::new(threads)
    }

    /// Without what this prints where it panics.
    pub fn scope<'env, T>(body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T) -> Result<T, ()> {
        catch_unwind(std::panic::AssertUnwindSafe(|| thread::scope(body))).map_err(|_| ())
    }

    pub fn spawn_in<'scope, T: Send + 'scope>(
        scope: &'scope Scope<'scope, '_>,
        function: impl FnOnce() -> T + Send + 'scope,
    ) -> ScopedJoinHandle<'scope, T> {
        scope.spawn(function)
    }

    pub fn spawn_named<T: Send + 'static>(name: &'static str, function: fn() -> T) -> JoinHandle<T> {
        thread::Builder::new().name(name.to_string()).spawn(function).unwrap()
    }

    /// The standard library's queues have their room in themselves.
    pub struct Room<T, const N: usize>(std::marker::PhantomData<fn() -> T>);

    impl<T, const N: usize> Room<T, N> {
        pub const fn new() -> Self {
            Self(std::marker::PhantomData)
        }
    }

    pub fn ends<T, const N: usize>(_: &'static Room<T, N>) -> (SyncSender<T>, Receiver<T>) {
        mpsc::sync_channel(N)
    }

    pub fn die() -> ! {
        resume_unwind(Box::new(()))
    }

    pub struct EventSet {
        happened: Mutex<u64>,
        more: Condvar,
    }

    impl EventSet {
        pub const fn new() -> Self {
            Self { happened: Mutex::new(0), more: Condvar::new() }
        }

        pub fn trigger(&self, events: u64) {
            *self.happened.lock().unwrap() |= events;
            self.more.notify_all();
        }

        pub fn wait(&self, any: u64) -> Result<u64, ()> {
            let none = |happened: &mut u64| *happened & any == 0;
            let mut happened = self.more.wait_while(self.happened.lock().unwrap(), none).unwrap();
            let taken = *happened & any;
            *happened &= !any;
            Ok(taken)
        }

        pub fn take(&self, any: u64) -> u64 {
            let mut happened = self.happened.lock().unwrap();
            let taken = *happened & any;
            *happened &= !any;
            taken
        }
    }

    pub fn wait_briefly_for_any(events: &EventSet, any: u64) -> u64 {
        let none = |happened: &mut u64| *happened & any == 0;
        drop(events.more.wait_timeout_while(events.happened.lock().unwrap(), BRIEFLY, none).unwrap());
        events.take(any)
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
