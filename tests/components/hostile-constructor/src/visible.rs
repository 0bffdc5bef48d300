//! What is in the registers behind an operation: nothing of the kernel's.

use abi::crossing::CapabilityWord;
use core::arch::naked_asm;
use core::cell::UnsafeCell;
use probe::registers::{Registers, Seen, at};

static SEEN: Seen = Seen::new();
static STATE: State = State(UnsafeCell::new([0; 64]));

/// What `fxsave64` writes.
#[repr(C, align(16))]
struct State(UnsafeCell<[u64; 64]>);

// SAFETY: the constructor's one thread looks at it, behind what stores it.
unsafe impl Sync for State {}

/// Words of the state in which x87 and vector registers are.
const DATA: core::ops::Range<usize> = 4..52;

/// Performs an operation. Answers its status, its two words, and a word of the kernel's that is in a register behind it.
///
/// `is_secret` knows the kernel's words from those that may be there.
///
/// # Safety
///
/// As [`runtime::operate`]; and one thread at a time.
pub unsafe fn operate(
    capability: u32,
    operation: u16,
    words: [u64; 4],
    is_secret: impl Fn(u64) -> bool,
) -> (u16, [u64; 2], Option<u64>) {
    let [a, b, c, d] = words;
    // SAFETY: the caller's promise. All registers that compiled code relies on are put back.
    let (status, seen, state) = unsafe {
        let status = stored(CapabilityWord::new(capability, operation).0, a, b, c, d);
        (status as u16, SEEN.get(), STATE.0.get().read_volatile())
    };
    let answer = [seen.general[at::RDI], seen.general[at::RSI]];
    let all = registers(&seen).chain(state.into_iter().take(DATA.end).skip(DATA.start));
    (status, answer, all.filter(|word| !words.contains(word)).find(|word| is_secret(*word)))
}

/// The general registers, but for the stack pointer.
fn registers(seen: &Registers) -> impl Iterator<Item = u64> {
    seen.general.into_iter().enumerate().filter(|(register, _)| *register != at::RSP).map(|(_, word)| word)
}

/// # Safety
///
/// As [`operate`].
#[unsafe(naked)]
unsafe extern "C" fn stored(_word: u64, _: u64, _: u64, _: u64, _: u64) -> u64 {
    naked_asm!(
        "push rbx", "push rbp", "push r12", "push r13", "push r14", "push r15",
        "rdfsbase rax",
        "push rax",
        "sub rsp, 16",
        "stmxcsr [rsp]",
        "fnstcw [rsp + 4]",
        "mov rax, rdi",
        "mov rdi, rsi",
        "mov rsi, rdx",
        "mov rdx, rcx",
        "mov r10, r8",
        // Whatever is there behind the system call is the kernel's, or what it was asked with.
        "xor r8d, r8d",
        "xor r9d, r9d",
        "fninit",
        "fldz", "fldz", "fldz", "fldz", "fldz", "fldz", "fldz", "fldz",
        "fninit",
        runtime::clear_registers!(),
        "syscall",
        probe::store_registers!(),
        "fxsave64 [rip + {state}]",
        "fninit",
        "fldcw [rsp + 4]",
        "ldmxcsr [rsp]",
        "add rsp, 16",
        "pop rcx",
        "wrfsbase rcx",
        "pop r15", "pop r14", "pop r13", "pop r12", "pop rbp", "pop rbx",
        "ret",
        seen = sym SEEN,
        state = sym STATE,
    )
}
