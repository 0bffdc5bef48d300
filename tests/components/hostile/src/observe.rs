//! A server that is entered by an entry of its own, to see the registers before anybody has touched them.

use core::arch::naked_asm;
use probe::registers::{Registers, Seen, at};
use probe::{Observer, ObserverServer, WORDS};
use runtime::Result;
use runtime::internal::Record;

/// Says what it sees.
struct Observing;

static SEEN: Seen = Seen::new();

impl Observer for Observing {
    fn look(&self, _: u64, _: u64, _: u64, _: u64) -> Result<(u64, u64)> {
        // SAFETY: the entry has stored them on the way here.
        let seen = unsafe { SEEN.get() };
        Ok((seen.general_not(&expected(&seen)), seen.vector_not_zero()))
    }
}

/// What `abi::crossing` says that a server sees.
fn expected(seen: &Registers) -> [u64; 16] {
    let mut expected = [0; 16];
    let [rdi, rsi, rdx, r10] = WORDS;
    let (token, thread) = (seen.general[at::R8], seen.general[at::R9]);
    // Which token, and which thread, is the graph's business; that they are small is ours.
    let small = |number: u64| if number <= 64 { number } else { 0 };
    for (register, value) in [
        (at::RCX, entry as *const () as u64),
        (at::RDI, rdi),
        (at::RSI, rsi),
        (at::RDX, rdx),
        (at::R10, r10),
        (at::R11, 0x202),
        (at::R8, small(token)),
        (at::R9, small(thread)),
    ] {
        expected[register] = value;
    }
    expected
}

/// What the stub leads to. The methods are as for any server that is trusted.
unsafe extern "C" fn method<const METHOD: u64, const CLEARED: bool>(
    first: u64,
    second: u64,
    third: u64,
    fourth: u64,
    token: u64,
    _: u64,
) -> ! {
    let invocation = runtime::Invocation { method: METHOD, words: [first, second, third, fourth], token };
    let reply = ObserverServer::dispatch(&Observing, invocation);
    // SAFETY: the stub leads here, and the invocation has nothing more to do.
    unsafe { if CLEARED { reply.leave_cleared() } else { reply.leave() } }
}

runtime::methods!(METHODS, method, ObserverServer::METHODS, false);
runtime::entry_stub!(go_on, METHODS, []);

/// Stores the registers, and goes on like any other entry.
#[unsafe(naked)]
unsafe extern "C" fn entry() -> ! {
    naked_asm!(probe::store_registers!(), "jmp {go_on}", seen = sym SEEN, go_on = sym go_on)
}

#[used]
#[unsafe(link_section = ".tessera.records")]
static RECORD: Record = Record::export(ObserverServer::NAME.as_bytes(), ObserverServer::SCHEMA, entry, entry);
