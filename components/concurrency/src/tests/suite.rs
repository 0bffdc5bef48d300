//! What threads, locks and channels do, as one source that is run against the standard library on the host and against this crate: on
//! the host, and in a booted system. Whoever includes it has a module `subject` beside it, which says whose they are.
//!
//! Nothing here knows how long anything takes, but for what says that it waits so long at least.

use super::subject::{
    Channel, Condvar, Mutex, Once, OnceLock, Semaphore, call_once, current, get_or_init, nanoseconds, park,
    park_briefly, sleep_briefly, spawn, wait_briefly, yield_now,
};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::SeqCst;

/// Every behaviour and its name.
pub const ALL: &[(&str, fn())] = &[
    ("what threads do under a lock adds up", adds_up),
    ("a lock that is taken is not taken again, and is free when it is given back", is_taken_once),
    ("who waits for a lock has it when it is given back", is_handed_over),
    ("a condition that is waited for is seen", condition_is_seen),
    ("each notification lets one go on at least, and each who waits goes on", notifies_each),
    ("all go on who wait", notifies_all),
    ("a wait that nobody ends ends by itself", times_out),
    ("of many who want it done one does it, and all see it done", does_once),
    ("a value is written once", writes_once),
    ("no more are inside than there are permits", limits),
    ("a permit that is given before it is wanted is there", permit_stays),
    ("values arrive in order", arrives_in_order),
    ("of what many send to many nothing is lost or doubled", arrives_once),
    ("a full channel takes nothing, and an empty one gives nothing", is_full_and_empty),
    ("what nobody has received is dropped with the channel", drops_what_is_left),
    ("a thread's result is its function's", has_result),
    ("a thread that nobody waits for runs all the same", runs_detached),
    ("a thread that was unparked before it parks goes on", unparks_before),
    ("a thread that parks goes on when it is unparked, or when its time comes", parks),
    ("threads come and go", comes_and_goes),
    ("a sleep lasts as long as it is to last", sleeps),
];

/// Threads at once, beside the one that starts them.
const THREADS: u64 = 4;

/// Times that each does what it does.
const TIMES: u64 = 50;

fn each(does: fn(u64)) {
    let threads: [_; THREADS as usize] = core::array::from_fn(|number| spawn(move || does(number as u64)));
    for thread in threads {
        thread.join().unwrap();
    }
}

fn adds_up() {
    static SUM: Mutex<u64> = Mutex::new(0);
    *SUM.lock().unwrap() = 0;
    each(|_| {
        for time in 0..TIMES {
            let mut sum = SUM.lock().unwrap();
            let before = *sum;
            // Whoever else runs now finds the lock taken.
            if time % 8 == 0 {
                yield_now();
            }
            *sum = before + 1;
        }
    });
    assert_eq!(*SUM.lock().unwrap(), THREADS * TIMES);
}

fn is_taken_once() {
    static LOCK: Mutex<()> = Mutex::new(());
    let guard = LOCK.lock().unwrap();
    assert!(LOCK.try_lock().is_err(), "by the same thread");
    assert!(!spawn(|| LOCK.try_lock().is_ok()).join().unwrap(), "by another");
    drop(guard);
    assert!(spawn(|| LOCK.try_lock().is_ok()).join().unwrap());
    assert!(LOCK.try_lock().is_ok());
}

fn is_handed_over() {
    static LOCK: Mutex<u64> = Mutex::new(0);
    let mut guard = LOCK.lock().unwrap();
    *guard = 1;
    let waits = spawn(|| core::mem::replace(&mut *LOCK.lock().unwrap(), 3));
    sleep_briefly();
    *guard = 2;
    drop(guard);
    assert_eq!(waits.join().unwrap(), 2);
    assert_eq!(*LOCK.lock().unwrap(), 3);
}

fn condition_is_seen() {
    static STEP: Mutex<u64> = Mutex::new(0);
    static CHANGED: Condvar = Condvar::new();
    *STEP.lock().unwrap() = 0;
    let other = spawn(|| {
        for step in (1..2 * TIMES).step_by(2) {
            let mut now = CHANGED.wait_while(STEP.lock().unwrap(), |now| *now != step).unwrap();
            *now += 1;
            drop(now);
            CHANGED.notify_one();
        }
    });
    for step in (0..2 * TIMES).step_by(2) {
        let mut now = CHANGED.wait_while(STEP.lock().unwrap(), |now| *now != step).unwrap();
        *now += 1;
        drop(now);
        CHANGED.notify_one();
    }
    other.join().unwrap();
    assert_eq!(*STEP.lock().unwrap(), 2 * TIMES);
}

