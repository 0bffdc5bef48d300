//! Whole components, with a thread of their own, are made and destroyed while another core is inside them.
//!
//! On that core a *caller*, which survives, invokes the component and lets the component's thread run, again and again. Each
//! life ends in one of four ways: at any moment; while the other core executes in the component and would for ever; while it
//! is in a server that the component invoked, and that returns when everything is gone; and while the component's thread
//! is preempted every now and then. The frames become memory full of hostile words before the caller lets go of anything.

mod caller;
mod code;
mod shared;
mod stale;

use crate::asking::{Asking, HOSTILE, PAGES, pair, words};
use crate::whole::{self, CODE, COMPONENT, ITS_PAGE_TABLE, ITS_TABLE, THREAD, frame};
use abi::boot::slot::{FREE, PAGE_TABLE, TABLE};
use abi::error::Error;
use abi::layout::{DEFAULT_BASE, PAGE, READ, STACK_SPAN, WRITE};
use abi::operation::{
    ComponentOperation, PageTableOperation, SendOperation, TableOperation, ThreadEnd, ThreadOperation,
};
use caller::slot;
use shared::{Phase, State, place, shared};

/// The core that is inside.
const CORE: u32 = 1;
/// The slots of the caller's table, of the caller and its thread, and of the server.
const CALLER_TABLE: u32 = FREE + 10;
const CALLER: u32 = FREE + 11;
const CALLER_THREAD: u32 = FREE + 12;
const SERVER: u32 = FREE + 13;
/// The slots of the threads of the cores that only invoke, and the first one's index.
const OTHERS: u32 = FREE + 20;
const OTHERS_INDEX: u32 = 44;
/// What leads to the component, or to its thread.
const INVOCATION: u32 = FREE + 14;
const RECEIVE: u32 = FREE + 15;
const SEND: u32 = FREE + 16;
/// What the caller is given of each life, and where it finds that.
const GIVEN: [(u32, u32); 8] = [
    (slot::INVOCATION, INVOCATION),
    (slot::COMPONENT, COMPONENT),
    (slot::TABLE, ITS_TABLE),
    (slot::PAGE_TABLE, ITS_PAGE_TABLE),
    (slot::THREAD_COPY, THREAD),
    (slot::ITS_RECEIVE, RECEIVE),
    (slot::ITS_SEND, SEND),
    (slot::THREAD, THREAD),
];
/// Lives after which it says how many there were.
const SAID: u64 = 100;
/// Descriptors of the caller, whose thread has that index too, and of the server.
const CALLER_INDEX: u32 = 42;
const SERVER_INDEX: u32 = 43;
/// The frames of who survives.
const SURVIVORS: u64 = 32;
/// Where the caller's stack is; the constructor's page table is the caller's too.
const STACK: u64 = PAGES + 16 * STACK_SPAN;
const STACK_PAGES: u64 = 4;
/// The frames that become hostile memory when the component is gone; that of its thread follows.
const BURIED: [u64; 8] = [
    frame::TABLE,
    frame::LEAF,
    frame::PAGE_TABLE,
    frame::PAGE_TABLE + 1,
    frame::PAGE_TABLE + 2,
    frame::PAGE_TABLE + 3,
    frame::COMPONENT,
    frame::CODE,
];

/// All of it, again and again.
pub fn components(asking: &mut Asking, rounds: u64) {
    prepare(asking);
    for life in 1..=rounds {
        once(asking, life);
        if life % SAID == 0 {
            asking.say(format_args!("recycler: {life} lives\n"));
        }
    }
    shared().enter(State::new(rounds, Phase::Over));
    judge(asking, rounds);
    clean_up(asking);
}

