//! What is in the registers: of a client behind a call, and of a server that is entered.

use crate::{Check, OBSERVER, PROBE, RELAYED_PROBE, TRUSTED_OBSERVER, TRUSTED_PROBE, Verdict, same, status};
use abi::crossing::EXIT_FLAGS;
use abi::error::Error;
use abi::record::CLEAR_REGISTERS;
use core::arch::{asm, naked_asm};
use probe::registers::{Registers, Seen, at};
use probe::{Observer, Probe, ProbeClient, SECRET, WORDS, how};

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    ("a stub puts everything back behind a server that clobbers it", kept_behind_success),
    ("a stub puts everything back behind a server that faults", kept_behind_fault),
    ("a stub puts everything back behind a refusal", kept_behind_refusal),
    ("a server sees nothing of a client that does not trust it", server_sees_nothing),
    ("a server sees what a client leaves that trusts it", server_sees_all),
    ("a client sees nothing of a server that does not trust it", client_sees_nothing),
    ("a client sees what a server leaves that trusts it", client_sees_all),
    ("a client sees nothing of a server that faulted", client_sees_nothing_of_a_fault),
    ("a server starts with the floating-point control of compiled code", control_is_standard),
    ("a server is not harmed by an exception that its client left pending", pending_exceptions_are_the_clients_own),
];

/// Rounding towards zero, all exceptions masked.
const MXCSR: u64 = 0x7f80;
/// All exceptions masked, double precision.
const CONTROL: u64 = 0x27f;
const DIRECTION: u64 = 1 << 10;
const FS_BASE: u64 = 0x1234_5678_9000;
const ALL_VECTOR: u64 = 0x1ff_ffff;

static SEEN: Seen = Seen::new();

/// Calls `call` with all that its caller may rely on set to something, and stores what is there behind it.
#[unsafe(naked)]
unsafe extern "C" fn surround(call: extern "C" fn() -> u64) -> u64 {
    naked_asm!(
        "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
        "rdfsbase rax",
        "push rax",
        "sub rsp, 16",
        "stmxcsr [rsp]",
        "fnstcw [rsp + 4]",
        "mov dword ptr [rsp + 8], {mxcsr}",
        "ldmxcsr [rsp + 8]",
        "mov word ptr [rsp + 8], {control}",
        "fldcw [rsp + 8]",
        "movabs rax, {fs_base}",
        "wrfsbase rax",
        "movabs rcx, {secret}",
        probe::fill_vector_registers!(),
        probe::fill_kept_registers!(),
        "call rdi",
        probe::store_registers!(),
        "mov qword ptr [rsp + 8], 0",
        "stmxcsr [rsp + 8]",
        "mov rcx, [rsp + 8]",
        "mov [rip + {seen} + 392], rcx",
        "mov qword ptr [rsp + 8], 0",
        "fnstcw [rsp + 8]",
        "mov rcx, [rsp + 8]",
        "mov [rip + {seen} + 400], rcx",
        "rdfsbase rcx",
        "mov [rip + {seen} + 384], rcx",
        "pushfq",
        "pop rcx",
        "mov [rip + {seen} + 408], rcx",
        "cld",
        "fninit",
        "fldcw [rsp + 4]",
        "ldmxcsr [rsp]",
        "add rsp, 16",
        "pop rcx",
        "wrfsbase rcx",
        "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
        "ret",
        mxcsr = const MXCSR,
        control = const CONTROL,
        fs_base = const FS_BASE,
        secret = const SECRET,
        seen = sym SEEN,
    )
}

/// What was seen behind `call`, and what it answered.
fn seen_behind(call: extern "C" fn() -> u64) -> (Registers, u64) {
    // SAFETY: everything is put back before it returns; `call` is an ordinary function, which does not care about the
    // rounding of floating-point numbers.
    unsafe {
        let answer = surround(call);
        (SEEN.get(), answer)
    }
}

fn kept(call: extern "C" fn() -> u64, expected: u64) -> Verdict {
    let (seen, answer) = seen_behind(call);
    same(answer, expected)?;
    for register in at::KEPT {
        same(seen.general[register], SECRET)?;
    }
    same(seen.mxcsr, MXCSR)?;
    same(seen.control, CONTROL)?;
    same(seen.fs_base, FS_BASE)?;
    same(seen.flags & DIRECTION, 0)
}

fn kept_behind_success() -> Verdict {
    extern "C" fn call() -> u64 {
        status(PROBE.misbehave(how::CLOBBER))
    }
    kept(call, 0)
}

fn kept_behind_fault() -> Verdict {
    extern "C" fn call() -> u64 {
        status(PROBE.misbehave(how::SPOIL))
    }
    kept(call, Error::Faulted.status().into())
}

fn kept_behind_refusal() -> Verdict {
    extern "C" fn call() -> u64 {
        status(PROBE.forbidden())
    }
    kept(call, Error::MethodNotPermitted.status().into())
}

