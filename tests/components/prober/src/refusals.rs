//! Calls that the kernel refuses, each with its error.

use crate::{Check, POST, PROBE, Verdict, same, status};
use abi::crossing::{CAPABILITIES, LEAF_SLOTS};
use abi::error::Error;
use abi::operation::PortsOperation;
use abi::record::CLEAR_REGISTERS;
use probe::Probe;

/// The checks of this file.
pub const CHECKS: &[Check] = &[
    ("a slot that is empty is refused", empty_slots),
    ("a slot behind the table's leaves is refused", slots_without_leaf),
    ("a number behind the table is refused", numbers_out_of_range),
    ("a method outside the mask is refused", methods_outside_the_mask),
    ("an operation that ports do not have is refused", unknown_operations),
    ("a port outside the range is refused", ports_outside_the_range),
    ("what is granted works", granted_works),
];

/// The status of invoking `capability` with `method` and `words`.
fn invoke(capability: u64, method: u64, words: [u64; 4]) -> u64 {
    use core::arch::asm;
    let status;
    // SAFETY: what is invoked is refused, or a server that returns; every register is named or kept here.
    unsafe {
        asm!(
            "push rbx",
            "push rbp",
            "syscall",
            "pop rbp",
            "pop rbx",
            inlateout("rax") capability << 16 | method => status,
            inlateout("rdi") words[0] => _,
            inlateout("rsi") words[1] => _,
            inlateout("rdx") words[2] => _,
            inlateout("r10") words[3] => _,
            lateout("r12") _,
            lateout("r13") _,
            lateout("r14") _,
            lateout("r15") _,
            clobber_abi("C"),
        );
    }
    status
}

fn refused(capabilities: &[u64], methods: &[u64], error: Error) -> Verdict {
    for capability in capabilities {
        for method in methods {
            same(invoke(*capability, *method, [u64::MAX; 4]), error.status().into())?;
        }
    }
    Ok(())
}

/// The capability number behind a word as imports and ports hold it.
pub fn number<T>(of: &T) -> u64 {
    const { assert!(size_of::<T>() >= 8) };
    // SAFETY: an import slot and a port range start with the word that names their capability.
    let word = unsafe { (&raw const *of).cast::<u64>().read_volatile() };
    (word & !CLEAR_REGISTERS) >> 16
}

fn empty_slots() -> Verdict {
    refused(&[1, 2, 7, u64::from(LEAF_SLOTS) - 1], &[0, 1, 63, 64, 0xffff], Error::Empty)
}

fn slots_without_leaf() -> Verdict {
    let leaf = u64::from(LEAF_SLOTS);
    refused(&[leaf, 2 * leaf + 5, u64::from(CAPABILITIES) - 1], &[0, 0xffff], Error::Empty)
}

fn numbers_out_of_range() -> Verdict {
    let end = u64::from(CAPABILITIES);
    refused(
        &[end, end + 1, u64::from(u32::MAX), 1 << 32, (1 << 32) + 8, 1 << 47, (1 << 48) - 1],
        &[0, 0xffff],
        Error::OutOfRange,
    )
}

fn methods_outside_the_mask() -> Verdict {
    same(status(PROBE.forbidden()), Error::MethodNotPermitted.status().into())?;
    refused(&[number(&PROBE)], &[3, 4, 63, 64, 65, 127, 0x8000, 0xffff], Error::MethodNotPermitted)
}

fn unknown_operations() -> Verdict {
    refused(&[number(&POST)], &[2, 3, 63, 64, 0xffff], Error::UnknownOperation)
}

fn ports_outside_the_range() -> Verdict {
    let write = PortsOperation::Write as u64;
    for (offset, byte) in [(1, 0), (0x1_0000, 0), (u64::MAX, 0), (0, 0x100), (0, u64::MAX)] {
        same(invoke(number(&POST), write, [offset, byte, 0, 0]), Error::BadArgument.status().into())?;
    }
    same(invoke(number(&POST), PortsOperation::Read as u64, [1, 0, 0, 0]), Error::BadArgument.status().into())
}

/// That the checks before this one can fail.
fn granted_works() -> Verdict {
    same(status(POST.write(0, 0)), 0)?;
    same(invoke(number(&PROBE), 0, [1, 0, 0, 0]), 0)
}