/// Makes who survives, and lets it begin on its core.
fn prepare(asking: &mut Asking) {
    use TableOperation::*;
    let frame = |asking: &Asking, at| asking.frame(SURVIVORS + at);
    let server = [SERVER.into(), frame(asking, 0), pair(TABLE, PAGE_TABLE), SERVER_INDEX.into()];
    asking.done(TABLE, CreateComponent as u16, server);
    asking.done(TABLE, CreateTable as u16, [CALLER_TABLE.into(), frame(asking, 1), 0, 0]);
    asking.done(CALLER_TABLE, Graft as u16, [0, frame(asking, 2), 0, 0]);
    let caller = [CALLER.into(), frame(asking, 3), pair(CALLER_TABLE, PAGE_TABLE), CALLER_INDEX.into()];
    asking.done(TABLE, CreateComponent as u16, caller);
    let start = code::start as *const () as u64;
    let thread = [CALLER_THREAD.into(), frame(asking, 4), pair(CALLER, CORE << 16 | CALLER_INDEX), start];
    asking.done(TABLE, CreateThread as u16, thread);
    let words = [shared::ADDRESS, frame(asking, 9), READ | WRITE, 0];
    asking.done(PAGE_TABLE, PageTableOperation::Map as u16, words);
    for page in 1..=STACK_PAGES {
        let stack = [STACK + STACK_SPAN - page * PAGE, frame(asking, 4 + page), READ | WRITE, 0];
        asking.done(PAGE_TABLE, PageTableOperation::Map as u16, stack);
    }
    asking.done(CALLER_TABLE, Copy as u16, [slot::OWN.into(), CALLER_TABLE.into(), 0, 0]);
    asking.done(CALLER_TABLE, CreateReceive as u16, [slot::RECEIVE.into(), CALLER_THREAD.into(), 0, 0]);
    asking.done(CALLER_THREAD, ThreadOperation::Launch as u16, [code::stack(STACK), 0, 0, 0]);
    for other in others() {
        let of = pair(CALLER, (CORE + 1 + other) << 16 | (OTHERS_INDEX + other));
        let thread =
            [(OTHERS + other).into(), frame(asking, 10 + u64::from(other)), of, code::invoke as *const () as u64];
        asking.done(TABLE, CreateThread as u16, thread);
        asking.done(OTHERS + other, ThreadOperation::Launch as u16, [0; 4]);
    }
}

/// The cores that only invoke, from 0 on.
fn others() -> core::ops::Range<u32> {
    0..crate::OTHERS.get() as u32
}

fn once(asking: &mut Asking, life: u64) {
    let alive = State::new(life, Phase::Alive);
    // Before anything leads to the component: who enters it at once finds this number there.
    shared().enter(alive.with(Phase::Making));
    choose(life);
    make(asking, life);
    meet(asking, alive);
    shared().enter(alive.with(Phase::Ending));
    destroy(asking);
    BURIED.iter().for_each(|frame| bury(asking, *frame));
    shared().hold.set(0);
    reach(alive.with(Phase::Dead), Phase::Tried);
    refused(asking);
    asking.quiesce(shared().epoch.get());
    bury(asking, frame::THREAD);
    reach(alive.with(Phase::Buried), Phase::Left);
    shared().enter(alive.with(Phase::Making));
    exhume(asking);
}

/// Makes the component, and gives the caller all that leads to it.
fn make(asking: &mut Asking, life: u64) {
    use TableOperation::*;
    whole::map_code(asking, &[]);
    for (word, code) in words(CODE).iter_mut().zip(code::component()) {
        *word = code;
    }
    words(CODE)[code::LIFE] = life;
    whole::make(asking, CORE);
    let shared = [code::SHARED_PAGE, shared::ADDRESS, READ | WRITE, 0];
    asking.done(ITS_PAGE_TABLE, PageTableOperation::Alias as u16, shared);
    asking.done(ITS_TABLE, CreateInvocation as u16, [pair(SERVER, code::TO_SERVER), code::server(), 0, 1]);
    asking.done(TABLE, CreateInvocation as u16, [pair(COMPONENT, INVOCATION), DEFAULT_BASE, 0, 1]);
    asking.done(TABLE, CreateReceive as u16, [RECEIVE.into(), THREAD.into(), 0, 0]);
    asking.done(TABLE, CreateSend as u16, [SEND.into(), RECEIVE.into(), 0, 0]);
    for (to, from) in GIVEN {
        asking.done(CALLER_TABLE, Copy as u16, [to.into(), from.into(), 0, 0]);
    }
}

/// Chooses how long the other core stays in the component, and in the server, before it can come there.
fn choose(life: u64) {
    let spin = if life % 4 == 1 { u64::MAX } else { chance(life, 7919) % 5000 };
    shared().spin.set(spin);
    shared().hold.set(u64::from(life % 4 == 2));
}