/// What an observer answers: a bit for each general register, and above them one for each vector register.
fn look(observer: &impl Observer) -> u64 {
    let [first, second, third, fourth] = WORDS;
    observer.look(first, second, third, fourth).map_or(u64::MAX, |(general, vector)| vector << 16 | general)
}

fn server_sees_nothing() -> Verdict {
    extern "C" fn call() -> u64 {
        look(&OBSERVER)
    }
    same(seen_behind(call).1, 0)
}

/// That the check before this one can fail.
fn server_sees_all() -> Verdict {
    extern "C" fn call() -> u64 {
        look(&TRUSTED_OBSERVER)
    }
    let seen = seen_behind(call).1;
    same(seen >> 16, ALL_VECTOR)?;
    same(seen & 1 << at::RBX, 1 << at::RBX)
}

/// Makes a system call with `word` and `first`, and stores what is there behind it.
#[unsafe(naked)]
unsafe extern "C" fn cross(word: u64, first: u64) -> u64 {
    naked_asm!(
        "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
        "sub rsp, 8",
        "mov rax, rdi",
        "mov rdi, rsi",
        "movabs rcx, {secret}",
        probe::fill_vector_registers!(),
        probe::fill_kept_registers!(),
        "mov rsi, rcx",
        "mov rdx, rcx",
        "mov r8, rcx",
        "mov r9, rcx",
        "mov r10, rcx",
        "syscall",
        probe::store_registers!(),
        "mov dword ptr [rsp], 0x1f80",
        "ldmxcsr [rsp]",
        "fninit",
        "add rsp, 8",
        "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
        "ret",
        secret = const SECRET,
        seen = sym SEEN,
    )
}

/// What is in the registers behind a call of `method` of `client`.
fn seen_behind_crossing(client: &ProbeClient, method: u64, first: u64) -> Registers {
    // SAFETY: a client is its import slot, whose first word names the capability; it is as the composer left it.
    let word = unsafe { (&raw const *client).cast::<u64>().read_volatile() };
    // SAFETY: all that compiled code relies on is put back.
    unsafe {
        cross(word & !CLEAR_REGISTERS | method, first);
        SEEN.get()
    }
}

const MISBEHAVE: u64 = 1;
const LEAVE_SECRETS: u64 = 2;

/// What a client may see behind a call, but for status and words.
fn answered(seen: &Registers) -> [u64; 16] {
    let mut expected = [0; 16];
    // The kernel's, by design: where the client goes on, and the flags.
    for register in [at::RAX, at::RDI, at::RSI, at::RSP, at::RCX] {
        expected[register] = seen.general[register];
    }
    expected[at::R11] = EXIT_FLAGS;
    expected
}

fn client_sees_nothing() -> Verdict {
    let seen = seen_behind_crossing(&PROBE, LEAVE_SECRETS, 0);
    same(seen.general[at::RAX], 0)?;
    same(seen.general_not(&answered(&seen)), 0)?;
    same(seen.vector_not_zero(), 0)
}

/// That the check before this one can fail.
fn client_sees_all() -> Verdict {
    let seen = seen_behind_crossing(&TRUSTED_PROBE, LEAVE_SECRETS, 0);
    same(seen.general[at::RAX], 0)?;
    same(seen.general[at::R10], SECRET)?;
    same(seen.vector_not_zero(), ALL_VECTOR)
}

fn client_sees_nothing_of_a_fault() -> Verdict {
    let seen = seen_behind_crossing(&TRUSTED_PROBE, MISBEHAVE, how::UNDEFINED);
    let mut expected = answered(&seen);
    expected[at::RAX] = Error::Faulted.status().into();
    expected[at::RDI] = 0;
    expected[at::RSI] = 0;
    same(seen.general_not(&expected), 0)?;
    same(seen.vector_not_zero(), 0)
}

/// What a server starts with, whatever its client has set.
fn control_is_standard() -> Verdict {
    const STANDARD: u64 = 0x1f80;
    extern "C" fn call() -> u64 {
        PROBE.leave_secrets().map_or(0, |(mxcsr, _)| mxcsr & 0xffff)
    }
    same(seen_behind(call).1, STANDARD)
}

/// A client leaves an x87 exception pending that is not masked. Whoever executes the next x87 instruction that looks for
/// one faults; that must not be the server, which calls another server and keeps its own control word meanwhile.
fn pending_exceptions_are_the_clients_own() -> Verdict {
    // SAFETY: no x87 instruction that would raise it is executed before the state is put back below, but by servers.
    unsafe {
        asm!("fninit", "push 0x33b", "fldcw [rsp]", "add rsp, 8", "fld1", "fldz", "fdivp st(1), st", out("st(0)") _);
    }
    let answer = RELAYED_PROBE.next(1);
    // SAFETY: the state that compiled code expects.
    unsafe { asm!("fninit", out("st(0)") _) }
    same(answer.unwrap_or(0), 2)
}
