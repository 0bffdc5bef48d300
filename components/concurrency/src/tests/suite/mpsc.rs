//! Queues with one receiver.

use super::super::subject::{Duration, RecvTimeoutError, Room, TryRecvError, TrySendError, ends, sleep_briefly, spawn};
use super::{THREADS, TIMES};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

pub fn arrives_from_many() {
    static ROOM: Room<(u64, u64), 4> = Room::new();
    let (sender, receiver) = ends(&ROOM);
    for number in 0..THREADS {
        let sender = sender.clone();
        drop(spawn(move || (0..TIMES).for_each(|value| sender.send((number, value)).unwrap())));
    }
    drop(sender);
    let mut next = [0; THREADS as usize];
    for (number, value) in receiver.iter() {
        assert_eq!(value, core::mem::replace(&mut next[number as usize], value + 1));
    }
    assert_eq!(next, [TIMES; THREADS as usize]);
}

pub fn is_left_alone() {
    static ONE: Room<u64, 2> = Room::new();
    let (sender, receiver) = ends(&ONE);
    sender.send(1).unwrap();
    let leaves = spawn(move || {
        sleep_briefly();
        drop(sender);
    });
    assert_eq!((receiver.recv().ok(), receiver.recv().ok()), (Some(1), None));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    leaves.join().unwrap();
    static OTHER: Room<u64, 2> = Room::new();
    let (sender, receiver) = ends(&OTHER);
    sender.send(0).unwrap();
    sender.send(1).unwrap();
    let leaves = spawn(move || {
        sleep_briefly();
        drop(receiver);
    });
    assert_eq!(sender.send(2).err().map(|error| error.0), Some(2), "there is no room, and nobody makes any");
    leaves.join().unwrap();
    assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)));
}

pub fn is_not_waited_for() {
    static ROOM: Room<u64, 2> = Room::new();
    let (sender, receiver) = ends(&ROOM);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    assert_eq!(
        (sender.try_send(1), sender.try_send(2), sender.try_send(3)),
        (Ok(()), Ok(()), Err(TrySendError::Full(3)))
    );
    assert_eq!([1, 2].map(|_| receiver.recv_timeout(Duration::from_millis(1))), [Ok(1), Ok(2)]);
    drop(sender);
    assert_eq!(receiver.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Disconnected));
}

pub fn drops_with_receiver() {
    static DROPPED: AtomicU64 = AtomicU64::new(0);
    #[derive(Debug)]
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, SeqCst);
        }
    }
    static ROOM: Room<Counted, 4> = Room::new();
    let (sender, receiver) = ends(&ROOM);
    for _ in 0..3 {
        sender.send(Counted).unwrap();
    }
    drop(receiver);
    assert_eq!(DROPPED.load(SeqCst), 3);
    drop(sender.send(Counted));
    assert_eq!(DROPPED.load(SeqCst), 4);
}