/// How many wait, and how many may go on.
static WAITING: Mutex<(u64, u64)> = Mutex::new((0, 0));
static MAY: Condvar = Condvar::new();

fn let_go_on(notify: fn(&Condvar)) {
    *WAITING.lock().unwrap() = (0, 0);
    let threads: [_; THREADS as usize] = core::array::from_fn(|_| {
        spawn(|| {
            let mut state = WAITING.lock().unwrap();
            state.0 += 1;
            let mut state = MAY.wait_while(state, |(_, may)| *may == 0).unwrap();
            state.1 -= 1;
        })
    });
    while WAITING.lock().unwrap().0 < THREADS {
        yield_now();
    }
    notify(&MAY);
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*WAITING.lock().unwrap(), (THREADS, 0));
}

fn notifies_each() {
    let_go_on(|may| {
        for _ in 0..THREADS {
            WAITING.lock().unwrap().1 += 1;
            may.notify_one();
        }
    });
}

fn notifies_all() {
    let_go_on(|may| {
        WAITING.lock().unwrap().1 = THREADS;
        may.notify_all();
    });
}

fn times_out() {
    static LOCK: Mutex<()> = Mutex::new(());
    static NEVER: Condvar = Condvar::new();
    // A wait can end for no reason, but not each time.
    assert!((0..100).any(|_| wait_briefly(&NEVER, LOCK.lock().unwrap())));
    assert!(LOCK.try_lock().is_ok());
}

fn does_once() {
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

fn writes_once() {
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

fn limits() {
    const PERMITS: u64 = 2;
    static ALLOWED: Semaphore = Semaphore::new(PERMITS);
    static INSIDE: AtomicU64 = AtomicU64::new(0);
    each(|_| {
        for _ in 0..TIMES / 10 {
            ALLOWED.acquire().unwrap();
            assert!(INSIDE.fetch_add(1, SeqCst) < PERMITS);
            yield_now();
            INSIDE.fetch_sub(1, SeqCst);
            ALLOWED.release(1);
        }
    });
    assert_eq!(ALLOWED.available(), PERMITS);
}

fn permit_stays() {
    static ALLOWED: Semaphore = Semaphore::new(0);
    assert!(!ALLOWED.try_acquire());
    ALLOWED.release(2);
    assert!(ALLOWED.try_acquire());
    ALLOWED.acquire().unwrap();
    assert!(!ALLOWED.try_acquire());
}

fn arrives_in_order() {
    static CHANNEL: Channel<u64, 4> = Channel::new();
    let sends = spawn(|| (0..TIMES).for_each(|value| CHANNEL.send(value).unwrap()));
    for value in 0..TIMES {
        assert_eq!(CHANNEL.recv().unwrap(), value);
    }
    sends.join().unwrap();
}

fn arrives_once() {
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

fn is_full_and_empty() {
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

fn drops_what_is_left() {
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

fn has_result() {
    let captured = [1_u64, 2, 3];
    let thread = spawn(move || captured.iter().sum::<u64>());
    assert_eq!(thread.join().unwrap(), 6);
    let thread = spawn(yield_now);
    while !thread.is_finished() {
        yield_now();
    }
    thread.join().unwrap();
}

fn runs_detached() {
    static RAN: Semaphore = Semaphore::new(0);
    drop(spawn(|| RAN.release(1)));
    RAN.acquire().unwrap();
}

fn unparks_before() {
    current().unpark();
    current().unpark();
    park();
}

fn parks() {
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

fn comes_and_goes() {
    let mut sum = 0;
    for number in 0..200 {
        sum += spawn(move || number).join().unwrap();
    }
    assert_eq!(sum, 199 * 200 / 2);
}

fn sleeps() {
    let before = nanoseconds();
    sleep_briefly();
    assert!(nanoseconds() - before >= 1_000_000, "a millisecond");
}
