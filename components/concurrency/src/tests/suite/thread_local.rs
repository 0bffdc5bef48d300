//! Values of which each thread has its own.

use super::super::subject::{thread_local, yield_now};
use super::{THREADS, each};
use core::cell::{Cell, RefCell};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

pub fn has_its_own() {
    static DROPPED: AtomicU64 = AtomicU64::new(0);
    struct Counted(u64);
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.fetch_add(self.0, SeqCst);
        }
    }
    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(5) };
        static LAST: RefCell<Counted> = const { RefCell::new(Counted(1)) };
    }
    NUMBER.set(6);
    each(|number| {
        assert_eq!(NUMBER.replace(number), 5, "as new, though others had it before");
        LAST.with(|last| last.borrow_mut().0 = 10);
        yield_now();
        assert_eq!((NUMBER.get(), LAST.with(|last| last.borrow().0)), (number, 10));
    });
    assert_eq!((NUMBER.get(), DROPPED.load(SeqCst)), (6, 10 * THREADS), "all but this thread's");
}
