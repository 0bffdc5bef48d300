//! What lies on a stack and can be a return address.

use abi::layout::{PAGE, STACK_SPAN};
use core::arch::naked_asm;

/// Addresses that are said at most: a stack of the usual size that is full of nothing else.
const MOST: usize = 64;

/// The place of a call, and what it put there.
#[repr(C)]
pub struct Stack {
    /// Where on the stack the return address was.
    place: u64,
    /// The return address.
    address: u64,
}

/// What may be a return address, and how many bytes above the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The address.
    pub address: u64,
    /// The bytes.
    pub above: u64,
}

/// The stack of whoever calls this, from this call on.
#[unsafe(naked)]
pub extern "C" fn stack() -> Stack {
    naked_asm!("mov rax, rsp", "mov rdx, [rsp]", "ret")
}

impl Stack {
    /// The call, and all above it that may be a return address into this code: what lies in it behind a call.
    ///
    /// What the stack was used for before lies there, too, so some were never called from.
    pub fn search(&self, [start, end]: [u64; 2]) -> impl Iterator<Item = Found> + use<> {
        let (place, first) = (self.place, Found { address: self.address, above: 0 });
        let words = (place + 8..last(place)).step_by(8);
        // SAFETY: above what is in use there is stack up to its end, and up to the end of the page on any other.
        let words = words.map(|at| (at, unsafe { word(at) }));
        // The first was written down here and there.
        let is_code = move |address: u64| start + LONGEST <= address && address < end && address != first.address;
        // SAFETY: the image's code can be read, and so many bytes before the address are code, too.
        let found = words.filter(move |(_, address)| is_code(*address) && unsafe { is_behind_call(*address) });
        let found = found.map(move |(at, address)| Found { address, above: at - place });
        core::iter::once(first).chain(found).take(MOST)
    }
}

/// Where the stack that has `place` ends, as far as that is known.
fn last(place: u64) -> u64 {
    let number = place / STACK_SPAN;
    let is_given = core::num::NonZeroU32::new(number as u32)
        .is_some_and(|number| crate::thread::index(number) < u64::from(abi::layout::THREADS));
    // The two words at the end of a stack that the composer gave are bookkeeping.
    if is_given { (number + 1) * STACK_SPAN - 16 } else { place.next_multiple_of(PAGE) }
}

/// # Safety
///
/// There is memory at `address`, which is on a boundary of words.
unsafe fn word(address: u64) -> u64 {
    // SAFETY: as the caller says. Volatile, because the compiler knows nothing of it.
    unsafe { core::ptr::with_exposed_provenance::<u64>(address as usize).read_volatile() }
}

/// Bytes of the longest call.
const LONGEST: u64 = 7;

/// Whether the instruction before `address` can be a call.
///
/// # Safety
///
/// There is memory for the longest call in front of it.
unsafe fn is_behind_call(address: u64) -> bool {
    // SAFETY: as the caller says.
    let byte =
        |before: u64| unsafe { core::ptr::with_exposed_provenance::<u8>((address - before) as usize).read_volatile() };
    is_call(byte)
}

/// Whether bytes, each so many before an address, end in a call: of a place, or by a register or a word of memory.
fn is_call(byte: impl Fn(u64) -> u8) -> bool {
    const DIRECT: u8 = 0xe8;
    const GROUP: u8 = 0xff;
    let by_pointer = |length: u64| byte(length) == GROUP && byte(length - 1) >> 3 & 7 == 2;
    byte(5) == DIRECT || [2, 3, 4, 6, 7].into_iter().any(by_pointer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_call_of(bytes: &[u8]) -> bool {
        is_call(|before| bytes.len().checked_sub(before as usize).map_or(0x90, |at| bytes[at]))
    }

    #[test]
    fn calls_are_told_from_what_is_none() {
        for call in [
            &[0xe8, 1, 2, 3, 4][..],         // call place
            &[0xff, 0xd0],                   // call rax
            &[0x41, 0xff, 0xd7],             // call r15
            &[0xff, 0x50, 0x18],             // call [rax + 24]
            &[0xff, 0x54, 0x24, 0x10],       // call [rsp + 16]
            &[0xff, 0x15, 1, 2, 3, 4],       // call [rip + place]
            &[0xff, 0x94, 0x24, 0, 1, 0, 0], // call [rsp + 256]
        ] {
            assert!(is_call_of(call), "{call:x?}");
        }
        for other in [&[0xe9, 1, 2, 3, 4][..], &[0xff, 0xe0], &[0x0f, 0x05], &[0xff, 0xc0], &[]] {
            assert!(!is_call_of(other), "{other:x?}");
        }
    }
}
