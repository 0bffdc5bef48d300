//! Locks.

use super::super::subject::{
    Mutex, RwLock, lock_briefly, read_briefly, sleep_briefly, spawn, write_briefly, yield_now,
};
use super::{THREADS, TIMES, each};

pub fn adds_up() {
    static SUM: Mutex<u64> = Mutex::new(0);
    *SUM.lock().unwrap() = 0;
    each(|_| {
        for time in 0..TIMES {
            let mut sum = SUM.lock().unwrap();
            let before = *sum;
            // Whoever else runs now finds the lock taken.
            if time % 8 == 0 {
                yield_now();
            }
            *sum = before + 1;
        }
    });
    assert_eq!(*SUM.lock().unwrap(), THREADS * TIMES);
}

pub fn is_taken_once() {
    static LOCK: Mutex<()> = Mutex::new(());
    let guard = LOCK.lock().unwrap();
    assert!(LOCK.try_lock().is_err(), "by the same thread");
    assert!(!spawn(|| LOCK.try_lock().is_ok()).join().unwrap(), "by another");
    drop(guard);
    assert!(spawn(|| LOCK.try_lock().is_ok()).join().unwrap());
    assert!(LOCK.try_lock().is_ok());
}

pub fn is_handed_over() {
    static LOCK: Mutex<u64> = Mutex::new(0);
    let mut guard = LOCK.lock().unwrap();
    *guard = 1;
    let waits = spawn(|| core::mem::replace(&mut *LOCK.lock().unwrap(), 3));
    sleep_briefly();
    *guard = 2;
    drop(guard);
    assert_eq!(waits.join().unwrap(), 2);
    assert_eq!(*LOCK.lock().unwrap(), 3);
}

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
