//! The suite of behaviours, against the standard library and against this crate with a scheduler that is played; and what is this crate's
//! own.

mod names;
mod of_std;
mod ours;
mod table;
mod uncontended;

use crate::point::has_ended;
use crate::scheduler::SCHED;
use crate::scheduler::played::{CALLS, IS_CALLED, REFUSES_POINTS};
use crate::sync::mpsc::{self, Queue, RecvTimeoutError};
use crate::sync::{
    Channel, Condvar, EventSet, LazyLock, Mutex, Once, OnceLock, Pipe, RwLock, Semaphore, TryRecvError, TrySendError,
};
use crate::thread::{JoinHandle, NOT_KEPT, spawn};
use crate::time::{Duration, Instant};
use crate::{HOLDER_ENDED, NO_TIME_LEFT, TOO_MANY_THREADS, ThreadError};
use sched_interface::SchedError;
use std::string::ToString;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex as Alone, MutexGuard};
use std::vec::Vec;

#[test]
fn the_standard_library_does_all_of_it() {
    of_std::suite::ALL.iter().for_each(|behaviour| (behaviour.tries)());
}

/// One test at a time looks at how many blockpoints there are.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Alone<()> = Alone::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[test]
fn this_does_what_the_standard_library_does() {
    let _alone = alone();
    ours::suite::ALL.iter().for_each(|behaviour| (behaviour.tries)());
}

#[test]
fn the_scheduler_knows_of_what_somebody_has_waited_for_until_that_is_dropped() {
    let _alone = alone();
    assert!(!has_ended(0), "there is a blockpoint at which this is asked");
    let before = SCHED.points();
    let (lock, permits, changed, once) = (Mutex::new(0), Semaphore::new(1), Condvar::new(), Once::new());
    drop(lock.lock());
    permits.acquire().unwrap();
    permits.release(1);
    changed.notify_one();
    changed.notify_all();
    once.call_once(|| ()).unwrap();
    assert_eq!(SCHED.points(), before, "nobody has waited");
    let (guard, soon) = (lock.lock().unwrap(), || Instant::now() + Duration::from_micros(1));
    assert_eq!(lock.lock_until(soon()).err(), Some(SchedError::WouldDeadlock.into()), "it is this thread's");
    permits.acquire().unwrap();
    assert_eq!(permits.acquire_until(soon()), Ok(false));
    assert!(changed.wait_timeout(guard, Duration::from_micros(1)).unwrap().1.timed_out());
    assert_eq!(SCHED.points(), before + 3);
    drop((lock, permits, changed, once));
    assert_eq!(SCHED.points(), before);
}

#[test]
fn a_lock_that_is_waited_for_too_long_is_not_taken() {
    let _alone = alone();
    static LOCK: Mutex<()> = Mutex::new(());
    let _guard = LOCK.lock().unwrap();
    let late = || LOCK.lock_until(Instant::now() + Duration::from_millis(1)).err();
    assert_eq!(spawn(late).unwrap().join(), Ok(Some(NO_TIME_LEFT)));
}

#[test]
fn what_the_scheduler_has_no_room_for_is_waited_for_all_the_same() {
    let _alone = alone();
    static LOCK: Mutex<u64> = Mutex::new(0);
    static PERMITS: Semaphore = Semaphore::new(0);
    let before = SCHED.points();
    let guard = LOCK.lock().unwrap();
    let waits = spawn(|| {
        REFUSES_POINTS.set(true);
        *LOCK.lock().unwrap() += 1;
        PERMITS.acquire().unwrap();
    });
    crate::thread::sleep(Duration::from_millis(1)).unwrap();
    drop(guard);
    PERMITS.release(1);
    let waits = waits.unwrap();
    while !waits.is_finished() {
        crate::thread::yield_now().unwrap();
    }
    waits.join().unwrap();
    assert_eq!((*LOCK.lock().unwrap(), SCHED.points()), (1, before));
}

#[test]
fn what_the_scheduler_has_no_room_for_is_told_of_who_is_lost() {
    static LOCK: Mutex<()> = Mutex::new(());
    static VALUE: RwLock<()> = RwLock::new(());
    static ONCE: Once = Once::new();
    let _alone = alone();
    assert!(!has_ended(0), "there is a blockpoint at which this is asked");
    let lost = spawn(|| {
        let _held = (LOCK.lock().unwrap(), VALUE.write().unwrap());
        ONCE.call_once(|| SCHED.fault())
    });
    let lost = lost.unwrap();
    REFUSES_POINTS.set(true);
    while !lost.is_finished() {
        crate::thread::yield_now().unwrap();
    }
    let late = LOCK.lock_until(Instant::now() + Duration::from_secs(20));
    assert_eq!(late.err(), Some(HOLDER_ENDED), "or who waits without a limit does so for ever");
    let told = [
        LOCK.lock().map(drop),
        VALUE.read().map(drop),
        VALUE.write().map(drop),
        ONCE.call_once(|| ()),
        lost.join().map(drop),
    ];
    let own = Mutex::new(());
    let _guard = own.lock().unwrap();
    let again = own.lock().map(drop);
    REFUSES_POINTS.set(false);
    assert_eq!((told, again), ([Err(HOLDER_ENDED); 5], Err(SchedError::WouldDeadlock.into())));
}

