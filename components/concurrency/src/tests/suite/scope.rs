//! Threads of a scope.

use super::super::subject::{die, scope, sleep_briefly, spawn_in};
use super::THREADS;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

pub fn borrows() {
    let (mut own, shared) = ([0_u64; THREADS as usize], [1_u64, 2, 3]);
    let sum = scope(|scope| {
        for (number, own) in (0..).zip(&mut own) {
            let shared = &shared;
            // Nobody waits for it but the scope.
            drop(spawn_in(scope, move || {
                sleep_briefly();
                *own = number + shared.iter().sum::<u64>();
            }));
        }
        spawn_in(scope, || shared.len() as u64).join().unwrap()
    });
    assert_eq!((sum, own.iter().sum::<u64>()), (Ok(3), 6 * THREADS + (THREADS - 1) * THREADS / 2));
}

pub fn ends_with_a_panic() {
    static RAN: AtomicU64 = AtomicU64::new(0);
    let ended = scope(|scope| {
        drop(spawn_in(scope, || -> () { die() }));
        drop(spawn_in(scope, || RAN.fetch_add(1, SeqCst)));
        5
    });
    assert_eq!((ended, RAN.load(SeqCst)), (Err(()), 1));
}