/// Waits until the other core is where it is to be when this life ends.
fn meet(asking: &mut Asking, alive: State) {
    let (life, entered) = (alive.life(), shared().caller.entered.get());
    shared().enter(alive);
    asking.answered(THREAD, ThreadOperation::Dispatch as u16, [0; 4], Err(Error::WrongCore));
    asking.answered(SEND, SendOperation::Send as u16, [0; 4], Ok([0, 0]));
    match life % 4 {
        1 => wait(|| shared().caller.place.get() == place::COMPONENT),
        2 => wait(|| shared().caller.place.get() == place::SERVER),
        _ => wait(|| shared().caller.entered.get() > entered + life % 3),
    }
    (0..chance(life, 104_729) % 3000).for_each(|_| core::hint::spin_loop());
}

/// A number that depends on the life and the seed.
fn chance(life: u64, factor: u64) -> u64 {
    life.wrapping_add(crate::SEED.get()).wrapping_mul(factor)
}

fn wait(until: impl Fn() -> bool) {
    while !until() {
        core::hint::spin_loop();
    }
}

/// Says how it stands, and waits until the caller has done its part.
fn reach(state: State, next: Phase) {
    shared().enter(state);
    wait(|| shared().state() == state.with(next));
}

/// Destroys everything but the thread, which only its own core can end.
fn destroy(asking: &mut Asking) {
    use TableOperation::*;
    let epoch = asking.done(COMPONENT, ComponentOperation::Revoke as u16, [0; 4]);
    asking.answered(TABLE, Reclaim as u16, [COMPONENT.into(), 0, 0, 0], Err(Error::NotQuiescent));
    asking.quiesce(epoch);
    asking.done(TABLE, Reclaim as u16, [COMPONENT.into(), 0, 0, 0]);
    asking.answered(TABLE, Reclaim as u16, [THREAD.into(), 0, 0, 0], Err(Error::WrongCore));
    asking.done(ITS_TABLE, Remove as u16, [code::TO_SERVER.into(), 0, 0, 0]);
    unless_in_use(asking, ITS_TABLE, Prune as u16, [0; 4]);
    asking.done(TABLE, Reclaim as u16, [ITS_TABLE.into(), 0, 0, 0]);
    for page in [DEFAULT_BASE, code::SHARED_PAGE] {
        asking.done(ITS_PAGE_TABLE, PageTableOperation::Unmap as u16, [page, 0, 0, 0]);
    }
    for level in [1, 2, 3] {
        unless_in_use(asking, ITS_PAGE_TABLE, PageTableOperation::Prune as u16, [DEFAULT_BASE, level, 0, 0]);
    }
    let epoch = asking.done(TABLE, Reclaim as u16, [ITS_PAGE_TABLE.into(), 0, 0, 0]);
    let code = asking.done(PAGE_TABLE, PageTableOperation::Unmap as u16, [CODE, 0, 0, 0]);
    for number in BURIED {
        let words = [page_of(number), asking.frame(number), READ | WRITE, 0];
        asking.answered(PAGE_TABLE, PageTableOperation::Map as u16, words, Err(Error::NotQuiescent));
    }
    asking.quiesce(epoch.max(code));
}

/// Asks again as long as the caller has something there, which it takes away at once.
fn unless_in_use(asking: &mut Asking, capability: u32, operation: u16, words: [u64; 4]) {
    let mut answer = asking.ask(capability, operation, words);
    while answer == Err(Error::InUse) {
        answer = asking.ask(capability, operation, words);
    }
    if let Err(error) = answer {
        asking.complain(format_args!("taking away from slot {capability}: {error}"));
    }
}

const fn page_of(frame: u64) -> u64 {
    PAGES + frame * PAGE
}

/// Makes hostile memory of a frame.
fn bury(asking: &mut Asking, frame: u64) {
    let map = [page_of(frame), asking.frame(frame), READ | WRITE, 0];
    asking.done(PAGE_TABLE, PageTableOperation::Map as u16, map);
    let page = words(page_of(frame));
    if page.iter().any(|word| *word != 0) {
        asking.complain(format_args!("frame {frame} shows what another owner left"));
    }
    page.fill(HOSTILE);
}

/// What led to the component and its thread from here.
fn refused(asking: &mut Asking) {
    for (capability, operation) in [
        (INVOCATION, 0),
        (THREAD, ThreadOperation::Dispatch as u16),
        (THREAD, ThreadOperation::Launch as u16),
        (SEND, SendOperation::Send as u16),
    ] {
        asking.answered(capability, operation, [0; 4], Err(Error::Revoked));
    }
    let ended = [THREAD.into(), 0, 0, 0];
    asking.answered(TABLE, TableOperation::Reclaim as u16, ended, Err(Error::Revoked));
}

