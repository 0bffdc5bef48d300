//! Channels for many that send and many that receive.

use super::super::subject::{Channel, receive_briefly, send_briefly, sleep_briefly, spawn};
use super::{THREADS, TIMES, each};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

pub fn arrives_in_order() {
    static CHANNEL: Channel<u64, 4> = Channel::new();
    let sends = spawn(|| (0..TIMES).for_each(|value| CHANNEL.send(value).unwrap()));
    for value in 0..TIMES {
        assert_eq!(CHANNEL.recv().unwrap(), value);
    }
    sends.join().unwrap();
}

pub fn arrives_once() {
    static CHANNEL: Channel<u64, 2> = Channel::new();
    static SUM: AtomicU64 = AtomicU64::new(0);
    SUM.store(0, SeqCst);
    each(|number| {
        for value in 0..TIMES {
            if number % 2 == 0 {
                CHANNEL.send(number / 2 * TIMES + value).unwrap();
            } else {
                SUM.fetch_add(CHANNEL.recv().unwrap(), SeqCst);
            }
        }
    });
    let sent = THREADS / 2 * TIMES;
    assert_eq!((SUM.load(SeqCst), CHANNEL.try_recv().is_err()), (sent * (sent - 1) / 2, true));
}

pub fn is_full_and_empty() {
    static CHANNEL: Channel<u64, 2> = Channel::new();
    assert!(CHANNEL.try_recv().is_err());
    assert!(CHANNEL.try_send(1).is_ok() && CHANNEL.try_send(2).is_ok() && CHANNEL.try_send(3).is_err());
    let waits = spawn(|| CHANNEL.send(4).unwrap());
    sleep_briefly();
    assert_eq!(CHANNEL.recv().unwrap(), 1);
    waits.join().unwrap();
    assert_eq!([CHANNEL.recv().unwrap(), CHANNEL.recv().unwrap()], [2, 4]);
    assert!(CHANNEL.try_recv().is_err());
}

pub fn drops_what_is_left() {
    static DROPPED: AtomicU64 = AtomicU64::new(0);
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, SeqCst);
        }
    }
    let channel: Channel<Counted, 4> = Channel::new();
    for _ in 0..3 {
        assert!(channel.try_send(Counted).is_ok());
    }
    drop(channel.recv().unwrap());
    assert_eq!(DROPPED.load(SeqCst), 1);
    drop(channel);
    assert_eq!(DROPPED.load(SeqCst), 3);
}

pub fn is_not_sent_in_time() {
    static CHANNEL: Channel<u64, 2> = Channel::new();
    assert_eq!(receive_briefly(&CHANNEL), None);
    assert!(send_briefly(&CHANNEL, 1) && send_briefly(&CHANNEL, 2) && !send_briefly(&CHANNEL, 3));
    assert_eq!([(); 3].map(|()| receive_briefly(&CHANNEL)), [Some(1), Some(2), None]);
}
