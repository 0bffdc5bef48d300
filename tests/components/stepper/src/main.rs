//! The image of a handler of faults that goes step by step through threads that hand over to each other without the kernel: whose fault
//! it is told of, and on whose stack that is.
#![no_std]
#![no_main]

use abi::layout::STACK_SPAN;
use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use fault_interface::{Answer, Cause, Fault, FaultServer};
use runtime::handled::number::RSP;
use runtime::{Caller, Result, handled};

runtime::import!(CONSOLE: ConsoleClient);

runtime::export!(FaultServer => |caller| Stepper(caller));

runtime::component! {}

struct Stepper(Caller);

/// The debug exception's vector.
const STEP: u8 = 1;
/// Bytes of the instruction with which the component says that all steps are done.
const LAST: u64 = 2;

/// Instructions that can be told from each other.
const PLACES: usize = 1024;

/// Where a step was, by the instruction's address.
static SEEN: [AtomicU64; PLACES] = [const { AtomicU64::new(0) }; PLACES];

static STEPS: AtomicU64 = AtomicU64::new(0);
/// Of these, where nobody's registers are.
static NOBODYS: AtomicU64 = AtomicU64::new(0);
/// Steps at which a thread is told of on another's stack.
static MISTAKES: AtomicU64 = AtomicU64::new(0);
/// How often another thread was told of than at the step before.
static CHANGES: AtomicU64 = AtomicU64::new(0);
static LAST_THREAD: AtomicU64 = AtomicU64::new(u64::MAX);
/// What has to be added to a thread's index for the number of its stack's span; 0 before the first step.
static FIRST_SPAN: AtomicU64 = AtomicU64::new(0);

impl Fault for Stepper {
    fn handle(&self, cause: Cause, _: u64, instruction: u64) -> Result<Answer> {
        if cause.vector != STEP {
            report();
            return Ok(Answer::Resume(instruction + LAST));
        }
        STEPS.fetch_add(1, Relaxed);
        note(instruction);
        self.compare(handled::register(RSP)?);
        Ok(Answer::Retry)
    }
}

impl Stepper {
    /// Whether the thread that is told of is that on whose stack the step is.
    fn compare(&self, stack: u64) {
        let thread = u64::from(self.0.thread);
        if LAST_THREAD.swap(thread, Relaxed) != thread {
            CHANGES.fetch_add(1, Relaxed);
        }
        if stack == 0 {
            NOBODYS.fetch_add(1, Relaxed);
            return;
        }
        let first = stack / STACK_SPAN - thread;
        let known = FIRST_SPAN.swap(first, Relaxed);
        if known != 0 && known != first {
            MISTAKES.fetch_add(1, Relaxed);
        }
    }
}

/// Notes the place of an instruction, one by one from the start of the table.
fn note(instruction: u64) {
    let free = SEEN.iter().find(|seen| [0, instruction].contains(&seen.load(Relaxed)));
    if let Some(place) = free {
        place.store(instruction, Relaxed);
    }
}

fn report() {
    let mut out = Writer::new(&CONSOLE);
    let places = SEEN.iter().filter(|seen| seen.load(Relaxed) != 0).count();
    let [steps, nobodys, mistakes, changes] = [&STEPS, &NOBODYS, &MISTAKES, &CHANGES].map(|count| count.load(Relaxed));
    let is_much = places > 30 && nobodys > 40 && changes > 40;
    // Whether anyone can read it does not change what was found.
    let _ =
        writeln!(out, "stepper: told of another: {mistakes}; went through both threads and between them: {is_much}");
    let _ = writeln!(out, "stepper: {steps} steps, {places} instructions, {nobodys} times nobody's, {changes} changes");
}
