//! Who survives: on another core, with a table of its own, it invokes the component, lets the component's thread run, and
//! uses what it holds of it, all the time and whatever the constructor does meanwhile.

use crate::CONSTRUCTOR;
use crate::across::shared::{ADDRESS, Phase, Shared, State, shared};
use crate::across::stale;
use crate::asking::{Answer, pair};
use abi::error::Error;
use abi::event::{Event, What};
use abi::layout::{DEFAULT_BASE, PAGE, READ};
use abi::operation::{
    ComponentOperation, PageTableOperation, ReceiveOperation, TableOperation, ThreadEnd, ThreadOperation,
    receive_flag::DO_NOT_WAIT,
};
use abi::register::number::RIP;
use core::mem::offset_of;

/// The slots of the caller's own table.
pub mod slot {
    /// That table.
    pub const OWN: u32 = 1;
    /// Its end-point.
    pub const RECEIVE: u32 = 2;
    /// The invocation of the component.
    pub const INVOCATION: u32 = 8;
    /// The component.
    pub const COMPONENT: u32 = 9;
    /// Its table.
    pub const TABLE: u32 = 10;
    /// Its page table.
    pub const PAGE_TABLE: u32 = 11;
    /// Its thread.
    pub const THREAD: u32 = 12;
    /// A copy of that.
    pub const THREAD_COPY: u32 = 13;
    /// The thread's end-point.
    pub const ITS_RECEIVE: u32 = 14;
    /// The right to send there.
    pub const ITS_SEND: u32 = 15;
    /// What the caller makes: an invocation of the component.
    pub const MADE: u32 = 20;
    /// Never filled.
    pub const FREE: u32 = 21;
}

/// Slot and page of the component's that the caller fills and empties.
const ITS_SLOT: u32 = 5;
const ITS_PAGE: u64 = DEFAULT_BASE + 9 * PAGE;
/// Ticks after which the thread is preempted, in the lives in which it is.
const TURN: u64 = 20_000;

/// Asks the object behind a capability of the caller's table.
pub fn ask(capability: u32, operation: u16, words: [u64; 4]) -> Answer {
    CONSTRUCTOR.operate(capability, operation, words)
}

/// What the caller does, until there are no more lives.
pub extern "C" fn run() -> u16 {
    loop {
        let state = shared().state();
        visit(state.life());
        use_objects();
        if state.is(Phase::Dead) {
            stale::all();
            shared().enter(state.with(Phase::Tried));
        } else if state.is(Phase::Buried) {
            stale::thread();
            shared().enter(state.with(Phase::Left));
        } else if state.is(Phase::Over) {
            return 0;
        }
    }
}

/// Invokes the component and lets its thread run, in an order that changes with the lives.
fn visit(life: u64) {
    let (preempt, thread_first) = (life % 4 == 3, life & 4 != 0);
    let run = if preempt { run_in_turns } else { run_to_the_end };
    if thread_first {
        run();
    }
    invoke(slot::INVOCATION);
    if !thread_first {
        run();
    }
}

/// What is known before something is tried.
struct Before {
    state: State,
    entered: u64,
    /// Whether what is tried goes with the component: the thread stays until the caller ends it.
    goes: bool,
}

impl Before {
    fn now(goes: bool) -> Self {
        Self { state: shared().state(), entered: shared().caller.entered.get(), goes }
    }

    /// Counts the answer as wrong unless it is `right` now: while the component lives, that is success alone; when all that
    /// led to it is stale, `Revoked` alone; and in between, one of `between` as well.
    fn judge(&self, what: u64, answer: Answer, between: &[Error]) {
        let now = shared().state();
        let is_stale = self.goes && self.state.is_stale() && now.is_stale();
        let is_right = match answer {
            Ok(_) => !is_stale,
            Err(_) if self.state == now && now.is(Phase::Alive) => false,
            Err(Error::Revoked) => true,
            Err(error) => between.contains(&error) && !is_stale,
        };
        if !is_right {
            complain(what, answer);
        }
        self.leave(answer == Err(Error::Revoked));
    }

    /// Notes that the other core is in neither the component nor the server any more.
    fn leave(&self, is_unwound: bool) {
        shared().caller.place.set(0);
        if is_unwound && shared().caller.entered.get() != self.entered {
            shared().unwound.count();
        }
    }
}

/// Counts a wrong answer.
pub fn complain(what: u64, answer: Answer) {
    if shared().wrong.get() == 0 {
        shared().first[0].set(what);
        shared().first[1].set(answer.map_or_else(|error| error.status().into(), |[word, _]| word << 32));
    }
    shared().wrong.count();
}

