//! What is measured: the loops of `loops.s`, and the numbers that they and the rest of the image agree on.

use abi::error::Error;
use abi::fault::Answer;
use abi::operation::{ReceiveOperation, SendOperation, ThreadOperation};
use core::arch::global_asm;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU64};

/// The thread that schedules the next three.
pub const SCHEDULER: u32 = 32;
/// A thread that dispatches [`SECOND`].
pub const FIRST: u32 = 33;
/// A thread that dispatches [`FIRST`].
pub const SECOND: u32 = 34;
/// A thread that receives again and again.
pub const RECEIVER: u32 = 35;
/// The end-point at which the scheduler learns of its threads.
pub const SCHEDULER_RECEIVE: u32 = 36;
/// The end-point at which the receiver receives.
pub const RECEIVER_RECEIVE: u32 = 37;
/// The right to send there.
pub const RECEIVER_SEND: u32 = 38;
/// A thread that faults again and again.
pub const FAULTING: u32 = 39;
/// What [`FIRST_COUNTED`] runs on, and whoever sends while time is counted.
pub const FIRST_TIME: u32 = 40;
/// What [`SECOND_COUNTED`] runs on, and whoever receives while time is counted.
pub const SECOND_TIME: u32 = 41;
/// A thread that dispatches [`SECOND_COUNTED`] on [`SECOND_TIME`].
pub const FIRST_COUNTED: u32 = 42;
/// A thread that dispatches [`FIRST_COUNTED`] on [`FIRST_TIME`].
pub const SECOND_COUNTED: u32 = 43;

/// A place in `loops.s` at which user level is entered, without a stack. It is never called.
pub type Entry = unsafe extern "C" fn() -> !;

unsafe extern "C" {
    /// Where the scheduler's thread starts.
    pub fn scheduler() -> !;
    /// Where the threads start that dispatch each other.
    pub fn first() -> !;
    /// The other of them.
    pub fn second() -> !;
    /// Where the threads start that dispatch each other on temporal capabilities.
    pub fn first_counted() -> !;
    /// The other of them.
    pub fn second_counted() -> !;
    /// Where the thread starts that receives.
    pub fn receiver() -> !;
    /// Where the thread starts that faults.
    pub fn fault_handler() -> !;
    /// Its handler.
    pub fn handler() -> !;

    /// The scheduler's program for the row `thread_switch`.
    pub fn run_switches() -> !;
    /// The scheduler's program for the row `thread_switch_budget`.
    pub fn run_budget_switches() -> !;
    /// The scheduler's program for the row `asnd`.
    pub fn run_sends() -> !;
    /// The scheduler's program for the row `asnd_budget`.
    pub fn run_budget_sends() -> !;
    /// The scheduler's program for the row `receive`.
    pub fn run_receives() -> !;
    /// The scheduler's program for the row `asnd_arcv`.
    pub fn run_round_trips() -> !;
}

/// What the scheduler's thread runs.
pub static PROGRAM: AtomicPtr<()> = AtomicPtr::new(null_mut());

/// The bits of all statuses that should have been 0.
pub static STATUS: AtomicU64 = AtomicU64::new(0);

/// The number of the last decision.
static TOKEN: AtomicU64 = AtomicU64::new(0);

// The loops leave the operation's number out of the words that ask for it.
const _: () = assert!(ThreadOperation::Dispatch as u16 == 0);
const _: () = assert!(ReceiveOperation::Receive as u16 == 0);
const _: () = assert!(SendOperation::Send as u16 == 0);

/// The scheduler's end-point, and beside it what a thread is dispatched on.
const fn on(time: u32) -> u64 {
    (time as u64) << 32 | SCHEDULER_RECEIVE as u64
}

global_asm!(
    ".set PROGRAM, {program}",
    ".set STATUS, {status}",
    ".set TOKEN, {token}",
    ".set FIRST, {first}",
    ".set SECOND, {second}",
    ".set FIRST_COUNTED, {first_counted}",
    ".set SECOND_COUNTED, {second_counted}",
    ".set ON_FIRST_TIME, {on_first_time}",
    ".set ON_SECOND_TIME, {on_second_time}",
    ".set SCHEDULER, {scheduler}",
    ".set RECEIVER, {receiver}",
    ".set SCHEDULER_RECEIVE, {scheduler_receive}",
    ".set RECEIVER_RECEIVE, {receiver_receive}",
    ".set RECEIVER_SEND, {receiver_send}",
    ".set NOTHING_PENDING, {nothing_pending}",
    ".set RESUME, {resume}",
    include_str!("loops.s"),
    program = sym PROGRAM,
    status = sym STATUS,
    token = sym TOKEN,
    first = const FIRST,
    second = const SECOND,
    first_counted = const FIRST_COUNTED,
    second_counted = const SECOND_COUNTED,
    on_first_time = const on(FIRST_TIME),
    on_second_time = const on(SECOND_TIME),
    scheduler = const SCHEDULER,
    receiver = const RECEIVER,
    scheduler_receive = const SCHEDULER_RECEIVE,
    receiver_receive = const RECEIVER_RECEIVE,
    receiver_send = const RECEIVER_SEND,
    nothing_pending = const Error::NothingPending as u64,
    resume = const Answer::Resume as u64,
);
