//! The image of a handler of faults: what it does and answers, its graph says by parameters.
#![no_std]
#![no_main]

use console_interface::{ConsoleClient, Writer};
use core::arch::asm;
use core::fmt::Write;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;
use fault_interface::{Answer, Cause, Fault, FaultServer};
use probe::{Probe, ProbeClient, how};
use runtime::handled::number::{RAX, RBX, RSP, XMM0};
use runtime::{Caller, Error, Result, handled, time};

runtime::import!(CONSOLE: ConsoleClient);
runtime::import!(PROBE: ProbeClient);

// What it does.
runtime::parameter!(PRINT: bool = false, "print");
runtime::parameter!(SPIN: u64 = 0, "spin");
runtime::parameter!(NESTED: bool = false, "nested");
runtime::parameter!(FAULT: bool = false, "fault");
runtime::parameter!(FAIL: bool = false, "fail");
// What it answers: retry so many times, then resume so many bytes behind the instruction, or end the thread, or unwind.
runtime::parameter!(RETRIES: u64 = 0, "retries");
runtime::parameter!(RESUME: u64 = 0, "resume");
runtime::parameter!(END: bool = false, "end");
// Emulates an instruction of two bytes that puts twice rbx into rax, adds xmm3's lower half to it, and moves rsp by nothing.
runtime::parameter!(EMULATE: bool = false, "emulate");

runtime::export!(FaultServer => |caller| Warden(caller));

runtime::component! {}

struct Warden(Caller);

static FAULTS: AtomicU64 = AtomicU64::new(0);

impl Fault for Warden {
    fn handle(&self, cause: Cause, address: u64, instruction: u64) -> Result<Answer> {
        let number = FAULTS.fetch_add(1, Relaxed) + 1;
        spoil();
        self.act(number, cause, address);
        if EMULATE.get() {
            emulate()?;
        }
        if FAIL.get() {
            return Err(Error::numbered(1));
        }
        Ok(match (number % (RETRIES.get() + 1), RESUME.get(), END.get()) {
            (1.., ..) => Answer::Retry,
            (0, 1.., _) => Answer::Resume(instruction + RESUME.get()),
            (0, 0, true) => Answer::EndThread,
            (0, 0, false) => Answer::Unwind,
        })
    }
}

impl Warden {
    fn act(&self, number: u64, cause: Cause, address: u64) {
        let mut out = Writer::new(&CONSOLE);
        if PRINT.get() {
            let (client, thread) = (self.0.token, self.0.thread);
            let _ = writeln!(
                out,
                "warden: fault {number}: {cause}, address {address:#x}, client {client}, thread {thread}"
            );
        }
        let start = time::ticks();
        while time::ticks().wrapping_sub(start) < SPIN.get() {
            core::hint::spin_loop();
        }
        if NESTED.get()
            && let Err(error) = PROBE.misbehave(how::UNDEFINED)
        {
            let _ = writeln!(out, "warden: the call that faulted meanwhile: {error}");
        }
        if FAULT.get() {
            // SAFETY: a fault is what is tested; nothing runs behind it.
            unsafe { asm!("ud2", options(noreturn)) }
        }
    }
}

/// What the instruction is to do that faulted.
fn emulate() -> Result<()> {
    let sum = 2 * handled::register(RBX)? + handled::register(XMM0 + 6)?;
    handled::set_register(RSP, handled::register(RSP)?)?;
    handled::set_register(RAX, sum)
}

/// Leaves nothing as it was that compiled code does not need: all of it is the faulting component's.
fn spoil() {
    // SAFETY: this component has no thread-local storage, and uses neither GS nor x87 registers; how floating-point
    // numbers are rounded is of no interest to it.
    unsafe {
        asm!(
            "mov {spoilt}, 0x123000",
            "wrfsbase {spoilt}",
            "wrgsbase {spoilt}",
            "fninit",
            "fld1",
            "push 0x5f80",
            "ldmxcsr [rsp]",
            "pop {spoilt}",
            "pcmpeqb xmm5, xmm5",
            "pcmpeqb xmm15, xmm15",
            spoilt = out(reg) _, out("xmm5") _, out("xmm15") _,
            out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
            out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
        );
    }
}
