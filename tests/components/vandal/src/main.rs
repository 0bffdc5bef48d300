//! A component that writes garbage into its own page, also while the server looks at it.
//!
//! It is made of `unsafe`: the page that it was given as a protocol is memory to it.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Logger};
use core::sync::atomic::AtomicBool;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use gate::GatePage;
use log::{LevelFilter, info};
use runtime::{Error, Result};
use sched_interface::{Sched, SchedClient, Threads};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(SCHED: SchedClient);
runtime::import_page!(GATE: GatePage);
runtime::parameter!(ROUNDS: u64 = 1000, "rounds");
runtime::parameter!(SEED: u64 = 1, "seed");

static LOGGER: Logger<ConsoleClient> = Logger::new(&CONSOLE);

/// Whether the second thread goes on.
static GOES_ON: AtomicBool = AtomicBool::new(true);

/// Whether the server looks at the page.
static IS_SERVED: AtomicBool = AtomicBool::new(false);

/// Words that were rewritten meanwhile.
static MEANWHILE: AtomicU64 = AtomicU64::new(0);

runtime::component! { main: run }

/// Words of a frame.
const WORDS: usize = 512;

/// Rounds after which the second thread should have had its chance, if it has not had it before.
const MANY: u64 = 1_000_000;

fn run() -> Result<()> {
    LOGGER.install(LevelFilter::Info);
    SCHED.spawn(rewrite, SEED.get() ^ 0x5555)?;
    let mut random = Random(SEED.get());
    let (mut answered, mut round) = (0, 0);
    while round < ROUNDS.get() || MEANWHILE.load(Relaxed) == 0 && round < MANY {
        destroy(round, &mut random);
        answered += flush()?;
        round += 1;
    }
    GOES_ON.store(false, Relaxed);
    if answered == 0 {
        return Err(Error::Unknown);
    }
    let meanwhile = MEANWHILE.load(Relaxed);
    info!("{round} pages of garbage, and meanwhile {meanwhile} words of garbage; calls were answered: {answered}");
    Ok(())
}

/// Rewrites the page at any time.
fn rewrite(seed: u64) -> Result<()> {
    let mut random = Random(seed);
    while GOES_ON.load(Relaxed) {
        for _ in 0..100 {
            MEANWHILE.fetch_add(IS_SERVED.load(Relaxed).into(), Relaxed);
            let number = random.next();
            word(number as usize % (2 * WORDS))
                .store(if number & 1 << 40 == 0 { submitted(&mut random) } else { number }, Relaxed);
        }
        if random.next().is_multiple_of(64) {
            SCHED.yield_now()?;
        }
    }
    Ok(())
}

/// Writes every word of the page.
fn destroy(round: u64, random: &mut Random) {
    for number in 0..2 * WORDS {
        let garbage = match round % 6 {
            0 => 0,
            1 => u64::MAX,
            2 => random.next(),
            // As if every entry were submitted, with methods of all kinds.
            3 => submitted(random),
            // Every state that there is, and some that there are not.
            4 => (random.next() % 8) | ((random.next() % 4) << 16),
            _ => number as u64,
        };
        word(number).store(garbage, Relaxed);
    }
}

/// A status word of a submitted call of one of the interface's methods, or of one that there is not.
fn submitted(random: &mut Random) -> u64 {
    2 | (random.next() % 5) << 16
}

/// Has the server look at the page; answers how many calls it answered.
fn flush() -> Result<u64> {
    const SERVE: u16 = 0;
    // SAFETY: the first word of the slot names the batch entry: an invocation, which changes nothing here but the page.
    let serve = || unsafe { runtime::operate((slot(0) >> 16) as u32, SERVE, [u64::MAX; 4]) };
    IS_SERVED.store(true, Relaxed);
    let (status, [answered, _]) = serve();
    IS_SERVED.store(false, Relaxed);
    Error::check(status)?;
    Ok(answered.count_ones().into())
}

/// A word of the page, of the header frame first.
fn word(number: usize) -> &'static AtomicU64 {
    let frame = slot(2 + number / WORDS) as *const AtomicU64;
    // SAFETY: the composer mapped both frames there; nothing here makes other references to them.
    unsafe { &*frame.add(number % WORDS) }
}

/// A word of what the composer tells the client of the page.
fn slot(at: usize) -> u64 {
    let slot = (&raw const GATE).wrapping_byte_add(GatePage::PAGE).cast::<u64>();
    // SAFETY: the slot has six words, which the composer set.
    unsafe { slot.add(at).read_volatile() }
}

/// Marsaglia's xorshift: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
