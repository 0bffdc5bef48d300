//! What is called: calls that end at once and calls that wait, with results, errors and faults; and who serves them.

use super::super::{Batch, Ends, Hands, TOKEN};
use crate::page::runner::tests::Sleepers;
use crate::page::tests::Serves;
use crate::page::{RunnerThreads, Workers};
use crate::server::Invocation;
use crate::waiting::Sleeper;
use crate::{Error, Result};
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::vec::Vec;

/// Calls that end at once and calls that wait, each with a result or an error.
#[crate::interface]
pub trait Ways {
    /// Answers the sum, and how many calls of this method were made before.
    fn add(&self, a: u64, b: u64) -> Result<(u64, u64)>;
    /// Fails.
    fn fails(&self, number: u8) -> Result<(u64, u64)>;
    /// Answers the difference, later.
    #[may_block]
    fn later(&self, a: u64, b: u64) -> Result<(u64, u64)>;
    /// Fails later.
    #[may_block]
    fn fails_later(&self, number: u8) -> Result<(u64, u64)>;
    /// The edge does not permit it.
    fn forbidden(&self, a: u64) -> Result<(u64, u64)>;
    /// Faults.
    fn stumbles(&self, number: u64) -> Result<(u64, u64)>;
    /// Faults later.
    #[may_block]
    fn stumbles_later(&self, number: u64) -> Result<(u64, u64)>;
}

/// All but one.
pub const PERMITTED: u64 = 0b110_1111;

/// The first of the methods that fault.
pub const STUMBLES: u16 = 5;

/// Methods that there are.
pub const METHODS: u16 = WaysServer::METHODS as u16;

const FAULTED: Error = Error::Kernel(abi::error::Error::Faulted);

/// A method, and its words.
pub type Asked = (u16, [u64; 2]);

/// What a call comes to.
pub type Answered = Result<(u64, u64)>;

/// The calls that were made, in their order.
#[derive(Default)]
pub struct Made(Mutex<Vec<Asked>>);

impl Made {
    /// Answers how often the method was called before.
    fn note(&self, call: Asked) -> u64 {
        let mut made = self.0.lock().unwrap();
        made.push(call);
        made.iter().filter(|before| before.0 == call.0).count() as u64 - 1
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Forgets all calls.
    pub fn clear(&self) {
        self.0.lock().unwrap().clear();
    }

    /// Calls of methods that end at once, in the order in which they were made; and the others, whose order is theirs.
    pub fn calls(&self) -> [Vec<Asked>; 2] {
        let waits = |call: &Asked| WaysServer::MAY_BLOCK >> call.0 & 1 == 1;
        let (mut later, at_once): (Vec<_>, Vec<_>) = self.0.lock().unwrap().iter().copied().partition(waits);
        later.sort_unstable();
        [at_once, later]
    }
}

impl Ways for Made {
    fn add(&self, a: u64, b: u64) -> Answered {
        let before = self.note((0, [a, b]));
        Ok((a.wrapping_add(b), before))
    }

    fn fails(&self, number: u8) -> Answered {
        self.note((1, [number.into(), 0]));
        Err(Error::numbered(number.into()))
    }

    fn later(&self, a: u64, b: u64) -> Answered {
        self.note((2, [a, b]));
        Ok((a.wrapping_sub(b), a))
    }

    fn fails_later(&self, number: u8) -> Answered {
        self.note((3, [number.into(), 0]));
        Err(Error::numbered(number.into()))
    }

    fn forbidden(&self, _: u64) -> Answered {
        unreachable!("the edge does not permit this")
    }

    /// The server is left as it is then.
    fn stumbles(&self, number: u64) -> Answered {
        self.note((STUMBLES, [number, 0]));
        resume_unwind(Box::new(()))
    }

    fn stumbles_later(&self, number: u64) -> Answered {
        self.note((6, [number, 0]));
        resume_unwind(Box::new(()))
    }
}

/// What the kernel and the server make of a direct call.
pub fn direct(made: &Made, call: Asked) -> Answered {
    if PERMITTED >> call.0 & 1 == 0 {
        return Err(Error::Kernel(abi::error::Error::MethodNotPermitted));
    }
    let (status, [first, second]) = invoke(made, call);
    Error::check(status).map(|()| (first, second))
}

/// Enters the server, as the kernel would: whoever faults there is back here.
pub fn invoke(made: &Made, (method, [first, second]): Asked) -> (u16, [u64; 2]) {
    let words = [first, second, 0, 0];
    let dispatch = || WaysServer::dispatch(made, Invocation { method: method.into(), words, token: TOKEN });
    let reply = catch_unwind(AssertUnwindSafe(dispatch));
    reply.map_or((FAULTED.status(), [0; 2]), |reply| (reply.status(), reply.words()))
}

/// A server with workers, which are through with what they have as soon as nothing else is to be done.
#[derive(Default)]
pub struct Service {
    pub made: Made,
    workers: Workers,
    /// Whether workers were started since they were through: at the end of a serving, if it comes to that.
    is_started: AtomicBool,
}

impl Service {
    /// Its batch entry, entered as the kernel would.
    pub fn serve(&self, ends: &Ends) -> Result<[u64; 2]> {
        let batch = Batch { method: 0, row: 0, identity: 0 };
        let dispatch = |posted: crate::page::Posted<'_>| WaysServer::dispatch(&self.made, posted);
        let serve = || ends.with_workers.serve(batch, WaysServer::METHODS, WaysServer::MAY_BLOCK, dispatch);
        let reply = catch_unwind(AssertUnwindSafe(serve)).map_err(|_| FAULTED)?;
        self.is_started.store(true, Relaxed);
        assert_eq!(reply.status(), 0);
        Ok(reply.words())
    }

    /// What its workers do, if there are any.
    pub fn work(&self, ends: &Ends) {
        if !self.is_started.swap(false, Relaxed) {
            return;
        }
        self.workers.work_by(&ends.with_workers, &Hands::default(), |_, request| {
            let [first, second, ..] = request.args;
            let (status, words) = invoke(&self.made, (request.method, [first, second]));
            syscall_page::Reply { status, words }
        });
    }
}

/// Has the page served on the spot; who waits longer waits for the workers.
#[derive(Clone, Copy)]
pub struct Here<'e> {
    pub ends: &'e Ends,
    pub service: &'e Service,
    /// Who wakes whom, if another thread has the page served.
    pub beside: Option<&'e Sleepers>,
}

impl Serves for Here<'_> {
    fn serve_for(&self, _: u64) -> Result<u64> {
        let [done, _] = self.service.serve(self.ends)?;
        if done == 0 {
            self.service.work(self.ends);
        }
        Ok(done)
    }
}

impl Sleeper for Here<'_> {
    /// Without another thread, nobody but workers can wake it.
    fn sleep_until(&self, _: u64) -> Result<()> {
        if let Some(threads) = self.beside {
            return threads.block();
        }
        let before = self.service.made.len();
        self.service.work(self.ends);
        if self.service.made.len() > before { Ok(()) } else { Err(Error::Unknown) }
    }

    fn wake(&self, _: u64) -> Result<()> {
        Ok(())
    }
}
