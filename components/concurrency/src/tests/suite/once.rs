//! What is done or made once: `Once`, `OnceLock`, `LazyLock`.

use super::super::subject::{LazyLock, Once, OnceLock, call_once, get_or_init, sleep_briefly};
use super::{THREADS, each};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

pub fn does_once() {
    static DONE: Once = Once::new();
    static TIMES_DONE: AtomicU64 = AtomicU64::new(0);
    each(|_| {
        call_once(&DONE, || {
            sleep_briefly();
            TIMES_DONE.fetch_add(1, SeqCst);
        });
        assert_eq!(TIMES_DONE.load(SeqCst), 1);
    });
    assert!(DONE.is_completed());
}

pub fn writes_once() {
    static VALUE: OnceLock<u64> = OnceLock::new();
    assert_eq!(VALUE.get(), None);
    each(|number| {
        let value = *get_or_init(&VALUE, || number + 1);
        assert!((1..=THREADS).contains(&value) && VALUE.get() == Some(&value));
    });
    assert_eq!(VALUE.set(77), Err(77));
    let own = OnceLock::new();
    assert_eq!((own.set(5), own.set(6), own.into_inner()), (Ok(()), Err(6), Some(5)));
}

pub fn makes_once() {
    static MADE: AtomicU64 = AtomicU64::new(0);
    static VALUE: LazyLock<u64> = LazyLock::new(|| {
        sleep_briefly();
        MADE.fetch_add(1, SeqCst) + 5
    });
    each(|_| assert_eq!((*VALUE, MADE.load(SeqCst)), (5, 1)));
}