#[test]
fn a_wait_for_a_condition_ends_in_time_whether_the_scheduler_knows_of_it_or_not() {
    let _alone = alone();
    for refuses in [false, true] {
        REFUSES_POINTS.set(refuses);
        let (lock, changed) = (Mutex::new(0), Condvar::new());
        let looked = |looks: &mut u64| {
            *looks += 1;
            true
        };
        let (guard, over) = changed.wait_timeout_while(lock.lock().unwrap(), Duration::from_millis(5), looked).unwrap();
        assert!(over.timed_out());
        // No moment in between ends a wait.
        assert_eq!(*guard, 2);
        let (guard, over) = changed.wait_timeout(guard, Duration::from_millis(1)).unwrap();
        assert!(over.timed_out());
        let over = changed.wait_timeout_while(guard, Duration::from_secs(100), |looks| *looks == 0).unwrap().1;
        assert!(!over.timed_out());
    }
    REFUSES_POINTS.set(false);
}

/// The standard library may let the reader go first who comes when the last one leaves.
#[test]
fn who_comes_to_look_waits_behind_who_waits_to_change() {
    let _alone = alone();
    static VALUE: RwLock<u64> = RwLock::new(0);
    let reader = VALUE.read().unwrap();
    let writes = spawn(|| *VALUE.write().unwrap() = 1).unwrap();
    while VALUE.try_read().is_ok() {
        crate::thread::yield_now().unwrap();
    }
    let looks = spawn(|| *VALUE.read().unwrap()).unwrap();
    assert_eq!(VALUE.read_until(Instant::now() + Duration::from_millis(5)).err(), Some(NO_TIME_LEFT));
    drop(reader);
    assert_eq!((looks.join(), writes.join()), (Ok(1), Ok(())));
}

/// In order: the scheduler that is played keeps it.
#[test]
fn one_notification_lets_one_go_on() {
    let _alone = alone();
    static CAME: Mutex<Vec<u64>> = Mutex::new(Vec::new());
    static WENT: Mutex<Vec<u64>> = Mutex::new(Vec::new());
    static MAY: Condvar = Condvar::new();
    let waits = |number| {
        move || {
            let mut came = CAME.lock().unwrap();
            came.push(number);
            drop(MAY.wait(came).unwrap());
            WENT.lock().unwrap().push(number);
        }
    };
    let went = |count: u64| {
        while (WENT.lock().unwrap().len() as u64) < count {
            crate::thread::yield_now().unwrap();
        }
        // Whoever else goes on does so meanwhile.
        crate::thread::sleep(Duration::from_millis(2)).unwrap();
        let went = WENT.lock().unwrap();
        (0..count).eq(went.iter().copied())
    };
    let all = [0, 1, 2].map(|number| {
        let thread = spawn(waits(number)).unwrap();
        while SCHED.waiting() <= number as usize {
            crate::thread::yield_now().unwrap();
        }
        thread
    });
    for count in 1..=3 {
        MAY.notify_one();
        assert!(went(count), "{:?}", WENT.lock().unwrap());
    }
    all.into_iter().for_each(|thread| thread.join().unwrap());
}

/// A value to another thread and back, at once and by two calls, also where the scheduler has no room for who waits.
#[test]
fn values_go_there_and_back_at_once() {
    let _alone = alone();
    static THERE: Channel<u64, 2> = Channel::new();
    static BACK: Channel<u64, 2> = Channel::new();
    for refuses in [false, true] {
        let other = spawn(move || {
            REFUSES_POINTS.set(refuses);
            let mut value = THERE.recv().unwrap();
            while value < 300 {
                value = BACK.send_and_recv(value + 1, &THERE).unwrap();
            }
        });
        let back = |value| THERE.send_and_recv(value, &BACK).unwrap();
        assert!((0..300).all(|value| back(value) == value + 1));
        THERE.send(300).unwrap();
        other.unwrap().join().unwrap();
    }
    assert_eq!((THERE.try_recv(), BACK.try_recv()), (Err(TryRecvError), Err(TryRecvError)));
}

