//! Instructions that end in an exception, one function each.

use crate::SURVIVED;
use core::arch::asm;

/// Declares functions that execute an instruction and should not get behind it.
macro_rules! instructions {
    ($($(#[$documentation:meta])* $name:ident: $($line:literal),+;)*) => {$(
        $(#[$documentation])*
        pub fn $name() -> u16 {
            // SAFETY: nothing is relied on behind these instructions but the stack, which they leave as it was: they
            // must fault, and a component that gets behind them ends at once.
            unsafe { asm!($($line),+, out("rax") _, out("rcx") _, out("rdx") _, clobber_abi("C")) }
            SURVIVED
        }
    )*};
}

instructions! {
    /// Would keep interrupts out.
    cli: "cli";
    /// Would let interrupts in.
    sti: "sti";
    /// Would stop the processor.
    hlt: "hlt";
    /// Would read the line status of the serial port.
    input: "mov edx, 0x3fd", "in al, dx";
    /// Would end the emulator.
    output: "mov edx, 0xf4", "mov eax, 0x10", "out dx, eax";
    /// Would tell where the page table is.
    mov_from_cr3: "mov rax, cr3";
    /// Would change the page table.
    mov_to_cr3: "xor eax, eax", "mov cr3, rax";
    /// Would set a breakpoint.
    mov_to_dr7: "xor eax, eax", "mov dr7, rax";
    /// Would tell where system calls lead to.
    rdmsr: "mov ecx, 0xc0000082", "rdmsr";
    /// Would change where system calls lead to.
    wrmsr: "mov ecx, 0xc0000082", "xor eax, eax", "xor edx, edx", "wrmsr";
    /// Would read a performance counter.
    rdpmc: "xor ecx, ecx", "rdpmc";
    /// Would change the segments.
    lgdt: "sub rsp, 16", "lgdt [rsp]", "add rsp, 16";
    /// Would change what exceptions lead to.
    lidt: "sub rsp, 16", "lidt [rsp]", "add rsp, 16";
    /// Would tell where the kernel's segments are.
    sgdt: "sub rsp, 16", "sgdt [rsp]", "add rsp, 16";
    /// Would tell where the kernel's interrupt table is.
    sidt: "sub rsp, 16", "sidt [rsp]", "add rsp, 16";
    /// Would tell the selector of the local segments.
    sldt: "sldt eax";
    /// Would tell the selector of the task state.
    str: "str eax";
    /// Would tell how the processor is set up.
    smsw: "smsw eax";
    /// Would change the task state.
    ltr: "mov eax, 0x28", "ltr ax";
    /// Would clear the flag of task switches.
    clts: "clts";
    /// Would drop a translation.
    invlpg: "invlpg [rsp]";
    /// Would write back all caches.
    wbinvd: "wbinvd";
    /// Would get at the kernel's GS base.
    swapgs: "swapgs";
    /// Would return to nowhere.
    sysret: "lea rcx, [rip + 2f]", "mov r11, 0x202", "sysretq", "2:";
    /// Would enter the kernel by the other door.
    sysenter: "sysenter";
    /// Would go on in kernel mode, on the same stack.
    iret_to_kernel: "mov rax, rsp", "push 0x10", "push rax", "push 0x202", "push 0x08", "lea rax, [rip + 2f]", "push rax",
        "iretq", "2:";
    /// Would go on in the kernel's code segment.
    jump_to_kernel: "push 0x08", "lea rax, [rip + 2f]", "push rax", "retfq", "2:", "nop";
    /// Would tell which states are switched.
    xgetbv: "xor ecx, ecx", "xgetbv";
    /// Would use registers that nobody switches.
    avx: "vxorps ymm0, ymm0, ymm0";
    /// Divides by zero.
    divide: "xor edx, edx", "xor ecx, ecx", "mov eax, 1", "div ecx";
    /// Is undefined.
    ud2: "ud2";
    /// Is what a debugger on a chip uses.
    int1: ".byte 0xf1";
    /// Is what a debugger uses.
    int3: "int3";
    /// Would look like a page fault.
    int_page_fault: "int 14";
    /// Would look like an interrupt of a device.
    int_32: "int 32";
    /// Is another system's system call.
    int_128: "int 128";
    /// Waits for an x87 exception that is not masked.
    x87_exception: "fninit", "push 0x33b", "fldcw [rsp]", "add rsp, 8", "fld1", "fldz", "fdivp st(1), st", "fwait", "fninit";
    /// Uses a stack where none can be.
    push_non_canonical: "mov rdx, rsp", "mov rsp, 0x800000001000", "push rax", "mov rsp, rdx";
}
