//! Threads that do under a scheduler what their graph asks, and say so.
#![no_std]
#![no_main]

mod created;
mod hostile;
mod lives;
mod punctual;
mod timed;

use console_interface::{ConsoleClient, Writer};
use core::fmt::{Arguments, Write};
use pong_interface::PongClient;
use runtime::Result;
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::optional_import!(PONG: PongClient);

// A letter, by which a component's lines are told apart.
runtime::parameter!(NAME: u8 = b'?', "name");
runtime::parameter!(ROUNDS: u64 = 3, "rounds");
runtime::parameter!(EARLY: bool = false, "early");

runtime::component! { initialise: initialise, main: main }

/// Writes a line.
fn say(text: Arguments<'_>) {
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "{}: {text}", char::from(NAME.get()));
}

/// Declares parameters that are true or false, and runs what belongs to the first that is true.
macro_rules! behaviours {
    ($($key:literal => $behaviour:expr;)*) => {
        fn main() -> Result<()> {
            $({
                runtime::parameter!(CHOSEN: bool = false, $key);
                if CHOSEN.get() {
                    return $behaviour();
                }
            })*
            Ok(())
        }
    };
}

behaviours! {
    "yield" => yield_in_turns;
    "block" => block_for_good;
    "fault" => fault;
    "work" => timed::work;
    "nap" => timed::nap;
    "sleep" => timed::sleep_in_order;
    "turns" => timed::take_turns;
    "time-out" => timed::wait_with_a_time;
    "create" => created::as_many_as_may_be;
    "fault-in-created" => created::that_faults;
    "crowd" => created::a_crowd;
    "guess" => hostile::guess;
    "meddle" => hostile::meddle;
    "punctual" => punctual::punctual;
    "lives" => lives::again_and_again;
}

/// Threads that are asked for before the system has started begin later, and nobody waits.
fn initialise() {
    if EARLY.get() {
        say(format_args!("waiting: {:?}", SCHED.block().err()));
        created::early();
    }
}

fn yield_in_turns() -> Result<()> {
    for round in 0..ROUNDS.get() {
        say(format_args!("round {round}"));
        SCHED.yield_now()?;
    }
    Ok(())
}

fn block_for_good() -> Result<()> {
    say(format_args!("waits"));
    Ok(SCHED.block()?)
}

fn fault() -> Result<()> {
    say(format_args!("faults"));
    SCHED.yield_now()?;
    // SAFETY: the instruction is undefined for ever: it faults, and nothing runs after it.
    unsafe { core::arch::asm!("ud2", options(noreturn, nomem, nostack)) }
}