#[test]
fn a_pipe_has_two_ends_and_keeps_the_order() {
    let _alone = alone();
    static PIPE: Pipe<u64, 2> = Pipe::new();
    let (mut sender, mut receiver) = PIPE.split().unwrap();
    assert!(PIPE.split().is_none());
    assert_eq!(receiver.try_recv(), Err(TryRecvError));
    assert_eq!((sender.try_send(1), sender.try_send(2), sender.try_send(3)), (Ok(()), Ok(()), Err(TrySendError(3))));
    let late = || Instant::now() + Duration::from_micros(1);
    assert_eq!(sender.send_until(3, late()), Err(NO_TIME_LEFT));
    assert_eq!([receiver.recv(), receiver.recv_until(late())], [Ok(1), Ok(2)]);
    assert_eq!(receiver.recv_until(late()), Err(NO_TIME_LEFT));
    let sends = spawn(move || (0..1_000).try_for_each(|value| sender.send(value))).unwrap();
    assert!((0..1_000).all(|value| receiver.recv() == Ok(value)));
    assert_eq!(sends.join(), Ok(Ok(())));
}

#[test]
fn what_is_left_in_a_pipe_is_dropped_once() {
    let counted = std::sync::Arc::new(());
    let pipe: Pipe<_, 4> = Pipe::new();
    let (mut sender, mut receiver) = pipe.split().unwrap();
    (0..3).for_each(|_| assert!(sender.try_send(counted.clone()).is_ok()));
    drop(receiver.recv());
    assert_eq!(std::sync::Arc::strong_count(&counted), 3);
    drop(pipe);
    assert_eq!(std::sync::Arc::strong_count(&counted), 1);
}

/// Results for which there is room.
const RESULTS: usize = 16;

/// A thread that returns what it was given, and has ended.
fn ended<T: Send + Sync + 'static>(result: T) -> JoinHandle<T> {
    let thread = spawn(move || result).unwrap();
    while !thread.is_finished() {
        crate::thread::yield_now().unwrap();
    }
    thread
}

#[test]
fn results_whose_handles_die_with_their_threads_make_room() {
    static HELD: AtomicUsize = AtomicUsize::new(0);
    let _alone = alone();
    let counted = Arc::new(());
    for _ in 0..10 * RESULTS {
        let given = counted.clone();
        let holder = spawn(move || {
            let _never_joined = (ended(given.clone()), ended(given));
            HELD.fetch_add(1, Relaxed);
            SCHED.fault()
        });
        assert_eq!(holder.unwrap().join(), Err::<(), _>(HOLDER_ENDED));
    }
    assert_eq!(HELD.load(Relaxed), 10 * RESULTS, "each had its two threads, and no other end");
    assert!(Arc::strong_count(&counted) <= 1 + RESULTS, "{}", Arc::strong_count(&counted));
    assert_eq!(spawn(|| 7).unwrap().join(), Ok(7));
}

#[test]
fn results_whose_handles_are_there_are_kept_and_what_is_too_much_is_refused() {
    let _alone = alone();
    // One that has returned has moved its handle.
    let moved = spawn(|| ended(100)).unwrap().join().unwrap();
    let mut kept: Vec<_> = (0..).map_while(|number| spawn(move || number).ok()).take(2 * RESULTS).collect();
    assert!(kept.len() < RESULTS);
    assert_eq!(spawn(|| 0).err(), Some(TOO_MANY_THREADS));
    kept.push(moved);
    let results: Vec<_> = kept.drain(..).map(|thread| thread.join().unwrap()).collect();
    assert!(results.iter().take(results.len() - 1).copied().eq(0..results.len() as u64 - 1));
    assert_eq!(results.last(), Some(&100));
}

#[test]
fn a_result_of_a_call_gives_way_to_others_and_its_handle_is_told() {
    let _alone = alone();
    IS_CALLED.set(true);
    let oldest = ended(1);
    let given_up: Vec<_> = (0..10 * RESULTS as u64).map(ended).collect();
    let results: Vec<_> = given_up.into_iter().map(JoinHandle::join).collect();
    IS_CALLED.set(false);
    assert_eq!(oldest.join(), Err(NOT_KEPT), "and not what another has left there");
    let (gone, left) = results.split_at(results.len() - RESULTS);
    assert!(gone.iter().all(|result| *result == Err(NOT_KEPT)));
    assert!(left.iter().copied().eq((9 * RESULTS as u64..).map(Ok).take(RESULTS)), "{left:?}");
}

/// The standard library lets another make the value: its thread unwinds, and this one does not.
#[test]
fn a_value_whose_maker_is_lost_is_never_made() {
    let _alone = alone();
    static VALUE: OnceLock<u64> = OnceLock::new();
    let lost = spawn(|| VALUE.get_or_init(|| SCHED.fault()).map(|_| ()));
    assert_eq!(lost.unwrap().join(), Err(HOLDER_ENDED));
    assert_eq!((VALUE.get_or_init(|| 1), VALUE.set(2), VALUE.get()), (Err(HOLDER_ENDED), Err(2), None));
    static LAZY: LazyLock<u64> = LazyLock::new(|| SCHED.fault());
    let lost = spawn(|| *LAZY);
    assert_eq!(lost.unwrap().join(), Err(HOLDER_ENDED));
    assert_eq!(LazyLock::force(&LAZY).err(), Some(HOLDER_ENDED));
}

