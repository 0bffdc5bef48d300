//! A thread that has work to do again and again, by deadlines, and says how many it missed; or one that is in the way of such a thread.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::fmt::{Arguments, Write};
use runtime::{Result, time};
use sched_interface::{Sched, SchedClient};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);

// A letter, by which a component's lines are told apart.
runtime::parameter!(NAME: u8 = b'?', "name");
// Microseconds of work in each period, of a period, and until the work is to be done.
runtime::parameter!(WORK: u64 = 100, "work");
runtime::parameter!(PERIOD: u64 = 1_000, "period");
runtime::parameter!(DEADLINE: u64 = 1_000, "deadline");
runtime::parameter!(JOBS: u64 = 50, "jobs");
// Microseconds before each job at which it has the core for a moment: a period of its budget begins there.
runtime::parameter!(LEAD: u64 = 0, "lead");
// Microseconds until the first job, if that is later than its lead.
runtime::parameter!(FIRST: u64 = 0, "first");
// Whether this one never gives the core back, and nobody waits for its end.
runtime::parameter!(GREEDY: bool = false, "greedy");
// Milliseconds over which this one, which never gives the core back either, looks how many it has, and how many it is to have.
runtime::parameter!(WATCH: u64 = 0, "watch");
runtime::parameter!(SHARE: u64 = 0, "share");

runtime::component! { main: main }

fn main() -> Result<()> {
    let microsecond = SCHED.frequency()? / 1_000_000;
    if GREEDY.get() {
        SCHED.background()?;
        loop {
            core::hint::spin_loop();
        }
    }
    if WATCH.get() > 0 { watch(1_000 * microsecond) } else { meet_deadlines(microsecond) }
}

/// Writes a line.
fn say(text: Arguments<'_>) {
    // Whether anyone can read it does not change what is shown.
    let _ = writeln!(Writer::new(&CONSOLE), "{}: {text}", char::from(NAME.get()));
}

fn meet_deadlines(microsecond: u64) -> Result<()> {
    let lead = LEAD.get() * microsecond;
    let (mut release, mut late, mut longest) = (time::ticks() + lead.max(FIRST.get() * microsecond), 0, 0);
    for _ in 0..JOBS.get() {
        SCHED.sleep_until(release - lead)?;
        SCHED.sleep_until(release)?;
        run_for(WORK.get() * microsecond, u64::MAX);
        let response = time::ticks() - release;
        longest = longest.max(response);
        late += u64::from(response > DEADLINE.get() * microsecond);
        release += PERIOD.get() * microsecond;
    }
    let verdict = if late == 0 { "none late" } else { "some late" };
    say(format_args!(
        "{} jobs, {verdict}: {late}, the longest took {} microseconds",
        JOBS.get(),
        longest / microsecond
    ));
    Ok(())
}

fn watch(millisecond: u64) -> Result<()> {
    let had = run_for(u64::MAX, time::ticks() + WATCH.get() * millisecond) / millisecond;
    let slack = 1 + SHARE.get() / 20;
    let verdict = if had.abs_diff(SHARE.get()) <= slack { "as it was to be" } else { "NOT as it was to be" };
    say(format_args!("had {had} of {} milliseconds, {verdict}", WATCH.get()));
    Ok(())
}

/// Runs for so many ticks of its own time, or until a point in time. Answers how many it had.
///
/// When others run, the clock jumps.
fn run_for(ticks: u64, end: u64) -> u64 {
    const JUMP: u64 = 1_000;
    let (mut last, mut had) = (time::ticks(), 0);
    while had < ticks && last < end {
        let now = time::ticks();
        had += if now - last < JUMP { now - last } else { 0 };
        last = now;
    }
    had
}
