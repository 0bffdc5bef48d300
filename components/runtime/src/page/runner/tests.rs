//! Poster and runner as threads of the host.

extern crate std;

use super::super::tests::{Ends, ends_with};
use super::super::{PageError, Posts, Ticket, WorkerThreads};
use super::*;
use abi::error::Error as KernelError;
use core::sync::atomic::Ordering::SeqCst;
use std::boxed::Box;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::vec::Vec;

/// Who posts, and who has it served, by index.
const POSTER: usize = 0;
const RUNNER: usize = 1;

/// Two threads that sleep until they are woken.
#[derive(Default)]
pub struct Sleepers {
    woken: [(Mutex<bool>, Condvar); 2],
    is_over: AtomicBool,
    /// The core on which nobody can be.
    closed: u64,
}

std::thread_local! {
    static ME: core::cell::Cell<usize> = const { core::cell::Cell::new(POSTER) };
}

impl WorkerThreads for Sleepers {
    fn spawn(&self, _: Function) -> Result<()> {
        Ok(())
    }

    fn wake(&self, thread: u64) -> Result<()> {
        if self.closed == 4 && !self.is_over.load(SeqCst) {
            return Err(Error::numbered(2));
        }
        let (woken, bell) = &self.woken[thread as usize];
        *woken.lock().unwrap() = true;
        bell.notify_one();
        Ok(())
    }

    fn pause(&self) -> Result<()> {
        Ok(())
    }

    fn background(&self) -> Result<()> {
        Ok(())
    }
}

impl RunnerThreads for Sleepers {
    fn current(&self) -> u64 {
        ME.get() as u64
    }

    fn block(&self) -> Result<()> {
        let (woken, bell) = &self.woken[ME.get()];
        let mut woken = bell.wait_while(woken.lock().unwrap(), |woken| !*woken).unwrap();
        *woken = false;
        if self.is_over.load(SeqCst) { Err(Error::Unknown) } else { Ok(()) }
    }

    fn migrate(&self, core: u64) -> Result<()> {
        if core == self.closed { Err(Error::numbered(10)) } else { Ok(()) }
    }
}

/// However the test ends, the runner does.
struct Over<'t>(&'t Sleepers);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, SeqCst);
        self.0.wake(RUNNER as u64).unwrap();
    }
}