/// The standard library drops both ends when their threads unwind.
#[test]
fn an_end_that_is_lost_stays_held() {
    let _alone = alone();
    static QUEUE: Queue<u64, 2> = Queue::new();
    let (sender, receiver) = QUEUE.split().unwrap();
    let lost = spawn(move || {
        sender.send(1).unwrap();
        SCHED.fault()
    });
    assert_eq!(lost.unwrap().join(), Err::<(), _>(HOLDER_ENDED));
    let soon = Duration::from_millis(1);
    assert_eq!([receiver.recv_timeout(soon), receiver.recv_timeout(soon)], [Ok(1), Err(RecvTimeoutError::Timeout)]);
}

/// What there is none of, of each kind, with `?`.
#[test]
fn each_error_is_one_among_all() {
    static QUEUE: Queue<u64, 2> = Queue::new();
    fn full(channel: &Channel<u64, 2>) -> runtime::Result<()> {
        Ok((0..3).try_for_each(|value| channel.try_send(value))?)
    }
    fn empty(channel: &Channel<u64, 2>) -> runtime::Result<u64> {
        Ok(channel.try_recv()?)
    }
    fn taken(lock: &Mutex<()>) -> runtime::Result<()> {
        Ok(lock.try_lock().map(drop)?)
    }
    fn no_time(receiver: &mpsc::Receiver<'_, u64, 2>) -> runtime::Result<u64> {
        Ok(receiver.recv_timeout(Duration::from_micros(1))?)
    }
    fn alone_with(receiver: &mpsc::Receiver<'_, u64, 2>) -> runtime::Result<u64> {
        receiver
            .try_recv()
            .or_else(|_| receiver.recv_timeout(Duration::ZERO))
            .or_else(|_| receiver.recv())
            .map_err(Into::into)
    }
    let (lock, channel) = (Mutex::new(()), Channel::new());
    let _guard = lock.lock().unwrap();
    assert_eq!(empty(&channel), Err(ThreadError::Empty.error()));
    assert_eq!((full(&channel), taken(&lock)), (Err(ThreadError::Full.error()), Err(ThreadError::WouldBlock.error())));
    let (sender, receiver) = QUEUE.split().unwrap();
    assert_eq!(no_time(&receiver), Err(NO_TIME_LEFT));
    drop(sender);
    assert_eq!(alone_with(&receiver), Err(ThreadError::Disconnected.error()));
    let said: &dyn core::error::Error = &mpsc::TryRecvError::Empty;
    assert_eq!(said.to_string(), "there is no value");
    let all: [runtime::Error; 3] =
        [mpsc::SendError(1).into(), mpsc::TrySendError::Full(1).into(), mpsc::RecvError::Refused(HOLDER_ENDED).into()];
    assert_eq!(all, [ThreadError::Disconnected.error(), ThreadError::Full.error(), HOLDER_ENDED]);
}

#[test]
fn queues_in_a_set_are_waited_for_together() {
    static ANY: EventSet = EventSet::new();
    const LEFT: u64 = 1;
    const RIGHT: u64 = 2;
    let queues = [Queue::<u64, 4>::in_set(&ANY, LEFT), Queue::<u64, 4>::in_set(&ANY, RIGHT)];
    let [(left, lefts), (right, rights)] = queues.each_ref().map(|queue| queue.split().unwrap());
    assert_eq!(ANY.take(LEFT | RIGHT), 0, "nothing was sent");
    let told = || ANY.wait_until(LEFT | RIGHT, Instant::now() + Duration::from_secs(20)).unwrap();
    left.send(1).unwrap();
    assert_eq!((told(), lefts.try_recv()), (LEFT, Ok(1)));
    right.send(2).unwrap();
    left.send(3).unwrap();
    assert_eq!((told(), lefts.try_recv(), rights.try_recv()), (LEFT | RIGHT, Ok(3), Ok(2)));
    // Who waits is told, and of one that has nothing more to send, too.
    std::thread::scope(|scope| {
        scope.spawn(move || right.send(4).unwrap());
        let mut seen = 0;
        while seen & RIGHT == 0 {
            seen = told();
            assert_ne!(seen, 0, "of what was sent, nobody was told");
        }
        assert_eq!(rights.recv(), Ok(4));
    });
    drop(left);
    assert_eq!((told() & LEFT, lefts.try_recv()), (LEFT, Err(mpsc::TryRecvError::Disconnected)));
}
