//! Mailboxes, with a scheduler that lets others act while somebody waits.

use super::*;
use runtime::CallError;
use sched_interface::SchedError;
use std::sync::Mutex;
use std::vec::Vec;

/// What happens while a thread waits, one after another; and who was woken.
struct Played {
    meanwhile: Mutex<Vec<fn()>>,
    woken: Mutex<Vec<u64>>,
}

impl Played {
    const fn new() -> Self {
        Self { meanwhile: Mutex::new(Vec::new()), woken: Mutex::new(Vec::new()) }
    }
}

impl Sched for Played {
    fn yield_now(&self) -> sched_interface::Result<()> {
        unreachable!("nobody yields")
    }

    fn block(&self) -> sched_interface::Result<()> {
        let next = self.meanwhile.lock().unwrap().pop();
        next.map(|act| act()).ok_or(SchedError::Call(CallError::Unknown))
    }

    fn block_until(&self, _: u64) -> sched_interface::Result<bool> {
        unreachable!("nobody waits for a time")
    }

    fn sleep_until(&self, _: u64) -> sched_interface::Result<()> {
        unreachable!("nobody sleeps")
    }

    fn wake(&self, thread: u64) -> sched_interface::Result<()> {
        self.woken.lock().unwrap().push(thread);
        Ok(())
    }

    fn create(&self, _: u64) -> sched_interface::Result<u64> {
        unreachable!("no thread is created")
    }

    fn background(&self) -> sched_interface::Result<()> {
        unreachable!("nobody is in the background")
    }

    fn frequency(&self) -> sched_interface::Result<u64> {
        unreachable!("nobody asks for the time")
    }

    sched_interface::not_asked!(points, exchange, ends, cores);
}

const fn caller(token: u64, thread: u32) -> Caller {
    Caller { token, thread, core: 0 }
}

#[test]
fn a_message_says_who_sent_it_and_comes_once() {
    static SCHED: Played = Played::new();
    let mailboxes = Mailboxes::new(&SCHED);
    let (one, other) = (mailboxes.serve(caller(4, 0)), mailboxes.serve(caller(5, 1)));
    assert_eq!((one.address(), other.address()), (Ok(4), Ok(5)));
    assert_eq!(one.try_send(5, 0x1234), Ok(()));
    assert_eq!(one.try_send(5, 0x5678), Err(MailboxError::Full), "one message at a time");
    assert_eq!(other.receive(), Ok((4, 0x1234)));
    assert_eq!(other.receive(), Err(MailboxError::Call(CallError::Unknown)), "it waits for another");
    assert_eq!(one.try_send(5, 0x5678), Ok(()));
    assert!(SCHED.woken.lock().unwrap().is_empty(), "nobody waits any more");
}

#[test]
fn who_waits_is_woken_by_the_message() {
    static SCHED: Played = Played::new();
    static MAILBOXES: Mailboxes<Played> = Mailboxes::new(&SCHED);
    // The last is first: a wake-up for another reason lets it wait on.
    SCHED.meanwhile.lock().unwrap().push(|| MAILBOXES.serve(caller(4, 0)).try_send(5, 7).unwrap());
    SCHED
        .meanwhile
        .lock()
        .unwrap()
        .push(|| assert_eq!(MAILBOXES.serve(caller(5, 8)).receive(), Err(MailboxError::Receives)));
    assert_eq!(MAILBOXES.serve(caller(5, 9)).receive(), Ok((4, 7)));
    assert_eq!(*SCHED.woken.lock().unwrap(), [9]);
}

#[test]
fn addresses_that_there_are_not_are_refused() {
    static SCHED: Played = Played::new();
    let mailboxes = Mailboxes::new(&SCHED);
    for address in [MAILBOXES as u64, u64::MAX] {
        assert_eq!(mailboxes.serve(caller(4, 0)).try_send(address, 1), Err(MailboxError::NoSuchAddress));
        assert_eq!(mailboxes.serve(caller(address, 0)).address(), Err(MailboxError::NoSuchAddress));
        assert_eq!(mailboxes.serve(caller(address, 0)).receive(), Err(MailboxError::NoSuchAddress));
    }
}
