//! The kernel of Tessera: boot, the processor, the frame store and the entry
//! paths. What it decides is in the crate `logic`; what it agrees on with
//! components and composer is in `abi`. This is the only part of the kernel that may say `unsafe`.
//!
//! | question | file |
//! |---|---|
//! | what happens at boot, in which order? | [`kernel_main`] below, `boot/` |
//! | how is a protection boundary crossed? | `entry.rs` |
//! | what happens to a fault? | `exceptions.rs`, `machine_check.rs` |
//! | what happens at an interrupt, and when nobody can run? | `interrupts.rs`, `clock.rs`, `io_apic.rs` |
//! | where does a foreign component's `syscall` lead? | `foreign.rs` |
//! | why is the logic's view of memory sound? | `memory.rs` |
//! | what does a core own? | `core_local.rs` |
//! | what does the file say of where things are? | `inspection.rs` |
//! | how are other cores found, started, and called? | `cores.rs`, `boot/core.s`, `local_apic.rs` |
#![no_std]
#![no_main]

mod boot;
mod clock;
mod console;
mod core_local;
mod cores;
#[macro_use]
mod entry;
mod exceptions;
mod foreign;
mod inspection;
mod interrupts;
mod io_apic;
mod kept;
mod local_apic;
mod machine_check;
mod memory;
mod processor;
mod segments;

use memory_functions as _;

/// The boot order. Entered once, on the boot stack, with interrupts off, by `boot/header.s`.
///
/// `magic` tells multiboot2 from PVH; `information` is the physical address of what the loader says.
#[unsafe(no_mangle)]
extern "C" fn kernel_main(magic: u32, information: u32) -> ! {
    console::initialise();
    let machine = boot::information::read(magic, information).unwrap_or_else(|error| console::fatal(error));
    let features = processor::initialise();
    local_apic::find_mode();
    let memory = memory::initialise(&machine, features).unwrap_or_else(|error| console::fatal(error));
    clock::initialise(machine.event_timer.is_some());
    io_apic::initialise(&machine);
    cores::prepare_first(memory);
    let start_page = cores::stop_others(&machine, memory);
    // SAFETY: boot's only reference; it ends with the first step into user level.
    let core = unsafe { core_local::current() };
    let information = boot::booter::construct(memory, core).unwrap_or_else(|error| console::fatal(error));
    clock::start();
    let running = cores::start_others(memory, start_page);
    boot::booter::note(memory, information, abi::boot::CORES, running as u64);
    console::say(format_args!("{machine}, {running} of {} processors in use", memory.cores.len()));
    processor::announce_flaws();
    console::say(format_args!("booted in {} ticks", clock::now().wrapping_sub(boot::started())));
    entry::resume(core)
}

#[panic_handler]
fn panic(information: &core::panic::PanicInfo) -> ! {
    let (file, line) = information.location().map_or(("?", 0), |place| (place.file(), place.line()));
    console::fatal(format_args!("the kernel panicked at {}:{line}: {}", console::Text(file), information.message()))
}
