//! The image of a server without a console, which panics: its logger notes what is said, or says nothing, or panics itself.
#![no_std]
#![no_main]
#![expect(clippy::panic, reason = "what a panic does is what is tested")]

use core::fmt::{self, Write};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use log::{LevelFilter, Log, Metadata, Record};
use pong_interface::{Pong, PongServer};

runtime::export!(PongServer => Scribe);

runtime::component! { initialise: initialise }

/// What the logger does: 0 for noting, 1 for nothing, 2 for a panic.
static DOES: AtomicU64 = AtomicU64::new(0);
/// Records that came, and those that say why.
static RECORDS: AtomicU64 = AtomicU64::new(0);
static REASONS: AtomicU64 = AtomicU64::new(0);

fn initialise() {
    // It is the only one.
    let _ = log::set_logger(&Scribe);
    log::set_max_level(LevelFilter::Info);
}

/// The server, and its logger.
struct Scribe;

impl Log for Scribe {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        RECORDS.fetch_add(1, Relaxed);
        match DOES.load(Relaxed) {
            0 => _ = write!(Ends([0; 8]), "{}", record.args()),
            1 => {}
            _ => panic!("the logger cannot"),
        }
    }

    fn flush(&self) {}
}

/// The last bytes of what is written, looked at as it comes.
struct Ends([u8; 8]);

impl Write for Ends {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0.rotate_left(1);
            self.0[7] = byte;
            REASONS.fetch_add(u64::from(self.0 == *b"as asked"), Relaxed);
        }
        Ok(())
    }
}

impl Pong for Scribe {
    fn call(&self) -> pong_interface::Result<()> {
        Ok(())
    }

    /// From now on the logger does `what`.
    fn add(&self, what: u64, _: u64) -> pong_interface::Result<u64> {
        RECORDS.store(0, Relaxed);
        Ok(DOES.swap(what, Relaxed))
    }

    fn args(&self, _: u64, _: u64, _: u64, _: u64) -> pong_interface::Result<(u64, u64)> {
        Ok((RECORDS.load(Relaxed), REASONS.load(Relaxed)))
    }

    fn fails(&self) -> pong_interface::Result<()> {
        panic!("as asked")
    }
}
