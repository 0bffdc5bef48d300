//! What happens at the edges: when time runs out, when what holds a value is dropped, when somebody is lost with what it holds, and when many
//! want to go on.

use super::super::subject::{
    Channel, Condvar, Duration, Instant, LazyLock, Mutex, OnceLock, RwLock, Semaphore, die, lock_briefly, park,
    permit_briefly, read_briefly, receive_briefly, send_briefly, sleep_briefly, spawn, write_briefly, yield_now,
};
use super::{THREADS, each};
use core::sync::atomic::Ordering::SeqCst;
use core::sync::atomic::{AtomicBool, AtomicU64};

pub fn gives_up_a_lock() {
    static LOCK: Mutex<u64> = Mutex::new(0);
    static VALUE: RwLock<u64> = RwLock::new(0);
    let (guard, reader) = (LOCK.lock().unwrap(), VALUE.read().unwrap());
    let gave_up = spawn(|| (lock_briefly(&LOCK), write_briefly(&VALUE)));
    assert_eq!(gave_up.join().unwrap(), (false, false));
    drop((guard, reader));
    let writer = VALUE.write().unwrap();
    assert!(!spawn(|| read_briefly(&VALUE)).join().unwrap());
    drop(writer);
    assert!(lock_briefly(&LOCK) && read_briefly(&VALUE) && write_briefly(&VALUE), "who gave up left nothing behind");
}

pub fn gets_no_permit_in_time() {
    static ALLOWED: Semaphore = Semaphore::new(1);
    assert!(permit_briefly(&ALLOWED) && !permit_briefly(&ALLOWED));
    ALLOWED.release(1);
    assert_eq!((ALLOWED.available(), permit_briefly(&ALLOWED), ALLOWED.available()), (1, true, 0));
}

pub fn is_not_sent_in_time() {
    static CHANNEL: Channel<u64, 2> = Channel::new();
    assert_eq!(receive_briefly(&CHANNEL), None);
    assert!(send_briefly(&CHANNEL, 1) && send_briefly(&CHANNEL, 2) && !send_briefly(&CHANNEL, 3));
    assert_eq!([(); 3].map(|()| receive_briefly(&CHANNEL)), [Some(1), Some(2), None]);
}

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

pub fn unparks_each() {
    static MAY: [AtomicBool; THREADS as usize] = [const { AtomicBool::new(false) }; THREADS as usize];
    MAY.iter().for_each(|may| may.store(false, SeqCst));
    let threads = MAY.each_ref().map(|may| {
        spawn(|| {
            while !may.load(SeqCst) {
                park();
            }
        })
    });
    sleep_briefly();
    for (may, thread) in MAY.iter().zip(&threads).rev() {
        assert!(!thread.is_finished(), "another's turn is not its own");
        may.store(true, SeqCst);
        thread.thread().unpark();
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

pub fn sleeps_together() {
    each(|_| {
        let before = Instant::now();
        sleep_briefly();
        assert!(before.elapsed() >= Duration::from_millis(1));
    });
}

pub fn lets_others_go() {
    static TURN: AtomicU64 = AtomicU64::new(0);
    TURN.store(0, SeqCst);
    each(|number| {
        for round in 0..10 {
            // Who never yielded would keep the others from having their turns.
            while TURN.load(SeqCst) != round * THREADS + number {
                yield_now();
            }
            TURN.fetch_add(1, SeqCst);
        }
    });
    assert_eq!(TURN.load(SeqCst), 10 * THREADS);
}

pub fn is_told_by_the_condition() {
    static LOCK: Mutex<()> = Mutex::new(());
    static CHANGED: Condvar = Condvar::new();
    static WAITS: AtomicBool = AtomicBool::new(false);
    let waits = spawn(|| {
        let mut guard = LOCK.lock().unwrap();
        WAITS.store(true, SeqCst);
        // A wait can end for no reason.
        while let Ok(again) = CHANGED.wait(guard) {
            guard = again;
        }
    });
    while !WAITS.load(SeqCst) {
        yield_now();
    }
    let dies = spawn(|| -> () {
        let _guard = LOCK.lock().unwrap();
        die()
    });
    assert!(dies.join().is_err());
    while !waits.is_finished() {
        CHANGED.notify_all();
        yield_now();
    }
    waits.join().unwrap();
}

pub fn keeps_its_permit() {
    static ALLOWED: Semaphore = Semaphore::new(2);
    let dies = spawn(|| -> () {
        ALLOWED.acquire().unwrap();
        die()
    });
    assert!(dies.join().is_err());
    assert_eq!(ALLOWED.available(), 1);
    assert!(ALLOWED.try_acquire() && !ALLOWED.try_acquire(), "what it had is not another's");
}
