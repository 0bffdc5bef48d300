//! What threads, locks and channels do, as one source that is run against the standard library on the host and against this crate: on
//! the host, and in a booted system. Whoever includes it has a module `subject` beside it, which says whose they are.
//!
//! Nothing here knows how long anything takes, but for what says that it waits so long at least.

#[path = "suite/barrier.rs"]
mod barrier;
#[path = "suite/channel.rs"]
mod channel;
#[path = "suite/condvar.rs"]
mod condvar;
#[path = "suite/events.rs"]
mod events;
#[path = "suite/mpsc.rs"]
mod mpsc;
#[path = "suite/mutex.rs"]
mod mutex;
#[path = "suite/once.rs"]
mod once;
#[path = "suite/rwlock.rs"]
mod rwlock;
#[path = "suite/scope.rs"]
mod scope;
#[path = "suite/semaphore.rs"]
mod semaphore;
#[path = "suite/several.rs"]
mod several;
#[path = "suite/thread.rs"]
mod thread;
#[path = "suite/thread_local.rs"]
mod thread_local;
#[path = "suite/time.rs"]
mod time;

use super::subject::spawn;

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
    ($($text:literal => $about:ident :: $tries:ident,)*) => {
        &[$(Behaviour { text: $text, name: stringify!($tries), tries: $about::$tries }),*]
    };
}

/// Every behaviour. Which property of what each is about is said by a table (`components/concurrency/BEHAVIOURS.md`).
#[rustfmt::skip]
pub const ALL: &[Behaviour] = behaviours! {
    "what threads do under a lock adds up" => mutex::adds_up,
    "a lock that is taken is not taken again, and is free when it is given back" => mutex::is_taken_once,
    "who waits for a lock has it when it is given back" => mutex::is_handed_over,
    "a condition that is waited for is seen" => condvar::condition_is_seen,
    "each notification lets one go on at least, and each who waits goes on" => condvar::notifies_each,
    "all go on who wait" => condvar::notifies_all,
    "a wait that nobody ends ends by itself" => condvar::times_out,
    "of many who want it done one does it, and all see it done" => once::does_once,
    "a value is written once" => once::writes_once,
    "no more are inside than there are permits" => semaphore::limits,
    "a permit that is given before it is wanted is there" => semaphore::permit_stays,
    "values arrive in order" => channel::arrives_in_order,
    "of what many send to many nothing is lost or doubled" => channel::arrives_once,
    "a full channel takes nothing, and an empty one gives nothing" => channel::is_full_and_empty,
    "what nobody has received is dropped with the channel" => channel::drops_what_is_left,
    "a thread's result is its function's" => thread::has_result,
    "a thread that nobody waits for runs all the same" => thread::runs_detached,
    "a thread that was unparked before it parks goes on" => thread::unparks_before,
    "a thread that parks goes on when it is unparked, or when its time comes" => thread::parks,
    "threads come and go" => thread::comes_and_goes,
    "a sleep lasts as long as it is to last" => thread::sleeps,
    "many look at a value at once, and nobody while one changes it" => rwlock::is_looked_at,
    "a lock for readers and writers is taken by those who may have it together" => rwlock::is_shared_or_not,
    "what readers and writers do adds up" => rwlock::adds_up_with_readers,
    "a writer is not overtaken by readers that come when it waits already" => rwlock::is_not_overtaken,
    "nobody passes a barrier before all have come, and one of them leads" => barrier::meets,
    "of what many send to one nothing is lost, and of each it comes in order" => mpsc::arrives_from_many,
    "who is left alone at a queue is told so" => mpsc::is_left_alone,
    "a queue that is full or empty says so, and in time" => mpsc::is_not_waited_for,
    "what nobody has received is dropped with its receiver" => mpsc::drops_with_receiver,
    "any of several events is waited for, and each is told once" => events::waits_for_any,
    "a value that is made when it is needed is made once" => once::makes_once,
    "threads of a scope borrow, and have ended when it ends" => scope::borrows,
    "a thread has the name that it was given" => thread::has_name,
    "each thread has values of its own, which are dropped when it ends" => thread_local::has_its_own,
    "points in time and lengths of time add up" => time::times_add_up,
    "who has waited for a lock for long enough does not have it, and is in nobody's way" => mutex::gives_up_a_lock,
    "who has waited for a permit for long enough does not have it" => semaphore::gets_no_permit_in_time,
    "what there is no room for, and what is not there, is waited for as long as is said" => channel::is_not_sent_in_time,
    "what holds a value drops it once, if there is one" => several::drops_its_value,
    "of many that park each goes on when it is unparked" => thread::unparks_each,
    "many sleep at once" => thread::sleeps_together,
    "who yields lets its equals go first" => thread::lets_others_go,
    "whoever waits for a thread that panics is told so" => several::is_told_of_a_panic,
    "a scope ends though a thread of it panics, and says so" => scope::ends_with_a_panic,
    "who waits for a condition is told that its lock is lost" => condvar::is_told_by_the_condition,
    "what a thread has acquired that panics is nobody else's" => semaphore::keeps_its_permit,
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
