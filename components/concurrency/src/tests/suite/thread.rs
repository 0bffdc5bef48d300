//! Threads: what they return, when they wait and go on.

use super::super::subject::{
    Duration, Instant, Semaphore, current, park, park_briefly, sleep_briefly, spawn, spawn_named, yield_now,
};
use super::{THREADS, each};
use core::sync::atomic::Ordering::SeqCst;
use core::sync::atomic::{AtomicBool, AtomicU64};

pub fn has_result() {
    let captured = [1_u64, 2, 3];
    let thread = spawn(move || captured.iter().sum::<u64>());
    assert_eq!(thread.join().unwrap(), 6);
    let thread = spawn(yield_now);
    while !thread.is_finished() {
        yield_now();
    }
    thread.join().unwrap();
}

pub fn runs_detached() {
    static RAN: Semaphore = Semaphore::new(0);
    drop(spawn(|| RAN.release(1)));
    RAN.acquire().unwrap();
}

pub fn unparks_before() {
    current().unpark();
    current().unpark();
    park();
}

pub fn parks() {
    static GOES_ON: AtomicU64 = AtomicU64::new(0);
    GOES_ON.store(0, SeqCst);
    let thread = spawn(|| {
        while GOES_ON.load(SeqCst) == 0 {
            park();
        }
    });
    sleep_briefly();
    GOES_ON.store(1, SeqCst);
    thread.thread().unpark();
    thread.join().unwrap();
    park_briefly();
}

pub fn comes_and_goes() {
    let mut sum = 0;
    for number in 0..200 {
        sum += spawn(move || number).join().unwrap();
    }
    assert_eq!(sum, 199 * 200 / 2);
}

pub fn sleeps() {
    let before = Instant::now();
    sleep_briefly();
    assert!(before.elapsed() >= Duration::from_millis(1));
}

pub fn has_name() {
    let thread = spawn_named("clerk", || current().name().is_some_and(|name| name == "clerk"));
    assert!(thread.thread().name().is_some_and(|name| name == "clerk"));
    assert!(thread.join().unwrap());
    assert!(spawn(|| current().name().is_none()).join().unwrap());
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
