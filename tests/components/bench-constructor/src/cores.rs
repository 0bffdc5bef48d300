//! What several cores do: rows of two cores, and calls of independent components on one, two and four at once.
//!
//! Under the clock that counts instructions all cores' count; where it measures time, cores work at the same time.

use crate::fixture::{COMPONENT, FRAMES, Fixture, PLACES, SLOTS};
use crate::operations::{Loop, Words};
use crate::run_to_its_end;
use abi::boot::slot;
use abi::crossing::CapabilityWord;
use abi::error::Error as KernelError;
use abi::operation::{PageTableOperation, TableOperation, ThreadOperation};
use bench_client::Row;
use core::arch::global_asm;
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use runtime::{Error, Result, time};

/// The thread of the first core; those of the others follow.
const FIRST: u32 = 80;
/// A thread of the second core that ends at once.
const ENDING: u32 = 84;
/// A thread of the first core that launches that one.
const LAUNCHING: u32 = 85;
/// The invocations of each core's server.
const SERVERS: u32 = 88;
/// The end-point at which the first core's thread learns that others have ended, and the right to send there.
const CORE_RECEIVE: u32 = 92;
const CORE_SEND: u32 = 93;
/// Components: each core has a client and a server.
const CLIENTS: u32 = 96;
const SERVING: u32 = 100;

/// Most cores that work at once.
const CORES: usize = 4;

/// Calls of the shorter of two runs. Others start while the first calls already: that is to be a small part.
const CALLS: u64 = 20_000;

/// How often each is measured.
const SAMPLES: usize = 3;

unsafe extern "C" {
    fn core_first() -> !;
    fn core_client() -> !;
    fn core_server() -> !;
    fn core_ends() -> !;
    fn thread_launch() -> !;
    safe fn unmap_quiesced_2cpu(words: &Words, iterations: u64) -> u64;
    safe fn thread_ended(words: &Words, iterations: u64) -> u64;
}

/// What a core's thread works with; see `cores.s`. Nothing in it is any other core's.
#[repr(C, align(512))]
struct Record {
    word: AtomicU64,
    calls: AtomicU64,
    others: AtomicU64,
    status: AtomicU64,
    stack: [AtomicU64; 60],
}

static RECORDS: [Record; CORES] = [const {
    Record {
        word: AtomicU64::new(0),
        calls: AtomicU64::new(0),
        others: AtomicU64::new(0),
        status: AtomicU64::new(0),
        stack: [const { AtomicU64::new(0) }; 60],
    }
}; CORES];

/// Measures the rows of two cores.
///
/// # Errors
///
/// The kernel's.
pub fn run_rows(fixture: &Fixture, out: &mut impl Write) -> Result<()> {
    fixture.thread(ENDING, COMPONENT, 1, core_ends as *const () as u64)?;
    fixture.thread(LAUNCHING, COMPONENT, 0, thread_launch as *const () as u64)?;
    fixture.end_point(CORE_RECEIVE, CORE_SEND, LAUNCHING)?;
    let unmap =
        |iterations| ask(unmap_quiesced_2cpu, slot::PAGE_TABLE, PageTableOperation::Unmap as u16, PLACES, iterations);
    let ended = |iterations| ask(thread_ended, ENDING, ThreadOperation::Ended as u16, 0, iterations);
    let map = |pages| fixture.map(pages);
    let rows = [
        Row::new("thread_launch", &launches).iterations(FRAMES / 2),
        Row::new("thread_ended", &ended).iterations(FRAMES / 2),
        Row::new("unmap_quiesced_2cpu", &unmap).iterations(FRAMES / 2).prepared_by(&map),
    ];
    bench_client::run(&rows, out, &time::ticks)
}

fn ask(repeat: Loop, capability: u32, operation: u16, word: u64, iterations: u64) -> Result<()> {
    let statuses = repeat(&[CapabilityWord::new(capability, operation).0, word, 0, 0, 0], iterations);
    Error::check(statuses as u16)
}

fn launches(iterations: u64) -> Result<()> {
    run_with(LAUNCHING, 0, iterations)
}

/// Writes how long so many calls take on so many cores: `cores NUMBER CALLS SHORT LONG SHORT LONG …`, as in a row.
///
/// # Errors
///
/// The kernel's.
pub fn run_scaling(fixture: &Fixture, out: &mut impl Write) -> Result<()> {
    make(fixture, CORES as u64)?;
    for cores in [1, 2, 4] {
        run_with(FIRST, cores - 1, CALLS)?;
        // Whether anyone can read it does not change what is measured.
        let _ = write!(out, "cores {cores} {CALLS}");
        for _ in 0..SAMPLES {
            let _ = write!(out, " {} {}", time_calls(cores, CALLS)?, time_calls(cores, 2 * CALLS)?);
        }
        let _ = writeln!(out);
    }
    Ok(())
}

fn time_calls(cores: u64, calls: u64) -> Result<u64> {
    let start = time::ticks();
    run_with(FIRST, cores - 1, calls)?;
    Ok(time::ticks().wrapping_sub(start))
}

/// Lets the thread run with the first record, and with it those of others.
fn run_with(thread: u32, others: u64, calls: u64) -> Result<()> {
    for record in &RECORDS {
        record.calls.store(calls, Relaxed);
        record.others.store(others, Relaxed);
        record.status.store(0, Relaxed);
    }
    run_to_its_end(thread, &raw const RECORDS as u64)?;
    let statuses = RECORDS.iter().fold(0, |statuses, record| statuses | record.status.load(Relaxed));
    Error::check(statuses as u16)
}

/// Makes a client, a server and a thread for each core.
fn make(fixture: &Fixture, cores: u64) -> Result<()> {
    for (core, record) in (0..cores as u32).zip(&RECORDS) {
        let start = if core == 0 { core_first as *const () } else { core_client as *const () };
        fixture.another_component(CLIENTS + core)?;
        fixture.another_component(SERVING + core)?;
        fixture.invocation(SERVERS + core, SERVING + core, core_server as *const () as u64)?;
        fixture.thread(FIRST + core, CLIENTS + core, core, start as u64)?;
        record.word.store(CapabilityWord::new(SERVERS + core, 0).0, Relaxed);
    }
    fixture.end_point(CORE_RECEIVE, CORE_SEND, FIRST)
}

global_asm!(
    ".set CORE_RECEIVE, {receive}",
    ".set CORE_SEND, {send}",
    ".set LAUNCH_FIRST, {launch_first}",
    ".set LAUNCH_ENDING, {launch_ending}",
    ".set QUIESCE, {quiesce}",
    ".set STILL_PENDING, {pending}",
    include_str!("cores.s"),
    receive = const CORE_RECEIVE,
    send = const CORE_SEND,
    launch_first = const CapabilityWord::new(FIRST, ThreadOperation::Launch as u16).0,
    launch_ending = const CapabilityWord::new(ENDING, ThreadOperation::Launch as u16).0,
    quiesce = const CapabilityWord::new(slot::TABLE, TableOperation::Quiesce as u16).0,
    pending = const KernelError::Pending as u64,
);

// Below what rows fill and empty.
const _: () = assert!(SERVING + CORES as u32 <= SLOTS);
