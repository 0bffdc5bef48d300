//! The image of a tiny personality: it serves `write` and `exit` by the convention of Linux, and refuses all else.
#![no_std]
#![no_main]

mod text;

use console_interface::{ConsoleClient, Writer};
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use fault_interface::{Answer, Cause, Fault, FaultServer};
use runtime::Result;
use runtime::handled::{number, register, set_register};

runtime::import!(CONSOLE: ConsoleClient);

runtime::export!(FaultServer => PERSONALITY);

runtime::component! {}

struct Personality {
    /// System calls served so far.
    calls: AtomicU64,
}

static PERSONALITY: Personality = Personality { calls: AtomicU64::new(0) };

const WRITE: u64 = 1;
const EXIT: u64 = 60;
/// "There is no such system call", as Linux says it.
const UNKNOWN: u64 = -38_i64 as u64;
/// "Bad address".
const BAD_ADDRESS: u64 = -14_i64 as u64;

impl Fault for Personality {
    fn handle(&self, cause: Cause, call: u64, instruction: u64) -> Result<Answer> {
        let mut out = Writer::new(&CONSOLE);
        if cause.vector != Cause::SYSTEM_CALL {
            let _ = writeln!(out, "personality: {cause} at {instruction:#x}");
            return Ok(Answer::Unwind);
        }
        let calls = self.calls.fetch_add(1, Relaxed) + 1;
        let answer = match call {
            WRITE => text::write(&mut out, register(number::RSI)?, register(number::RDX)?).unwrap_or(BAD_ADDRESS),
            EXIT => {
                let _ = writeln!(out, "personality: {calls} system calls");
                return Ok(Answer::Exit(register(number::RDI)? as u16));
            }
            _ => UNKNOWN,
        };
        set_register(number::RAX, answer)?;
        Ok(Answer::Retry)
    }
}
