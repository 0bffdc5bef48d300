//! A component without a stack that asks the kernel for one thing after another: what a script says.

use core::arch::naked_asm;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

/// One line of a script: the word in `rax`, the four others, and, afterwards, the status.
const WORDS: usize = 6;
const LINES: usize = 64;

/// In place of the first word: the first word of the answer before.
pub const LAST: u64 = u64::MAX - 1;

/// In place of the capability: fills the page in the first word with the second.
pub const FILL: u64 = 1;

static SCRIPT: [AtomicU64; WORDS * (LINES + 1)] = [const { AtomicU64::new(0) }; WORDS * (LINES + 1)];
static CURSOR: AtomicU64 = AtomicU64::new(0);
static ANSWER: AtomicU64 = AtomicU64::new(0);

/// Writes the script, to be executed from its start.
pub fn write(lines: &[[u64; 5]]) {
    for (at, line) in lines.iter().chain([&[0; 5]]).enumerate() {
        for (word, value) in SCRIPT.iter().skip(WORDS * at).zip(line.iter().chain([&u64::MAX])) {
            word.store(*value, Relaxed);
        }
    }
    CURSOR.store(SCRIPT.as_ptr() as u64, Relaxed);
}

/// The status of line number `at`; one that no operation answers if it has not been executed.
pub fn status(at: usize) -> u64 {
    SCRIPT.get(WORDS * at + 5).map_or(u64::MAX, |word| word.load(Relaxed))
}

/// Executes the script, and returns to whoever invoked.
#[unsafe(naked)]
unsafe extern "C" fn follow() {
    naked_asm!(
        "2:",
        "mov r12, [rip + {cursor}]",
        "mov rax, [r12]",
        "mov rdi, [r12 + 8]",
        "mov rsi, [r12 + 16]",
        "mov rdx, [r12 + 24]",
        "mov r10, [r12 + 32]",
        "test rax, rax",
        "jz 4f",
        "cmp rax, {fill}",
        "je 3f",
        "cmp rdi, -2",
        "cmove rdi, [rip + {answer}]",
        "syscall",
        "mov [rip + {answer}], rdi",
        "5:",
        "mov r12, [rip + {cursor}]",
        "mov [r12 + 40], rax",
        "add r12, 48",
        "mov [rip + {cursor}], r12",
        "jmp 2b",
        "3:",
        "mov rax, rsi",
        "mov ecx, 512",
        "rep stosq",
        "xor eax, eax",
        "jmp 5b",
        "4:",
        "syscall",
        "ud2",
        cursor = sym CURSOR,
        answer = sym ANSWER,
        fill = const FILL,
    )
}

#[unsafe(naked)]
unsafe extern "C" fn return_at_once() {
    naked_asm!("xor eax, eax", "syscall", "ud2")
}

/// Where a server is entered that executes the script.
pub fn follows() -> u64 {
    follow as *const () as u64
}

/// Where a server is entered that returns with success and the words with which it was entered.
pub fn returns() -> u64 {
    return_at_once as *const () as u64
}
