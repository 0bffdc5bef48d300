//! Conditions.

use super::super::subject::{Condvar, Mutex, die, spawn, wait_briefly, yield_now};
use super::{THREADS, TIMES};
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::SeqCst;

pub fn condition_is_seen() {
    static STEP: Mutex<u64> = Mutex::new(0);
    static CHANGED: Condvar = Condvar::new();
    *STEP.lock().unwrap() = 0;
    let other = spawn(|| {
        for step in (1..2 * TIMES).step_by(2) {
            let mut now = CHANGED.wait_while(STEP.lock().unwrap(), |now| *now != step).unwrap();
            *now += 1;
            drop(now);
            CHANGED.notify_one();
        }
    });
    for step in (0..2 * TIMES).step_by(2) {
        let mut now = CHANGED.wait_while(STEP.lock().unwrap(), |now| *now != step).unwrap();
        *now += 1;
        drop(now);
        CHANGED.notify_one();
    }
    other.join().unwrap();
    assert_eq!(*STEP.lock().unwrap(), 2 * TIMES);
}

/// How many wait, and how many may go on.
static WAITING: Mutex<(u64, u64)> = Mutex::new((0, 0));
static MAY: Condvar = Condvar::new();

fn let_go_on(notify: fn(&Condvar)) {
    *WAITING.lock().unwrap() = (0, 0);
    let threads: [_; THREADS as usize] = core::array::from_fn(|_| {
        spawn(|| {
            let mut state = WAITING.lock().unwrap();
            state.0 += 1;
            let mut state = MAY.wait_while(state, |(_, may)| *may == 0).unwrap();
            state.1 -= 1;
        })
    });
    while WAITING.lock().unwrap().0 < THREADS {
        yield_now();
    }
    notify(&MAY);
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*WAITING.lock().unwrap(), (THREADS, 0));
}

pub fn notifies_each() {
    let_go_on(|may| {
        for _ in 0..THREADS {
            WAITING.lock().unwrap().1 += 1;
            may.notify_one();
        }
    });
}

pub fn notifies_all() {
    let_go_on(|may| {
        WAITING.lock().unwrap().1 = THREADS;
        may.notify_all();
    });
}

pub fn times_out() {
    static LOCK: Mutex<()> = Mutex::new(());
    static NEVER: Condvar = Condvar::new();
    // A wait can end for no reason, but not each time.
    assert!((0..100).any(|_| wait_briefly(&NEVER, LOCK.lock().unwrap())));
    assert!(LOCK.try_lock().is_ok());
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
