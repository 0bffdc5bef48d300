//! A server that serves nothing: whenever it is asked to serve a page, it writes garbage into that, or does what its graph says.
//!
//! It is made of `unsafe`: its entries are its own, and a page that it was given as a protocol is memory to it.
#![no_std]
#![no_main]

use abi::page::{MORE, ROWS};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use gate::GateServer;
use runtime::internal::Record;
use runtime::{Error, Reply};

runtime::parameter!(SEED: u64 = 1, "seed");
runtime::parameter!(TAME: u64 = u64::MAX, "tame");
// Instead of garbage: faults; says that there is more to do; says that all calls wait, and faults; does nothing; does not come back.
runtime::parameter!(FAULTS: bool = false, "faults");
runtime::parameter!(REPEATS: bool = false, "repeats");
runtime::parameter!(KEEPS: bool = false, "keeps");
runtime::parameter!(IDLES: bool = false, "idles");
runtime::parameter!(SPINS: bool = false, "spins");

runtime::component! {}

/// Where the composer puts the address of the table of pages.
static TABLE: AtomicU64 = AtomicU64::new(0);

/// Words that were written.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// The state of what is random.
static RANDOM: AtomicU64 = AtomicU64::new(0);

/// Words of a frame.
const WORDS: usize = 512;

/// The status word of a call that waits.
const BLOCKED: u64 = 4;

/// Every method of direct calls: answers how many words were written.
unsafe extern "C" fn answer<const METHOD: u64, const CLEARED: bool>(
    _: u64,
    _: u64,
    _: u64,
    _: u64,
    _: u64,
    _: u64,
) -> ! {
    // SAFETY: an entry stub leads here, and the invocation has nothing more to do.
    unsafe { leave::<CLEARED>([WRITTEN.load(Relaxed), 0]) }
}

/// The batch entry: destroys the page of `row`, and says something about that.
unsafe extern "C" fn serve<const METHOD: u64, const CLEARED: bool>(
    _: u64,
    _: u64,
    _: u64,
    _: u64,
    row: u64,
    _: u64,
) -> ! {
    let table = TABLE.load(Relaxed) + ROWS * (row + 1);
    // SAFETY: the composer made the table, and there a row for the number with which this entry is entered.
    let [header, entries] = unsafe { (table as *const [u64; 2]).read_volatile() };
    if KEEPS.get() {
        (0..WORDS).step_by(8).for_each(|at| write(entries, at, BLOCKED));
    }
    if FAULTS.get() || KEEPS.get() {
        // SAFETY: a fault is what it is to be; nothing runs behind it.
        unsafe { core::arch::asm!("ud2", options(noreturn)) }
    }
    while SPINS.get() {
        core::hint::spin_loop();
    }
    if REPEATS.get() || IDLES.get() {
        // SAFETY: as above.
        unsafe { leave::<CLEARED>([0, if REPEATS.get() { MORE } else { 0 }]) }
    }
    for at in 0..3 {
        write(header, 8 * at, random());
    }
    let is_tame = WRITTEN.load(Relaxed) < TAME.get();
    for at in 0..WORDS {
        write(entries, at, if at % 8 == 0 { status(is_tame) } else { random() });
    }
    // SAFETY: as above.
    unsafe { leave::<CLEARED>([random(), random() & 1]) }
}

/// # Safety
///
/// At the end of an invocation.
unsafe fn leave<const CLEARED: bool>(words: [u64; 2]) -> ! {
    let reply = Reply::from(Ok::<_, Error>((words[0], words[1])));
    // SAFETY: the caller's promise.
    unsafe { if CLEARED { reply.leave_cleared() } else { reply.leave() } }
}

/// Most often something that a server could have written; what is not makes the client give up the slot for ever.
fn status(is_tame: bool) -> u64 {
    let number = random();
    if is_tame || number.is_multiple_of(4) { (2 + number % 4) | ((number >> 16 & 0x1ff) << 16) } else { number }
}

fn write(frame: u64, at: usize, value: u64) {
    // SAFETY: the composer mapped the frame there; nothing here makes other references to it.
    let word = unsafe { &*(frame as *const AtomicU64).add(at) };
    word.store(value, Relaxed);
    WRITTEN.fetch_add(1, Relaxed);
}

/// Marsaglia's xorshift: the same numbers for the same seed.
fn random() -> u64 {
    let mut number = RANDOM.load(Relaxed) ^ SEED.get().max(1);
    number ^= number << 13;
    number ^= number >> 7;
    number ^= number << 17;
    RANDOM.store(number ^ SEED.get().max(1), Relaxed);
    number
}

runtime::entries!(answer, GateServer::METHODS, trusted: TRUSTED, cleared: CLEARED);
runtime::entries!(serve, 1, batch_trusted: BATCH_TRUSTED, batch_cleared: BATCH_CLEARED);

#[used]
#[unsafe(link_section = ".tessera.records")]
static EXPORT: Record = Record::export(GateServer::NAME.as_bytes(), GateServer::SCHEMA, trusted, cleared);

#[used]
#[unsafe(link_section = ".tessera.records")]
static BATCH: Record = Record::batch(GateServer::NAME.as_bytes(), GateServer::SCHEMA, batch_trusted, batch_cleared);

#[used]
#[unsafe(link_section = ".tessera.records")]
static PAGES: Record = Record::pages(GateServer::NAME.as_bytes(), GateServer::SCHEMA, (&raw const TABLE).cast());
