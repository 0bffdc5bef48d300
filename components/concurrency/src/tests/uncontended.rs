//! Who need not wait calls nobody: not the scheduler, and so not the kernel.

use super::{CALLS, SCHED, alone};
use crate::sync::mpsc::Queue;
use crate::sync::{Barrier, Channel, Condvar, EventSet, LazyLock, Mutex, Once, OnceLock, Pipe, RwLock, Semaphore};
use crate::thread::{current, spawn};
use crate::time::{Duration, Instant};

/// Calls of the scheduler by this thread, while it does something.
fn calls(does: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    does();
    CALLS.get() - before
}

fn late() -> Instant {
    Instant::now() + Duration::from_secs(100)
}

#[test]
fn locks_that_nobody_has() {
    let (mutex, lock, permits) = (Mutex::new(0), RwLock::new(0), Semaphore::new(1));
    let does = || {
        *mutex.lock().unwrap() += 1;
        *mutex.lock_until(late()).unwrap() += 1;
        *mutex.try_lock().unwrap() += 1;
        *lock.write().unwrap() += 1;
        *lock.write_until(late()).unwrap() += 1;
        *lock.try_write().unwrap() += 1;
        drop((lock.read().unwrap(), lock.read_until(late()).unwrap(), lock.try_read().unwrap()));
        permits.acquire().unwrap();
        permits.release(1);
    };
    assert_eq!(calls(does), 0);
}

#[test]
fn what_is_done_once() {
    static LAZY: LazyLock<u64> = LazyLock::new(|| 7);
    let (once, cell) = (Once::new(), OnceLock::new());
    let does = || {
        (0..2).for_each(|_| once.call_once(|| ()).unwrap());
        assert_eq!((cell.get_or_init(|| 7), cell.get()), (Ok(&7), Some(&7)));
        assert_eq!((*LAZY, *LAZY), (7, 7));
    };
    assert_eq!(calls(does), 0);
}

#[test]
fn conditions_and_events_for_which_nobody_waits() {
    let (changed, barrier, events) = (Condvar::new(), Barrier::new(1), EventSet::new());
    let does = || {
        changed.notify_one();
        changed.notify_all();
        assert!(barrier.wait().unwrap().is_leader());
        events.trigger(0b11);
        assert_eq!((events.wait(0b1), events.take(0b10)), (Ok(0b1), 0b10));
    };
    assert_eq!(calls(does), 0);
}

#[test]
fn channels_with_room_and_values() {
    let (channel, pipe, queue) = (Channel::<_, 4>::new(), Pipe::<_, 4>::new(), Queue::<_, 4>::new());
    let does = || {
        channel.send(1).unwrap();
        channel.try_send(2).unwrap();
        assert_eq!((channel.recv(), channel.try_recv()), (Ok(1), Ok(2)));
        let (mut sender, mut receiver) = pipe.split().unwrap();
        sender.send(3).unwrap();
        assert_eq!(receiver.recv(), Ok(3));
        let (sender, receiver) = queue.split().unwrap();
        sender.clone().send(4).unwrap();
        sender.try_send(5).unwrap();
        assert_eq!((receiver.recv(), receiver.try_recv()), (Ok(4), Ok(5)));
    };
    assert_eq!(calls(does), 0);
}

#[test]
fn time_and_names() {
    let does = || {
        assert!(Instant::now() < late());
        let _ = (current(), Instant::now().elapsed());
    };
    assert_eq!(calls(does), 0);
}

/// Another waits for each of these once; afterwards nobody does, and nobody is called.
#[test]
fn what_was_waited_for_once() {
    let _alone = alone();
    static LOCK: Mutex<u64> = Mutex::new(0);
    static VALUE: RwLock<u64> = RwLock::new(0);
    static PERMITS: Semaphore = Semaphore::new(0);
    static CHANGED: Condvar = Condvar::new();
    static EVENTS: EventSet = EventSet::new();
    static CHANNEL: Channel<u64, 4> = Channel::new();
    let (guard, writer) = (LOCK.lock().unwrap(), VALUE.write().unwrap());
    let waits = spawn(|| {
        PERMITS.acquire().unwrap();
        EVENTS.wait(1).unwrap();
        CHANNEL.recv().unwrap();
        *VALUE.write().unwrap() += 1;
        drop(CHANGED.wait_while(LOCK.lock().unwrap(), |done| *done == 0).unwrap());
    });
    let waits = waits.unwrap();
    // One after the other, each as soon as it is waited for.
    let steps: [&dyn Fn(); 3] = [&|| PERMITS.release(1), &|| EVENTS.trigger(1), &|| CHANNEL.send(1).unwrap()];
    steps.iter().for_each(|step| SCHED.when_one_waits(step));
    SCHED.when_one_waits(|| drop(writer));
    SCHED.when_one_waits(|| drop(guard));
    SCHED.when_one_waits(|| {
        *LOCK.lock().unwrap() = 1;
        CHANGED.notify_one();
    });
    waits.join().unwrap();
    let does = || {
        *LOCK.lock().unwrap() += 1;
        *VALUE.write().unwrap() += 1;
        drop(VALUE.read().unwrap());
        PERMITS.release(1);
        PERMITS.acquire().unwrap();
        CHANGED.notify_one();
        CHANGED.notify_all();
        EVENTS.trigger(1);
        EVENTS.wait(1).unwrap();
        CHANNEL.send(2).unwrap();
        CHANNEL.recv().unwrap();
    };
    assert_eq!(calls(does), 0);
}

/// The clock's rate is asked for once by all; and what has to wait, or to start another, does call.
#[test]
fn the_count_counts() {
    assert!(calls(|| spawn(|| ()).unwrap().join().unwrap()) > 0);
    assert!(calls(|| assert_eq!(Semaphore::new(0).acquire_until(Instant::now()), Ok(false))) > 0);
}
