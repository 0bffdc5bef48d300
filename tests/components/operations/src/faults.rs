//! Faults of one's own.

use crate::{PAGES, UPCALLS, registered};
use core::arch::{asm, naked_asm};
use runtime::Result;
use upcalls::Upcalls;

/// Nothing lies there.
const NOWHERE: u64 = 0x10;

/// The load from where nothing lies faults, and this component goes on where it said by its page.
pub fn set_upcall() -> Result<bool> {
    let upcalls = UPCALLS.open()?;
    registered(&upcalls, || {
        let entry = landed as *const () as u64;
        upcalls.post().set(entry)?.wait(&PAGES)?;
        let address = fault_at(NOWHERE);
        UPCALLS.direct().set(0)?;
        Ok(address == NOWHERE)
    })
}

/// Loads from `address`; answers the address that the upcall was about.
fn fault_at(address: u64) -> u64 {
    let about;
    // SAFETY: the load faults, and `landed` goes on behind it, with all other registers as they were.
    unsafe {
        asm!(
            "lea r12, [rip + 2f]",
            "mov rax, [{address}]",
            "2:",
            address = in(reg) address,
            out("rax") about, out("r12") _, out("rdi") _, out("rsi") _,
        );
    }
    about
}

/// Where the upcall leads: `rdi` is the address that the fault was about.
#[unsafe(naked)]
extern "C" fn landed() -> ! {
    naked_asm!("mov rax, rdi", "jmp r12")
}
