//! A component of several in a row, whose threads work under shared locks, channels, queues, conditions and permits, and call the next component
//! in the row. All that they do adds up, or the component says that it does not.
#![no_std]
#![no_main]

mod desk;
mod shop;

use concurrency::thread;
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use desk::{Clerk, Desk};
use pong_interface::{Pong, PongClient, PongError, PongServer};
use runtime::Result;
use shop::SHOP;

runtime::import!(CONSOLE: ConsoleClient);
// The next in the row; the last one has none.
runtime::optional_import!(NEXT: PongClient);
runtime::export!(PongServer => Counter);
// A letter, by which a component's lines are told apart.
runtime::parameter!(NAME: u8 = b'?', "name");
runtime::parameter!(ROUNDS: u64 = 10, "rounds");
// Whether another one calls this one, and says at last how often it has.
runtime::parameter!(IS_CALLED: bool = false, "called");
runtime::parameter!(IS_LAST: bool = false, "last");

runtime::component! { main: run }

/// Threads that the graph lets the component create.
const THREADS: u64 = 8;

/// What a round of a thread is made of, one after the other, each thread beginning with another.
const KINDS: [fn(&Clerk) -> Result<()>; 7] = [
    |_| SHOP.add_up(),
    |_| SHOP.look_and_change(),
    |_| SHOP.pass_on(),
    |_| SHOP.take_turns(),
    |_| SHOP.be_inside(),
    Clerk::hand_in,
    |_| call_next(),
];

/// What the one before in the row calls.
struct Counter;

impl Pong for Counter {
    fn call(&self) -> pong_interface::Result<()> {
        Ok(SHOP.serve()?)
    }

    /// The one before has called so often, and does so no more.
    fn add(&self, calls: u64, _: u64) -> pong_interface::Result<u64> {
        SHOP.close(calls)?;
        Ok(calls)
    }

    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> pong_interface::Result<(u64, u64)> {
        Err(PongError::Refused)
    }

    fn fails(&self) -> pong_interface::Result<()> {
        Err(PongError::Refused)
    }
}

fn run() -> Result<()> {
    let (desk, clerks) = Desk::open()?;
    let threads = clerks.map(|clerk| thread::spawn(move || work(&clerk)));
    // All have gone when nothing comes any more.
    let is_in_order = desk.is_in_order(ROUNDS.get());
    for thread in threads {
        thread?.join()??;
    }
    let rounds = THREADS * ROUNDS.get();
    if !IS_LAST.get() {
        NEXT.add(rounds, 0)?;
    }
    let served = if IS_CALLED.get() { SHOP.closed()? } else { Ok(0) };
    let adds_up = SHOP.adds_up(rounds)? && is_in_order && served.is_ok();
    let (name, operations) = (char::from(NAME.get()), rounds * KINDS.len() as u64);
    let verdict = if adds_up { "all adds up" } else { "it does NOT add up" };
    // Whether anyone can read it does not change what came of it.
    let _ = writeln!(Writer::new(&CONSOLE), "{name}: {operations} operations: {verdict}");
    if adds_up { Ok(()) } else { Err(PongError::Refused.into()) }
}

/// All that a thread does.
fn work(clerk: &Clerk) -> Result<()> {
    let kinds = KINDS.iter().cycle().skip(clerk.number());
    kinds.take(ROUNDS.get() as usize * KINDS.len()).try_for_each(|does| does(clerk))
}

/// Each thread of this component executes in the next one, too; behind the last there is none.
fn call_next() -> Result<()> {
    if IS_LAST.get() { thread::yield_now() } else { Ok(NEXT.call()?) }
}
