//! What is so of several kinds of locks and values alike.

use super::super::subject::{
    LazyLock, Mutex, Once, OnceLock, RwLock, call_once, die, is_never_done, sleep_briefly, spawn, yield_now,
};
use core::sync::atomic::Ordering::SeqCst;
use core::sync::atomic::{AtomicBool, AtomicU64};

pub fn drops_its_value() {
    static DROPPED: AtomicU64 = AtomicU64::new(0);
    struct Counted(u64);
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.fetch_add(self.0, SeqCst);
        }
    }
    DROPPED.store(0, SeqCst);
    let (lock, value) = (Mutex::new(Counted(1)), RwLock::new(Counted(10)));
    drop((lock.lock().unwrap(), value.read().unwrap()));
    let (once, empty) = (OnceLock::new(), OnceLock::<Counted>::new());
    assert!(once.set(Counted(100)).is_ok());
    let (made, never): (LazyLock<Counted>, LazyLock<Counted>) =
        (LazyLock::new(|| Counted(1_000)), LazyLock::new(|| Counted(10_000)));
    assert_eq!((made.0, DROPPED.load(SeqCst)), (1_000, 0));
    drop((lock, value, once, empty, made, never));
    assert_eq!(DROPPED.load(SeqCst), 1_111, "each that there was, once");
}

pub fn is_told_of_a_panic() {
    static LOCK: Mutex<u64> = Mutex::new(0);
    static VALUE: RwLock<u64> = RwLock::new(0);
    static ONCE: Once = Once::new();
    static HAS_ALL: AtomicBool = AtomicBool::new(false);
    let thread = spawn(|| {
        let (mut first, mut second) = (LOCK.lock().unwrap(), VALUE.write().unwrap());
        (*first, *second) = (1, 1);
        call_once(&ONCE, || {
            HAS_ALL.store(true, SeqCst);
            sleep_briefly();
            die()
        });
    });
    while !HAS_ALL.load(SeqCst) {
        yield_now();
    }
    // One waits already when it happens, the others come later.
    assert!(LOCK.lock().is_err() && LOCK.try_lock().is_err());
    while !thread.is_finished() {
        yield_now();
    }
    assert!(thread.join().is_err());
    assert!(VALUE.read().is_err() && VALUE.write().is_err() && VALUE.try_write().is_err());
    assert!(is_never_done(&ONCE) && !ONCE.is_completed());
}
