//! What the threads share, and what it comes to.

use concurrency::sync::{Channel, Condvar, Mutex, RwLock, Semaphore};
use concurrency::thread;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire};
use runtime::Result;

/// What the threads of a component share.
pub struct Shop {
    sum: Mutex<u64>,
    /// Two numbers that whoever looks finds alike.
    pair: RwLock<(u64, u64)>,
    unlike: AtomicU64,
    values: Channel<u64, 8>,
    sent: AtomicU64,
    received: AtomicU64,
    tools: Mutex<u64>,
    tool_is_back: Condvar,
    with_tools: AtomicU64,
    places: Semaphore,
    inside: AtomicU64,
    insiders: AtomicU64,
    too_many: AtomicU64,
    served: Mutex<Served>,
    is_closed: Condvar,
}

/// How often others have called, and how often they say that they have.
struct Served {
    calls: u64,
    said: Option<u64>,
}

/// Tools, of which each thread takes one for a while.
const TOOLS: u64 = 3;
/// How many may be inside at once.
const PLACES: u64 = 2;

/// This component's.
pub static SHOP: Shop = Shop {
    sum: Mutex::new(0),
    pair: RwLock::new((0, 0)),
    unlike: AtomicU64::new(0),
    values: Channel::new(),
    sent: AtomicU64::new(0),
    received: AtomicU64::new(0),
    tools: Mutex::new(TOOLS),
    tool_is_back: Condvar::new(),
    with_tools: AtomicU64::new(0),
    places: Semaphore::new(PLACES),
    inside: AtomicU64::new(0),
    insiders: AtomicU64::new(0),
    too_many: AtomicU64::new(0),
    served: Mutex::new(Served { calls: 0, said: None }),
    is_closed: Condvar::new(),
};

impl Shop {
    /// Adds one under a lock, not in one step.
    pub fn add_up(&self) -> Result<()> {
        let mut sum = self.sum.lock()?;
        let before = *sum;
        core::hint::black_box(&before);
        *sum = before + 1;
        Ok(())
    }

    /// Looks at the pair, and then changes it, not in one step.
    pub fn look_and_change(&self) -> Result<()> {
        let pair = self.pair.read()?;
        let first = pair.0;
        dawdle(first)?;
        self.unlike.fetch_add(u64::from(first != core::hint::black_box(&*pair).1), AcqRel);
        drop(pair);
        let mut pair = self.pair.write()?;
        pair.0 += 1;
        dawdle(pair.0)?;
        core::hint::black_box(&mut *pair).1 += 1;
        Ok(())
    }

    /// Sends a value, and takes another one's, or its own. There is room for one from each thread, so nobody waits for ever.
    pub fn pass_on(&self) -> Result<()> {
        let value = self.sent.fetch_add(1, AcqRel);
        self.values.send(value)?;
        self.received.fetch_add(self.values.recv()?, AcqRel);
        Ok(())
    }

    /// Takes a tool when there is one, and brings it back.
    pub fn take_turns(&self) -> Result<()> {
        let mut tools = self.tool_is_back.wait_while(self.tools.lock()?, |tools| *tools == 0)?;
        *tools -= 1;
        drop(tools);
        self.with_tools.fetch_add(1, AcqRel);
        *self.tools.lock()? += 1;
        self.tool_is_back.notify_one();
        Ok(())
    }

    /// Is inside with few others.
    pub fn be_inside(&self) -> Result<()> {
        self.places.acquire()?;
        let inside = self.inside.fetch_add(1, AcqRel) + 1;
        self.too_many.fetch_add(u64::from(inside > PLACES), AcqRel);
        self.insiders.fetch_add(1, AcqRel);
        self.inside.fetch_sub(1, AcqRel);
        self.places.release(1);
        Ok(())
    }

    /// Counts a call.
    pub fn serve(&self) -> Result<()> {
        self.served.lock()?.calls += 1;
        Ok(())
    }

    /// Nobody calls any more; all together have called so often.
    pub fn close(&self, calls: u64) -> Result<()> {
        self.served.lock()?.said = Some(calls);
        self.is_closed.notify_all();
        Ok(())
    }

    /// Waits until nobody calls any more. Answers how often somebody has, or what was counted instead.
    pub fn closed(&self) -> Result<core::result::Result<u64, u64>> {
        let served = self.is_closed.wait_while(self.served.lock()?, |served| served.said.is_none())?;
        Ok(if served.said == Some(served.calls) { Ok(served.calls) } else { Err(served.calls) })
    }

    /// Whether what all threads did, so many times each, is what it should be.
    pub fn adds_up(&self, rounds: u64) -> Result<bool> {
        let of_all = (0..rounds).sum::<u64>();
        let passed_on = self.sent.load(Acquire) == rounds && self.received.load(Acquire) == of_all;
        let is_empty = self.values.try_recv().is_err();
        let took_turns = self.with_tools.load(Acquire) == rounds && *self.tools.lock()? == TOOLS;
        let were_alike = *self.pair.read()? == (rounds, rounds) && self.unlike.load(Acquire) == 0;
        let were_inside = self.insiders.load(Acquire) == rounds && self.too_many.load(Acquire) == 0;
        Ok(*self.sum.lock()? == rounds && were_alike && passed_on && is_empty && took_turns && were_inside)
    }
}

/// Lets others run, at times, in the midst of what they must not come into.
fn dawdle(number: u64) -> Result<()> {
    if number.is_multiple_of(8) { thread::yield_now() } else { Ok(()) }
}
