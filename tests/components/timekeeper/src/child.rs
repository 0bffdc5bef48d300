//! The scheduler below: it gives a thread some of what it was given, and then all of it.

use crate::objects::{BUDGETS, CHILD_RECEIVE, GREEDY, frame};
use crate::parent::GIVEN;
use crate::{ask, say};
use abi::error::Error;
use abi::event::{Event, What};

/// What it gives to the thread.
pub const SHARE: u32 = BUDGETS + 3;

/// Answers 0 if everything was as it must be.
pub extern "C" fn run() -> u64 {
    schedule().map_or_else(|error| error.status().into(), |()| 0)
}

fn schedule() -> Result<(), Error> {
    ask::create(SHARE, CHILD_RECEIVE, GIVEN, 200_000, frame())?;
    ask::dispatch(GREEDY, CHILD_RECEIVE, SHARE)?;
    expect()?;
    say(format_args!("time: told of the thread's end"));
    // From here on the thread uses up what this one runs on itself.
    ask::dispatch(GREEDY, CHILD_RECEIVE, 0)?;
    expect()?;
    say(format_args!("time: told of it later, too"));
    Ok(())
}

fn expect() -> Result<(), Error> {
    let expired = Event { thread: 3, what: What::Expired, more: false };
    if ask::poll(CHILD_RECEIVE) == Some(expired) { Ok(()) } else { Err(Error::BadArgument) }
}
