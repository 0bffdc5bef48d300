//! Interrupts of devices: the I/O APICs, which bring a device's line to a core as a vector.
//!
//! (Intel 82093AA I/O Advanced Programmable Interrupt Controller, sections 3.1 and 3.2.)

use crate::boot::information::Machine;
use crate::memory::IO_APICS;
use logic::interrupt::{LINES, Wire, wire};

/// I/O APICs that the kernel has room for.
pub const CONTROLLERS: usize = 8;

/// The vector of line 0; those of the others follow.
pub const FIRST_VECTOR: u8 = 0x50;

const _: () = assert!(FIRST_VECTOR as u32 + LINES <= 0xf0, "the vectors above are the local APIC's");

/// An I/O APIC, as the firmware describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoApic {
    /// Physical address of its registers.
    pub address: u64,
    /// The machine's number of its first line.
    pub first: u32,
}

/// Where a line ends.
#[derive(Clone, Copy, Debug)]
struct Pin {
    controller: usize,
    number: u32,
    wire: Wire,
}

/// All lines, by their numbers.
struct Lines([Option<Pin>; LINES as usize]);

static PINS: spin::Once<Lines> = spin::Once::new();

/// Registers are reached by a register that selects them, so by one core at a time.
static ACCESS: spin::Mutex<()> = spin::Mutex::new(());

/// Registers of an I/O APIC.
mod register {
    pub const SELECT: u64 = 0;
    pub const WINDOW: u64 = 0x10;
    pub const VERSION: u32 = 1;
    /// The redirection entry of pin 0, of two registers.
    pub const REDIRECTION: u32 = 0x10;
}

/// Bits of the lower half of a redirection entry.
mod redirection {
    pub const LOW: u32 = 1 << 13;
    pub const LEVEL: u32 = 1 << 15;
    pub const MASKED: u32 = 1 << 16;
}

/// Masks every pin, and finds out where each line ends. `memory` has mapped the registers.
pub fn initialise(machine: &Machine) {
    for controller in 0..machine.io_apics.len() {
        for pin in 0..pins(controller) {
            write(controller, register::REDIRECTION + 2 * pin, redirection::MASKED);
        }
    }
    PINS.call_once(|| {
        let mut lines = Lines([None; LINES as usize]);
        for (number, line) in lines.0.iter_mut().enumerate() {
            *line = wire(number as u32, &machine.overrides).and_then(|wire| pin(machine, wire));
        }
        lines
    });
}

/// Whether the machine has this line.
pub fn has(line: u32) -> bool {
    find(line).is_some()
}

/// Lets interrupts of the line through, to the core whose local APIC has this number.
pub fn open(line: u32, local_apic: u32) {
    let Some(pin) = find(line) else { return };
    let low = if pin.wire.is_low { redirection::LOW } else { 0 };
    let level = if pin.wire.is_level { redirection::LEVEL } else { 0 };
    let vector = u32::from(FIRST_VECTOR) + line;
    let entry = register::REDIRECTION + 2 * pin.number;
    let _alone = ACCESS.lock();
    write(pin.controller, entry + 1, local_apic << 24);
    write(pin.controller, entry, vector | low | level);
}

/// Lets none through. How the line asks stays as it is: a level that has been delivered is still to be ended.
pub fn mask(line: u32) {
    let Some(pin) = find(line) else { return };
    let entry = register::REDIRECTION + 2 * pin.number;
    let _alone = ACCESS.lock();
    let before = read(pin.controller, entry);
    write(pin.controller, entry, before | redirection::MASKED);
}

/// The line whose vector this is.
pub fn line_of(vector: u8) -> Option<u32> {
    u32::from(vector).checked_sub(FIRST_VECTOR.into()).filter(|line| *line < LINES)
}

fn find(line: u32) -> Option<Pin> {
    *PINS.get()?.0.get(line as usize)?
}

fn pin(machine: &Machine, wire: Wire) -> Option<Pin> {
    machine.io_apics.iter().enumerate().find_map(|(controller, io_apic)| {
        let number = wire.global.checked_sub(io_apic.first).filter(|number| *number < pins(controller))?;
        Some(Pin { controller, number, wire })
    })
}

fn pins(controller: usize) -> u32 {
    (read(controller, register::VERSION) >> 16 & 0xff) + 1
}

fn read(controller: usize, register: u32) -> u32 {
    select(controller, register);
    // SAFETY: `memory` has mapped the registers of every I/O APIC there, uncached; reading the window changes nothing.
    unsafe { ((address(controller) + register::WINDOW) as *const u32).read_volatile() }
}

fn write(controller: usize, register: u32, value: u32) {
    select(controller, register);
    // SAFETY: as in `read`; what is written says which line is brought where, and as which vector.
    unsafe { ((address(controller) + register::WINDOW) as *mut u32).write_volatile(value) }
}

fn select(controller: usize, register: u32) {
    // SAFETY: as in `read`; this selects what the window shows.
    unsafe { ((address(controller) + register::SELECT) as *mut u32).write_volatile(register) }
}

const fn address(controller: usize) -> u64 {
    IO_APICS + 0x1000 * controller as u64
}