/// Runs `post` beside a runner on `core` for whom `serve` invokes the server.
fn beside(core: u64, serve: impl Fn(&Ends) -> Result<[u64; 2]> + Sync, post: impl FnOnce(&Posts<'_>)) {
    let permitting = |runner| ends_with(core + 1, Some(runner));
    beside_ends(core, permitting, serve, |ends, _| post(&ends.import.open().unwrap()));
}

/// The same for ends of any kind.
pub fn beside_ends(
    core: u64,
    ends: impl FnOnce(&'static Runner) -> Ends,
    serve: impl Fn(&Ends) -> Result<[u64; 2]> + Sync,
    post: impl FnOnce(&Ends, &Sleepers),
) {
    let threads: &Sleepers = Box::leak(Box::new(Sleepers { closed: 3, ..Sleepers::default() }));
    let runner: &Runner = Box::leak(Box::new(Runner::new(threads, |_| Ok(()))));
    let ends = ends(runner);
    thread::scope(|scope| {
        let (served, serve) = (&ends, &serve);
        scope.spawn(move || {
            ME.set(RUNNER);
            let ended = runner.run(core, served.header(), || serve(served).map_err(CallError::from));
            assert_eq!(ended, Err(Error::Unknown), "the test is over");
        });
        let _end = Over(threads);
        post(&ends, threads);
    });
}

fn served(ends: &Ends) -> Result<[u64; 2]> {
    let reply = ends.serve();
    Error::check(reply.status()).map(|()| reply.words())
}

#[test]
fn calls_that_another_thread_serves_answer_as_they_do_here() {
    beside(1, served, |posts| {
        for round in 0..300 {
            let sums: Vec<_> =
                (0..round % 64).map(|at| posts.post::<u64, Error, _>(0, [at, round, 0, 0]).unwrap()).collect();
            assert_eq!(posts.flush(), Ok(round % 64));
            for (at, sum) in (0..).zip(sums) {
                assert_eq!(sum.take(), Ok(at + round));
            }
            // Without a flush, taking a result waits for it.
            assert_eq!(posts.post::<u64, Error, _>(0, [round, 1, 0, 0]).unwrap().take(), Ok(round + 1));
        }
        assert_eq!(posts.free(), 64);
    });
}

#[test]
fn a_fault_ends_the_calls_that_it_hit_and_others_are_served() {
    let faults = AtomicBool::new(false);
    let serve = |ends: &Ends| if faults.swap(false, SeqCst) { ends.fault_at_a_call() } else { served(ends) };
    beside(1, serve, |posts| {
        let faulted: Result<u64> = Err(Error::Kernel(KernelError::Faulted));
        for round in 0..100 {
            faults.store(true, SeqCst);
            let post = |at| {
                let sum = posts.post::<u64, Error, _>(0, [at, round, 0, 0]).unwrap();
                // The server can be asked to go on before anybody has learnt of the fault.
                posts.hasten();
                sum
            };
            let sums: Vec<_> = (0..3).map(post).collect();
            assert_eq!(posts.flush().map_err(Error::from), faulted);
            let answers: Vec<_> = sums.into_iter().map(Ticket::take).collect();
            assert_eq!(answers.iter().filter(|answer| **answer == faulted).count(), 1, "{answers:?}");
        }
        assert_eq!(posts.free(), 64);
    });
}

#[test]
fn a_server_that_is_gone_is_an_error_each_time_and_nobody_waits_for_ever() {
    let gone = Error::Kernel(KernelError::Revoked);
    beside(
        1,
        |_| Err(gone),
        |posts| {
            for _ in 0..10 {
                let call = posts.post::<u64, Error, _>(0, [0; 4]).unwrap();
                assert_eq!(posts.flush().map_err(Error::from), Err(gone));
                assert_eq!(call.take(), Err(gone));
            }
        },
    );
}

#[test]
fn a_runner_that_cannot_be_woken_is_an_error_each_time() {
    let threads: &Sleepers = Box::leak(Box::new(Sleepers { closed: 4, ..Sleepers::default() }));
    let runner: &Runner = Box::leak(Box::new(Runner::new(threads, |_| Ok(()))));
    let ends = ends_with(2, Some(runner));
    let posts = ends.import.open().unwrap();
    assert!(runner.relay.prepare_to_sleep(0));
    for _ in 0..3 {
        let call = posts.post::<u64, Error, _>(0, [0; 4]).unwrap();
        assert_eq!(
            (posts.flush(), call.take()),
            (Err(CallError::Page(PageError::NotServed)), Err(Error::Page(PageError::NotServed)))
        );
    }
}

#[test]
fn a_core_to_which_the_runner_cannot_go_is_an_error() {
    beside(3, served, |posts| {
        let call = posts.post::<u64, Error, _>(0, [1, 1, 0, 0]).unwrap();
        assert_eq!(posts.flush(), Err(CallError::Page(PageError::NotServed)));
        assert_ne!(call.take(), Err(Error::Page(PageError::NotDone)));
    });
}

#[test]
fn a_server_that_has_always_more_to_do_is_an_error_if_it_answers_nothing_and_keeps_nobody() {
    let answers = AtomicBool::new(false);
    let serve = |ends: &Ends| {
        let [done, _] = if answers.load(SeqCst) { served(ends)? } else { [0; 2] };
        Ok([done, MORE])
    };
    beside(1, serve, |posts| {
        for round in 0..3 {
            let before = posts.service().unwrap();
            answers.store(round == 1, SeqCst);
            let call = posts.post::<u64, Error, _>(0, [round, 1, 0, 0]).unwrap();
            let flushed = posts.flush();
            let took = posts.service().unwrap().passes - before.passes;
            assert_eq!(took, ENTRIES as u64, "it is looked at no more often than a page has calls");
            match round {
                1 => assert_eq!((flushed.is_ok(), call.take()), (true, Ok(2))),
                _ => assert_eq!(flushed, Err(CallError::Page(PageError::NotServed))),
            }
        }
    });
}

/// Nobody can be woken, and one sleeps so many times.
struct Alone(AtomicU64);

impl WorkerThreads for Alone {
    fn spawn(&self, _: Function) -> Result<()> {
        Ok(())
    }

    fn wake(&self, _: u64) -> Result<()> {
        Err(Error::numbered(2))
    }

    fn pause(&self) -> Result<()> {
        Ok(())
    }

    fn background(&self) -> Result<()> {
        Ok(())
    }
}

impl RunnerThreads for Alone {
    fn current(&self) -> u64 {
        0
    }

    fn block(&self) -> Result<()> {
        self.0.fetch_update(SeqCst, SeqCst, |times| times.checked_sub(1)).map(drop).map_err(|_| Error::Unknown)
    }

    fn migrate(&self, _: u64) -> Result<()> {
        Ok(())
    }
}

fn alone(sleeps: u64) -> &'static Runner {
    let threads: &Alone = Box::leak(Box::new(Alone(AtomicU64::new(sleeps))));
    Box::leak(Box::new(Runner::new(threads, |_| Ok(()))))
}

#[test]
fn a_runner_outlives_who_waited_and_is_started_again_when_it_has_ended() {
    let runner = alone(1);
    let ends = ends_with(1, Some(runner));
    runner.start().unwrap();
    runner.announce();
    assert!(runner.relay.prepare_to_wait(false), "whoever waits will not be there any more");
    let passes = AtomicU64::new(0);
    let serve = || {
        passes.fetch_add(1, SeqCst);
        Ok([1, 0])
    };
    assert_eq!(runner.run(0, ends.header(), serve), Err(Error::Unknown), "it slept, and cannot a second time");
    assert_eq!((passes.load(SeqCst), runner.relay.take_done()), (1, 1));
    assert!(!runner.is_started.load(SeqCst));
    assert_eq!(runner.collect(|_| ()), Err(Error::Unknown), "and who waits is told");
}

#[test]
fn who_is_woken_for_another_reason_looks_for_itself() {
    let runner = alone(1);
    assert_eq!(runner.wait(false, |_| ()), Ok(0));
    assert_eq!(runner.wait(true, |_| ()), Err(Error::Unknown), "who waits for the end sleeps on");
}