/// Expects that nobody has written to the frames, and gives them back; and takes away what the caller was given.
fn exhume(asking: &mut Asking) {
    let mut epoch = 0;
    for frame in BURIED.iter().chain([&frame::THREAD]) {
        if words(page_of(*frame)).iter().any(|word| *word != HOSTILE) {
            asking.complain(format_args!("somebody has written to frame {frame}, which was not theirs any more"));
        }
        let unmap = [page_of(*frame), 0, 0, 0];
        epoch = epoch.max(asking.done(PAGE_TABLE, PageTableOperation::Unmap as u16, unmap));
    }
    for (capability, _) in GIVEN.iter().filter(|(to, _)| *to != slot::THREAD) {
        let remove = [(*capability).into(), 0, 0, 0];
        epoch = epoch.max(asking.done(CALLER_TABLE, TableOperation::Remove as u16, remove));
    }
    for capability in [INVOCATION, RECEIVE, SEND, THREAD] {
        let remove = [capability.into(), 0, 0, 0];
        epoch = epoch.max(asking.done(TABLE, TableOperation::Remove as u16, remove));
    }
    asking.quiesce(epoch);
}

/// What the caller has counted: no wrong answer, and that it has been inside when it was to be.
fn judge(asking: &mut Asking, rounds: u64) {
    for thread in others().map(|other| OTHERS + other).chain([CALLER_THREAD]) {
        let ended = || asking.ask(thread, ThreadOperation::Ended as u16, [0; 4]);
        wait(|| ended() != Err(Error::Pending));
        let end = ended();
        if end != Ok([ThreadEnd::Returned as u64, 0]) {
            asking.complain(format_args!("the thread in slot {thread}: {end:?}"));
        }
    }
    let (answers, wrong) = (shared().others.get(), shared().others_wrong.get());
    if wrong != 0 || (answers == 0 && !others().is_empty()) {
        asking.complain(format_args!("{wrong} of {answers} wrong answers to the other cores"));
    }
    let (wrong, [what, answer]) = (shared().wrong.get(), [0, 1].map(|at: usize| shared().first[at].get()));
    if wrong != 0 {
        asking.complain(format_args!("{wrong} wrong answers to the caller, the first to {what}: {answer:#x}"));
    }
    let (visits, unwound, preempted) = (shared().visits.get(), shared().unwound.get(), shared().preempted.get());
    asking.say(format_args!("recycler: {visits} visits, {unwound} unwound, {preempted} preempted\n"));
    let expected = (1..=rounds).filter(|life| matches!(life % 4, 1 | 2)).count() as u64;
    if unwound < expected || visits == 0 || preempted == 0 {
        asking.complain(format_args!("in {expected} lives somebody was inside"));
    }
}

/// Ends who survived: all frames can be used again.
fn clean_up(asking: &mut Asking) {
    use TableOperation::*;
    for thread in others().map(|other| OTHERS + other).chain([CALLER_THREAD]) {
        let thread = [thread.into(), 0, 0, 0];
        wait(|| asking.ask(TABLE, Reclaim as u16, thread) != Err(Error::WrongCore));
        asking.answered(TABLE, Reclaim as u16, thread, Err(Error::Empty));
    }
    asking.done(CALLER, ComponentOperation::Revoke as u16, [0; 4]);
    let epoch = asking.done(SERVER, ComponentOperation::Revoke as u16, [0; 4]);
    asking.quiesce(epoch);
    for component in [CALLER, SERVER] {
        asking.done(TABLE, Reclaim as u16, [component.into(), 0, 0, 0]);
    }
    for own in [slot::OWN, slot::RECEIVE] {
        asking.done(CALLER_TABLE, Remove as u16, [own.into(), 0, 0, 0]);
    }
    asking.done(CALLER_TABLE, Prune as u16, [0; 4]);
    let mut epoch = asking.done(TABLE, Reclaim as u16, [CALLER_TABLE.into(), 0, 0, 0]);
    for page in (1..=STACK_PAGES).map(|page| STACK + STACK_SPAN - page * PAGE).chain([shared::ADDRESS]) {
        epoch = epoch.max(asking.done(PAGE_TABLE, PageTableOperation::Unmap as u16, [page, 0, 0, 0]));
    }
    asking.quiesce(epoch);
}
