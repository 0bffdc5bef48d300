//! What threads, locks and channels do, as one source that is run against the standard library on the host and against this crate: on
//! the host, and in a booted system. Whoever includes it has a module `subject` beside it, which says whose they are.
//!
//! Nothing here knows how long anything takes, but for what says that it waits so long at least.

#[path = "suite/edges.rs"]
mod edges;

use super::subject::{
    Channel, Condvar, Duration, EventSet, Instant, LazyLock, Mutex, Once, OnceLock, RecvTimeoutError, Room, RwLock,
    Semaphore, TryRecvError, TrySendError, barrier, call_once, current, die, ends, get_or_init, is_never_done, meet,
    park, park_briefly, scope, sleep_briefly, spawn, spawn_in, spawn_named, thread_local, wait_briefly,
    wait_briefly_for_any, yield_now,
};
use core::cell::{Cell, RefCell};
use core::sync::atomic::Ordering::SeqCst;
use core::sync::atomic::{AtomicBool, AtomicU64};
use edges::{
    drops_its_value, gets_no_permit_in_time, gives_up_a_lock, is_not_sent_in_time, is_told_by_the_condition,
    keeps_its_permit, lets_others_go, sleeps_together, unparks_each,
};

/// A behaviour.
pub struct Behaviour {
    /// What it is.
    pub text: &'static str,
    /// The function that tries it, by the name that the table of behaviours has for it.
    pub name: &'static str,
    /// Tries it.
    pub tries: fn(),
}

macro_rules! behaviours {
    ($($text:literal => $tries:ident,)*) => {
        &[$(Behaviour { text: $text, name: stringify!($tries), tries: $tries }),*]
    };
}

/// Every behaviour. Which property of what each is about is said by a table (`components/concurrency/BEHAVIOURS.md`).
#[rustfmt::skip]
pub const ALL: &[Behaviour] = behaviours! {
    "what threads do under a lock adds up" => adds_up,
    "a lock that is taken is not taken again, and is free when it is given back" => is_taken_once,
    "who waits for a lock has it when it is given back" => is_handed_over,
    "a condition that is waited for is seen" => condition_is_seen,
    "each notification lets one go on at least, and each who waits goes on" => notifies_each,
    "all go on who wait" => notifies_all,
    "a wait that nobody ends ends by itself" => times_out,
    "of many who want it done one does it, and all see it done" => does_once,
    "a value is written once" => writes_once,
    "no more are inside than there are permits" => limits,
    "a permit that is given before it is wanted is there" => permit_stays,
    "values arrive in order" => arrives_in_order,
    "of what many send to many nothing is lost or doubled" => arrives_once,
    "a full channel takes nothing, and an empty one gives nothing" => is_full_and_empty,
    "what nobody has received is dropped with the channel" => drops_what_is_left,
    "a thread's result is its function's" => has_result,
    "a thread that nobody waits for runs all the same" => runs_detached,
    "a thread that was unparked before it parks goes on" => unparks_before,
    "a thread that parks goes on when it is unparked, or when its time comes" => parks,
    "threads come and go" => comes_and_goes,
    "a sleep lasts as long as it is to last" => sleeps,
    "many look at a value at once, and nobody while one changes it" => is_looked_at,
    "a lock for readers and writers is taken by those who may have it together" => is_shared_or_not,
    "what readers and writers do adds up" => adds_up_with_readers,
    "a writer is not overtaken by readers that come when it waits already" => is_not_overtaken,
    "nobody passes a barrier before all have come, and one of them leads" => meets,
    "of what many send to one nothing is lost, and of each it comes in order" => arrives_from_many,
    "who is left alone at a queue is told so" => is_left_alone,
    "a queue that is full or empty says so, and in time" => is_not_waited_for,
    "what nobody has received is dropped with its receiver" => drops_with_receiver,
    "any of several events is waited for, and each is told once" => waits_for_any,
    "a value that is made when it is needed is made once" => makes_once,
    "threads of a scope borrow, and have ended when it ends" => borrows,
    "a thread has the name that it was given" => has_name,
    "each thread has values of its own, which are dropped when it ends" => has_its_own,
    "points in time and lengths of time add up" => times_add_up,
    "who has waited for a lock for long enough does not have it, and is in nobody's way" => gives_up_a_lock,
    "who has waited for a permit for long enough does not have it" => gets_no_permit_in_time,
    "what there is no room for, and what is not there, is waited for as long as is said" => is_not_sent_in_time,
    "what holds a value drops it once, if there is one" => drops_its_value,
    "of many that park each goes on when it is unparked" => unparks_each,
    "many sleep at once" => sleeps_together,
    "who yields lets its equals go first" => lets_others_go,
    "whoever waits for a thread that panics is told so" => is_told_of_a_panic,
    "a scope ends though a thread of it panics, and says so" => ends_with_a_panic,
    "who waits for a condition is told that its lock is lost" => is_told_by_the_condition,
    "what a thread has acquired that panics is nobody else's" => keeps_its_permit,
};

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
    let before = Instant::now();
    sleep_briefly();
    assert!(before.elapsed() >= Duration::from_millis(1));
}

