//! The scheduler: what it gives to threads and to another scheduler, and what it learns of that.

use crate::objects::{BUDGETS, CHILD, CHILD_RECEIVE, GREEDY, NEIGHBOUR, PARENT_RECEIVE, SENDER, WAITER, frame};
use crate::{ask, say};
use abi::boot::slot::TIME;
use abi::error::Error;
use abi::event::{Event, What};

/// What the scheduler gives to the one below.
pub const GIVEN: u32 = BUDGETS;
/// What it gives to one thread, and to the other.
const GREEDY_SHARE: u32 = BUDGETS + 1;
const NEIGHBOUR_SHARE: u32 = BUDGETS + 2;

/// The index of the thread that sends.
const SENDER_INDEX: u32 = 6;

/// Cycles by which the end of a budget may be late: the timer's interrupt, and the way to the next thread.
const LATENESS: u64 = 10_000;

/// Answers 0 if everything was as it must be.
pub extern "C" fn run() -> u64 {
    let all = shares().and_then(|()| crate::overrun::all()).and_then(|()| levels()).and_then(|()| precedence());
    all.map_or_else(|error| error.status().into(), |()| 0)
}

/// Two threads that never give the core back get what they were given, in turns.
fn shares() -> Result<(), Error> {
    ask::create(GREEDY_SHARE, PARENT_RECEIVE, TIME, 300_000, frame())?;
    ask::create(NEIGHBOUR_SHARE, PARENT_RECEIVE, TIME, 100_000, frame())?;
    for _ in 0..3 {
        for (thread, index, share) in [(GREEDY, 3, GREEDY_SHARE), (NEIGHBOUR, 4, NEIGHBOUR_SHARE)] {
            ask::dispatch(thread, PARENT_RECEIVE, share)?;
            expect(expired(index))?;
            refused(ask::dispatch(thread, PARENT_RECEIVE, share), Error::BudgetExhausted)?;
        }
        ask::delegate(TIME, GREEDY_SHARE, 300_000)?;
        ask::delegate(TIME, NEIGHBOUR_SHARE, 100_000)?;
    }
    for (name, share, cycles) in [("greedy", GREEDY_SHARE, 900_000), ("neighbour", NEIGHBOUR_SHARE, 300_000)] {
        let [_, used] = ask::read(share)?;
        say(format_args!("time: {name} had {cycles} cycles: {}", verdict((cycles..cycles + LATENESS).contains(&used))));
        ask::merge(share, TIME)?;
        refused(ask::read(share).map(|_| ()), Error::Revoked)?;
    }
    Ok(())
}

/// What a scheduler below was given is used up by its threads, and then this one goes on.
fn levels() -> Result<(), Error> {
    ask::create(GIVEN, CHILD_RECEIVE, TIME, 600_000, frame())?;
    ask::dispatch(CHILD, PARENT_RECEIVE, GIVEN)?;
    expect(expired(2))?;
    let ([left, above], [_, below]) = (ask::read(GIVEN)?, ask::read(crate::child::SHARE)?);
    let is_all = (600_000..600_000 + LATENESS).contains(&(above + below));
    say(format_args!("time: all that was given is used: {}", verdict(left == 0 && is_all)));
    refused(ask::dispatch(CHILD, PARENT_RECEIVE, GIVEN), Error::BudgetExhausted)?;
    ask::delegate(TIME, GIVEN, 100_000)?;
    ask::dispatch(CHILD, PARENT_RECEIVE, GIVEN)?;
    expect(Event { thread: 2, what: What::Ended(0), more: false })?;
    let [left, _] = ask::read(GIVEN)?;
    let moved = ask::transfer(GIVEN, TIME, abi::time::EVERYTHING)?;
    say(format_args!("time: what is left goes back: {}", verdict(left == moved && moved > 50_000)));
    Ok(())
}

/// Who is sent to has its scheduler decide at once if its time has the better priority, and only then.
fn precedence() -> Result<(), Error> {
    const CASES: [(u64, u64, bool); 3] = [(1, 2, true), (2, 1, false), (1, 1, false)];
    for (at, (waiter, sender, expected)) in (0..).step_by(2).zip(CASES) {
        let (waiting, sending) = (BUDGETS + 8 + at, BUDGETS + 9 + at);
        ask::create_with(waiter, waiting, PARENT_RECEIVE, TIME, 1_000_000, frame())?;
        ask::create_with(sender, sending, PARENT_RECEIVE, TIME, 1_000_000, frame())?;
        ask::dispatch(WAITER, PARENT_RECEIVE, waiting)?;
        while ask::poll(PARENT_RECEIVE).is_some() {}
        ask::dispatch(SENDER, PARENT_RECEIVE, sending)?;
        let mut gave_way = false;
        while let Some(event) = ask::poll(PARENT_RECEIVE) {
            gave_way |= event.thread == SENDER_INDEX && event.what == What::Preempted;
        }
        if gave_way {
            ask::dispatch(SENDER, PARENT_RECEIVE, sending)?;
            expect(Event { thread: SENDER_INDEX, what: What::Ended(0), more: false })?;
        }
        let verdict = verdict(gave_way == expected);
        say(format_args!(
            "time: of priority {waiter} sent to by one of {sender}, decided at once: {gave_way}: {verdict}"
        ));
    }
    Ok(())
}

fn expired(thread: u32) -> Event {
    Event { thread, what: What::Expired, more: false }
}

/// That this, and nothing else, is what the scheduler is told.
///
/// # Errors
///
/// It is told something else, and that is printed.
pub fn expect(event: Event) -> Result<(), Error> {
    let told = ask::poll(PARENT_RECEIVE);
    if told == Some(event) {
        return Ok(());
    }
    say(format_args!("time: told {told:?}, not {event:?}"));
    Err(Error::BadArgument)
}

fn refused(outcome: Result<(), Error>, error: Error) -> Result<(), Error> {
    if outcome == Err(error) {
        return Ok(());
    }
    say(format_args!("time: answered {outcome:?}, not {error:?}"));
    Err(Error::BadArgument)
}

/// How a line ends.
pub fn verdict(holds: bool) -> &'static str {
    if holds { "yes" } else { "NO" }
}