/// Invokes the component, and expects one more than it says, from a life that there was in the meantime.
fn invoke(capability: u32) {
    let before = Before::now(true);
    let said = before.state.life();
    let answer = ask(capability, 0, [said, offset_of!(Shared, caller) as u64, 0, 0]);
    before.judge(1, answer, &[Error::Empty]);
    if let Ok([word, life]) = answer {
        shared().visits.count();
        if word != said + 1 || life < said || life > shared().state().life() {
            complain(2, answer);
        }
    }
}

/// Waits until the component's thread has ended.
fn run_to_the_end() {
    let before = Before::now(false);
    let answer = ask(slot::THREAD, ThreadOperation::Dispatch as u16, [0; 4]);
    if answer == Err(Error::NotDispatchable) {
        // A turn that began in the life before may have been this thread's.
        return run_in_turns();
    }
    let answer =
        answer.and_then(|end| if end == [ThreadEnd::Faulted as u64, REVOKED] { Err(Error::Revoked) } else { Ok(end) });
    before.judge(3, answer, AFTER_ITS_END);
    if answer.is_ok_and(|end| end != [ThreadEnd::Returned as u64, 0]) {
        complain(4, answer);
    }
}

const REVOKED: u64 = Error::Revoked.status() as u64;

/// What a thread's dispatch answers when the thread has faulted, or is gone and its slot empty.
const AFTER_ITS_END: &[Error] = &[Error::Empty, Error::NotDispatchable];

/// Lets the component's thread run for a while, as its scheduler, and takes in what is told of it.
fn run_in_turns() {
    let before = Before::now(false);
    let words = [0, runtime::time::ticks() + TURN, 0, slot::RECEIVE.into()];
    let answer = ask(slot::THREAD, ThreadOperation::Dispatch as u16, words);
    let mut faulted = false;
    while let Ok([_, event]) = ask(slot::RECEIVE, ReceiveOperation::Receive as u16, [DO_NOT_WAIT, 0, 0, 0]) {
        match Event::from_word(event).map(|event| event.what) {
            Some(What::Preempted) => shared().preempted.count(),
            Some(What::Ended(0)) => shared().visits.count(),
            Some(What::Faulted(status)) if u64::from(status) == REVOKED => faulted = true,
            _ => complain(5, Ok([event, 0])),
        }
    }
    before.judge(6, if faulted { answer.and(Err(Error::Revoked)) } else { answer }, AFTER_ITS_END);
}

/// Uses what the caller holds of the component, and takes away again what it adds.
fn use_objects() {
    attempt(7, slot::COMPONENT, ComponentOperation::Name as u16, [0; 4], &[Error::Empty]);
    let address = [RIP, 0, 0, 0];
    attempt(8, slot::THREAD, ThreadOperation::ReadRegister as u16, address, &[Error::Empty, Error::NotStopped]);
    // While a table is taken away, it looks full.
    let absent = &[Error::Empty, Error::NoNode, Error::AlreadyMapped, Error::SlotTaken];
    let alias = [ITS_PAGE, ADDRESS, READ, 0];
    if attempt(9, slot::PAGE_TABLE, PageTableOperation::Alias as u16, alias, absent) {
        has_to(10, slot::PAGE_TABLE, PageTableOperation::Unmap as u16, [ITS_PAGE, 0, 0, 0]);
    }
    let copy = [ITS_SLOT.into(), slot::OWN.into(), 0, 0];
    if fill(11, slot::TABLE, TableOperation::Copy, copy, absent) {
        has_to(12, slot::TABLE, TableOperation::Remove as u16, [ITS_SLOT.into(), 0, 0, 0]);
    }
    let create = [pair(slot::COMPONENT, slot::MADE), DEFAULT_BASE, 0, 1];
    if fill(13, slot::OWN, TableOperation::CreateInvocation, create, &[Error::Empty]) {
        invoke(slot::MADE);
        has_to(14, slot::OWN, TableOperation::Remove as u16, [slot::MADE.into(), 0, 0, 0]);
    }
}

/// Tries something; answers whether it was done.
fn attempt(what: u64, capability: u32, operation: u16, words: [u64; 4], between: &[Error]) -> bool {
    let before = Before::now(capability != slot::THREAD);
    let answer = ask(capability, operation, words);
    before.judge(what, answer, between);
    answer.is_ok()
}

/// The same with a slot that the caller has emptied, perhaps too recently.
fn fill(what: u64, capability: u32, operation: TableOperation, words: [u64; 4], between: &[Error]) -> bool {
    let before = Before::now(true);
    let answer = ask(capability, operation as u16, words);
    if answer != Err(Error::NotQuiescent) {
        before.judge(what, answer, between);
    }
    answer.is_ok()
}

fn has_to(what: u64, capability: u32, operation: u16, words: [u64; 4]) {
    let answer = ask(capability, operation, words);
    if answer.is_err() {
        complain(what, answer);
    }
}
