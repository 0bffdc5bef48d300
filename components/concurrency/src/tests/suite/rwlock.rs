//! Locks for many that look and one that changes.

use super::super::subject::{RwLock, sleep_briefly, spawn, yield_now};
use super::{THREADS, TIMES, each};

pub fn is_looked_at() {
    static VALUE: RwLock<u64> = RwLock::new(7);
    let first = VALUE.read().unwrap();
    let second = spawn(|| *VALUE.read().unwrap()).join().unwrap();
    assert_eq!((*first, second), (7, 7));
    let changes = spawn(|| *VALUE.write().unwrap() = 8);
    sleep_briefly();
    assert_eq!(*first, 7);
    drop(first);
    changes.join().unwrap();
    assert_eq!(*VALUE.read().unwrap(), 8);
}

pub fn is_shared_or_not() {
    static VALUE: RwLock<()> = RwLock::new(());
    let look = || VALUE.try_read().is_ok();
    let change = || VALUE.try_write().is_ok();
    let reader = VALUE.read().unwrap();
    assert_eq!((spawn(look).join().unwrap(), spawn(change).join().unwrap()), (true, false));
    drop(reader);
    let writer = VALUE.write().unwrap();
    assert_eq!((spawn(look).join().unwrap(), spawn(change).join().unwrap()), (false, false));
    drop(writer);
    assert!(look() && change());
}

pub fn is_not_overtaken() {
    static VALUE: RwLock<u64> = RwLock::new(0);
    *VALUE.write().unwrap() = 0;
    let reader = VALUE.read().unwrap();
    let writes = spawn(|| *VALUE.write().unwrap() = 1);
    // As soon as the writer waits, nobody else comes in to look.
    while VALUE.try_read().is_ok() {
        yield_now();
    }
    let looks = spawn(|| drop(VALUE.read().unwrap()));
    drop(reader);
    writes.join().unwrap();
    looks.join().unwrap();
    assert_eq!(*VALUE.read().unwrap(), 1);
}

pub fn adds_up_with_readers() {
    static BOTH: RwLock<(u64, u64)> = RwLock::new((0, 0));
    *BOTH.write().unwrap() = (0, 0);
    each(|number| {
        for time in 0..TIMES {
            if number % 2 == 0 {
                let mut both = BOTH.write().unwrap();
                both.0 += 1;
                if time % 8 == 0 {
                    yield_now();
                }
                both.1 += 1;
            } else {
                let both = BOTH.read().unwrap();
                if time % 8 == 0 {
                    yield_now();
                }
                assert_eq!(both.0, both.1);
            }
        }
    });
    assert_eq!(*BOTH.read().unwrap(), (THREADS / 2 * TIMES, THREADS / 2 * TIMES));
}
