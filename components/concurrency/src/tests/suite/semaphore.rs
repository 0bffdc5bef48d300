//! Permits.

use super::super::subject::{Semaphore, die, permit_briefly, spawn, yield_now};
use super::{TIMES, each};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

pub fn limits() {
    const PERMITS: u64 = 2;
    static ALLOWED: Semaphore = Semaphore::new(PERMITS);
    static INSIDE: AtomicU64 = AtomicU64::new(0);
    each(|_| {
        for _ in 0..TIMES / 10 {
            ALLOWED.acquire().unwrap();
            assert!(INSIDE.fetch_add(1, SeqCst) < PERMITS);
            yield_now();
            INSIDE.fetch_sub(1, SeqCst);
            ALLOWED.release(1);
        }
    });
    assert_eq!(ALLOWED.available(), PERMITS);
}

pub fn permit_stays() {
    static ALLOWED: Semaphore = Semaphore::new(0);
    assert!(!ALLOWED.try_acquire());
    ALLOWED.release(2);
    assert!(ALLOWED.try_acquire());
    ALLOWED.acquire().unwrap();
    assert!(!ALLOWED.try_acquire());
}

pub fn gets_no_permit_in_time() {
    static ALLOWED: Semaphore = Semaphore::new(1);
    assert!(permit_briefly(&ALLOWED) && !permit_briefly(&ALLOWED));
    ALLOWED.release(1);
    assert_eq!((ALLOWED.available(), permit_briefly(&ALLOWED), ALLOWED.available()), (1, true, 0));
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