fn is_looked_at() {
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

fn is_shared_or_not() {
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

fn is_not_overtaken() {
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

fn adds_up_with_readers() {
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

fn meets() {
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

fn arrives_from_many() {
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

fn is_left_alone() {
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

fn is_not_waited_for() {
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

fn drops_with_receiver() {
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

fn waits_for_any() {
    static EVENTS: EventSet = EventSet::new();
    assert_eq!((EVENTS.take(!0), wait_briefly_for_any(&EVENTS, 0b11)), (0, 0));
    EVENTS.trigger(0b101);
    assert_eq!((EVENTS.wait(0b11).unwrap(), EVENTS.take(0b11), EVENTS.wait(0b110).unwrap()), (0b1, 0, 0b100));
    let triggers = spawn(|| {
        sleep_briefly();
        EVENTS.trigger(0b1000);
        EVENTS.trigger(0b10);
    });
    assert_eq!(EVENTS.wait(0b10).unwrap(), 0b10);
    triggers.join().unwrap();
    assert_eq!((EVENTS.wait(0b1010).unwrap(), EVENTS.take(!0)), (0b1000, 0));
    each(|number| {
        for _ in 0..TIMES / 10 {
            EVENTS.trigger(1 << (2 * number));
            EVENTS.wait(1 << (2 * number)).unwrap();
        }
    });
}

fn makes_once() {
    static MADE: AtomicU64 = AtomicU64::new(0);
    static VALUE: LazyLock<u64> = LazyLock::new(|| {
        sleep_briefly();
        MADE.fetch_add(1, SeqCst) + 5
    });
    each(|_| assert_eq!((*VALUE, MADE.load(SeqCst)), (5, 1)));
}

fn borrows() {
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

fn has_name() {
    let thread = spawn_named("clerk", || current().name().is_some_and(|name| name == "clerk"));
    assert!(thread.thread().name().is_some_and(|name| name == "clerk"));
    assert!(thread.join().unwrap());
    assert!(spawn(|| current().name().is_none()).join().unwrap());
}

fn has_its_own() {
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

fn times_add_up() {
    let (before, length) = (Instant::now(), Duration::from_micros(1_500));
    let after = before + length;
    // A clock need not tell each nanosecond.
    assert!(after - before >= length && after - before < length + Duration::from_micros(1));
    assert!(before.duration_since(after) == Duration::ZERO && after > before);
    assert!(before.checked_add(Duration::from_secs(1)).is_some_and(|later| later > after));
}

fn is_told_of_a_panic() {
    static LOCK: Mutex<u64> = Mutex::new(0);
    static VALUE: RwLock<u64> = RwLock::new(0);
    static ONCE: Once = Once::new();
    static HAS_ALL: AtomicBool = AtomicBool::new(false);
    let thread = spawn(|| {
        let (mut first, mut second) = (LOCK.lock().unwrap(), VALUE.write().unwrap());
        (*first, *second) = (1, 1);
        call_once(&ONCE, || {
            HAS_ALL.store(true, SeqCst);
            sleep_briefly();
            die()
        });
    });
    while !HAS_ALL.load(SeqCst) {
        yield_now();
    }
    // One waits already when it happens, the others come later.
    assert!(LOCK.lock().is_err() && LOCK.try_lock().is_err());
    while !thread.is_finished() {
        yield_now();
    }
    assert!(thread.join().is_err());
    assert!(VALUE.read().is_err() && VALUE.write().is_err() && VALUE.try_write().is_err());
    assert!(is_never_done(&ONCE) && !ONCE.is_completed());
}

fn ends_with_a_panic() {
    static RAN: AtomicU64 = AtomicU64::new(0);
    let ended = scope(|scope| {
        drop(spawn_in(scope, || -> () { die() }));
        drop(spawn_in(scope, || RAN.fetch_add(1, SeqCst)));
        5
    });
    assert_eq!((ended, RAN.load(SeqCst)), (Err(()), 1));
}
