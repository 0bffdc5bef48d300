//! The image of a program that knows nothing of Tessera: it writes and ends by the system calls of Linux.
#![no_std]
#![no_main]

use core::arch::{asm, naked_asm};
use memory_functions as _;
use probe::stacks;
use runtime::internal::{Record, STACKS};

// What it does beside that, its graph says.
runtime::parameter!(INT_80: bool = false, "int80");
runtime::parameter!(SYSENTER: bool = false, "sysenter");
runtime::parameter!(INVOKE: bool = false, "invoke");

/// Every image says where the end of its stacks goes.
#[used]
#[unsafe(link_section = ".tessera.records")]
static RECORD: Record = Record::stacks((&raw const STACKS).cast());

const WRITE: u64 = 1;
const GETPID: u64 = 39;
const EXIT: u64 = 60;

/// The thread starts here, on a stack.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn _start() -> ! {
    naked_asm!("xor ebp, ebp", "and rsp, -16", "call {main}", "ud2", main = sym main)
}

extern "C" fn main() -> ! {
    // SAFETY: a system call of Linux that reads 30 bytes of a constant.
    let written = unsafe { system_call(WRITE, [1, TEXT.as_ptr() as u64, TEXT.len() as u64]) };
    say(if written == TEXT.len() as u64 { "foreign: all of it was written\n" } else { "foreign: not written\n" });
    // SAFETY: writes nothing: the kernel's part of the address space, and an address that is none.
    let nowhere = [0xffff_8000_0000_0000, 1 << 47, 0].map(|at| unsafe { system_call(WRITE, [1, at, 8]) as i64 });
    say(if nowhere == [-14; 3] { "foreign: nowhere to write from\n" } else { "foreign: written from nowhere\n" });
    // SAFETY: changes nothing.
    let unknown = unsafe { system_call(GETPID, [0; 3]) } as i64;
    say(if unknown == -38 { "foreign: no such system call\n" } else { "foreign: a system call that is none\n" });
    say(if registers_stay() { "foreign: registers intact\n" } else { "foreign: registers spoilt\n" });
    say(if stack_pointers_stay() {
        "foreign: any stack pointer stays\n"
    } else {
        "foreign: a stack pointer is spoilt\n"
    });
    misbehave();
    // SAFETY: it does not come back.
    unsafe { system_call(EXIT, [0; 3]) };
    end()
}

const TEXT: &str = "foreign: hello by write(1, ..)\n";

fn say(text: &str) {
    // SAFETY: reads the text.
    unsafe { system_call(WRITE, [1, text.as_ptr() as u64, text.len() as u64]) };
}

/// What Linux executables do too, and what a component of Tessera does. The first two are faults.
fn misbehave() {
    if INT_80.get() {
        // SAFETY: it faults.
        unsafe { asm!("int 0x80", in("eax") 1, lateout("rax") _) }
    }
    if SYSENTER.get() {
        // SAFETY: it faults.
        unsafe { asm!("sysenter", in("eax") 1, lateout("rax") _) }
    }
    if INVOKE.get() {
        // By the contract of Tessera: the capability in slot 2, which is the kernel's to use, and the return.
        // SAFETY: system calls that there are not.
        let answers = [2 << 16, 0].map(|word| unsafe { system_call(word, [0; 3]) } as i64);
        say(if answers == [-38; 2] { "foreign: cannot invoke\n" } else { "foreign: has invoked\n" });
    }
}

fn end() -> ! {
    // SAFETY: it faults.
    unsafe { asm!("ud2", options(noreturn)) }
}

/// # Safety
///
/// What the system call does.
unsafe fn system_call(number: u64, [first, second, third]: [u64; 3]) -> u64 {
    let answer;
    // SAFETY: by Linux's convention, `rcx` and `r11` change, and the answer's register.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => answer,
            in("rdi") first, in("rsi") second, in("rdx") third,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    answer
}

/// Whether a system call is answered, and the stack pointer is what it was, whatever that is.
fn stack_pointers_stay() -> bool {
    stacks::STACKS.into_iter().all(|stack| {
        // SAFETY: changes nothing.
        let (answer, behind) = unsafe { stacks::call_with_stack(GETPID, 0, stack) };
        answer as i64 == -38 && behind == stack
    })
}

/// Whether all registers but those three are behind a system call as they were before it.
fn registers_stay() -> bool {
    let changed: u64;
    // SAFETY: all that changes is named.
    unsafe {
        asm!(
            "push rbx",
            "push rbp",
            "mov ebx, 1",
            "mov ebp, 2",
            "movq xmm9, r15",
            "std",
            "syscall",
            "pushfq",
            "cld",
            "pop r11",
            "bt r11, 10",                    // the direction flag: it is set
            "sbb eax, eax",
            "not eax",
            "movq rcx, xmm9",
            "xor rcx, r15",
            "or rax, rcx",
            "xor ebx, 1",
            "or rax, rbx",
            "xor ebp, 2",
            "or rax, rbp",
            "xor rdi, 3",
            "or rax, rdi",
            "xor rsi, 4",
            "or rax, rsi",
            "xor rdx, 5",
            "or rax, rdx",
            "xor r8, 8",
            "or rax, r8",
            "xor r9, 9",
            "or rax, r9",
            "xor r10, 10",
            "or rax, r10",
            "xor r12, 12",
            "or rax, r12",
            "xor r13, 13",
            "or rax, r13",
            "xor r14, 14",
            "or rax, r14",
            "xor r15, 15",
            "or rax, r15",
            "pop rbp",
            "pop rbx",
            inlateout("rax") GETPID => changed,
            inlateout("rdi") 3_u64 => _,
            inlateout("rsi") 4_u64 => _,
            inlateout("rdx") 5_u64 => _,
            inlateout("r8") 8_u64 => _,
            inlateout("r9") 9_u64 => _,
            inlateout("r10") 10_u64 => _,
            inlateout("r12") 12_u64 => _,
            inlateout("r13") 13_u64 => _,
            inlateout("r14") 14_u64 => _,
            inlateout("r15") 15_u64 => _,
            out("rcx") _, out("r11") _, out("xmm9") _,
        );
    }
    // The upper half of the answer's register is the personality's refusal until `sbb` cuts it off.
    changed == 0
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    end()
}
