//! Barriers.

use super::super::subject::{barrier, meet, scope, spawn_in};
use super::{THREADS, TIMES};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

pub fn meets() {
    static COME: AtomicU64 = AtomicU64::new(0);
    static LED: AtomicU64 = AtomicU64::new(0);
    let place = barrier(THREADS as usize);
    COME.store(0, SeqCst);
    LED.store(0, SeqCst);
    scope(|scope| {
        for _ in 0..THREADS {
            drop(spawn_in(scope, || {
                for round in 1..=TIMES / 10 {
                    COME.fetch_add(1, SeqCst);
                    LED.fetch_add(u64::from(meet(&place)), SeqCst);
                    assert!(COME.load(SeqCst) >= round * THREADS);
                    meet(&place);
                    assert_eq!(LED.load(SeqCst), round);
                }
            }));
        }
    })
    .unwrap();
}
