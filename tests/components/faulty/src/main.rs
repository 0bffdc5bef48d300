//! A component that does what no component may. Which of it, its graph says by parameters.
//!
//! It is made of `unsafe`: each behaviour is one that the kernel has to contain.
#![no_std]
#![no_main]

mod flags;
mod flow;
mod instructions;
mod memory;

/// What a component ends with that did what should have ended it.
const SURVIVED: u16 = 99;

/// The value of a parameter that the graph does not set. Nothing lies there.
const NOWHERE: u64 = 0x0bad_0000_0000_0000;

runtime::parameter!(EARLY: bool = false, "early");
runtime::parameter!(STATUS: u16 = 0, "status");
runtime::parameter!(READ: u64 = NOWHERE, "read");
runtime::parameter!(WRITE: u64 = NOWHERE, "write");
runtime::parameter!(EXECUTE: u64 = NOWHERE, "execute");
runtime::parameter!(PUSH: u64 = NOWHERE, "push");

runtime::component! { initialise: initialise, main: main }

fn initialise() -> u16 {
    if EARLY.get() { misbehave() } else { 0 }
}

fn main() -> u16 {
    if EARLY.get() { 0 } else { misbehave() }
}

/// Declares parameters that are true or false, and runs what belongs to those that are true.
macro_rules! behaviours {
    ($($key:literal => $behaviour:expr;)*) => {
        fn chosen() -> u16 {
            $({
                runtime::parameter!(CHOSEN: bool = false, $key);
                if CHOSEN.get() {
                    return $behaviour();
                }
            })*
            STATUS.get()
        }
    };
}

fn misbehave() -> u16 {
    for (address, access) in [
        (READ.get(), memory::read as fn(u64)),
        (WRITE.get(), memory::write),
        (EXECUTE.get(), memory::execute),
        (PUSH.get(), memory::push),
    ] {
        if address != NOWHERE {
            access(address);
            return SURVIVED;
        }
    }
    chosen()
}

behaviours! {
    // What memory forbids.
    "execute-data" => memory::execute_data;
    "execute-stack" => memory::execute_stack;
    "write-code" => memory::write_code;
    "write-constant" => memory::write_constant;
    // What user level may not do.
    "cli" => instructions::cli;
    "sti" => instructions::sti;
    "hlt" => instructions::hlt;
    "in" => instructions::input;
    "out" => instructions::output;
    "mov-from-cr3" => instructions::mov_from_cr3;
    "mov-to-cr3" => instructions::mov_to_cr3;
    "mov-to-dr7" => instructions::mov_to_dr7;
    "rdmsr" => instructions::rdmsr;
    "wrmsr" => instructions::wrmsr;
    "rdpmc" => instructions::rdpmc;
    "lgdt" => instructions::lgdt;
    "lidt" => instructions::lidt;
    "sgdt" => instructions::sgdt;
    "sidt" => instructions::sidt;
    "sldt" => instructions::sldt;
    "str" => instructions::str;
    "smsw" => instructions::smsw;
    "ltr" => instructions::ltr;
    "clts" => instructions::clts;
    "invlpg" => instructions::invlpg;
    "wbinvd" => instructions::wbinvd;
    "swapgs" => instructions::swapgs;
    "sysret" => instructions::sysret;
    "sysenter" => instructions::sysenter;
    "iret-to-kernel" => instructions::iret_to_kernel;
    "jump-to-kernel" => instructions::jump_to_kernel;
    "xgetbv" => instructions::xgetbv;
    "avx" => instructions::avx;
    // What ends in an exception.
    "divide" => instructions::divide;
    "ud2" => instructions::ud2;
    "int1" => instructions::int1;
    "int3" => instructions::int3;
    "int-page-fault" => instructions::int_page_fault;
    "int-32" => instructions::int_32;
    "int-128" => instructions::int_128;
    "x87-exception" => instructions::x87_exception;
    "push-non-canonical" => instructions::push_non_canonical;
    "single-step" => flags::single_step;
    // How control can get lost.
    "overflow-stack" => flow::overflow_stack;
    "return-to-nothing" => flow::return_to_nothing;
    "panic" => flow::panic;
    "loop" => flow::run_for_ever;
    "return-by-hand" => flow::return_by_hand;
    // Flags that must not reach the kernel or stay.
    "flags" => flags::all_are_reset;
}
