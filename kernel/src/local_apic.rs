//! A core's own interrupt controller, the local APIC: how an interrupt is ended, another core interrupted, and the timer reached.
//!
//! Its registers are in memory, or, in the mode that is called x2APIC, model-specific registers of the processor. The kernel
//! leaves the first core's in the mode in which the firmware left it, and puts those of the others into the same.
//! (Intel SDM volume 3, chapter 11, "Advanced Programmable Interrupt Controller".)

use crate::memory::LOCAL_APIC;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use x86_64::registers::model_specific::Msr;

/// Registers, by their offsets in memory.
pub mod register {
    /// Written to say that an interrupt has been seen to.
    pub const END_OF_INTERRUPT: u64 = 0xb0;
    /// Turns the whole on; vector of interrupts that were none.
    pub const SPURIOUS: u64 = 0xf0;
    /// What to send to other cores.
    pub const COMMAND: u64 = 0x300;
    /// To whom.
    pub const DESTINATION: u64 = 0x310;
    /// The timer's vector and mode.
    pub const TIMER: u64 = 0x320;
    /// The two lines of its own.
    pub const LINES: [u64; 2] = [0x350, 0x360];
    /// Written to start the timer.
    pub const INITIAL_COUNT: u64 = 0x380;
    /// Counts down.
    pub const CURRENT_COUNT: u64 = 0x390;
    /// By what the timer divides its clock.
    pub const DIVIDE: u64 = 0x3e0;
}

/// Of a line or of the timer: it does not interrupt.
pub const MASKED: u32 = 1 << 16;

const ENABLED: u32 = 1 << 8;
const SPURIOUS_VECTOR: u32 = 0xff;

/// What can be sent to a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// An interrupt with this vector.
    Interrupt(u8),
    /// Stop, and wait to be started.
    Initialise,
    /// Start at the page with this number.
    Start(u8),
}

impl Message {
    const fn command(self) -> u32 {
        const ASSERT: u32 = 1 << 14;
        match self {
            Self::Interrupt(vector) => ASSERT | vector as u32,
            Self::Initialise => ASSERT | 5 << 8,
            Self::Start(page) => ASSERT | 6 << 8 | page as u32,
        }
    }
}

static IN_PROCESSOR: AtomicBool = AtomicBool::new(false);

const BASE: Msr = Msr::new(0x1b);
const BASE_IN_PROCESSOR: u64 = 1 << 10;
const BASE_ENABLED: u64 = 1 << 11;

/// The physical address of the registers.
pub fn physical_address() -> u64 {
    base() & 0x000f_ffff_ffff_f000
}

/// Finds out how the first core's is reached.
pub fn find_mode() {
    IN_PROCESSOR.store(base() & BASE_IN_PROCESSOR != 0, Relaxed);
}

/// Turns this core's on, in the mode of the first core's, with nothing that interrupts.
pub fn enable() {
    if IN_PROCESSOR.load(Relaxed) {
        let mut register = BASE;
        // SAFETY: the firmware has turned this mode on in the first core, so all have it.
        unsafe { register.write(base() | BASE_ENABLED | BASE_IN_PROCESSOR) };
    }
    write(register::SPURIOUS, SPURIOUS_VECTOR | ENABLED);
    for line in register::LINES {
        write(line, MASKED);
    }
    write(register::TIMER, MASKED);
}

/// Says that the interrupt has been seen to.
pub fn end_interrupt() {
    write(register::END_OF_INTERRUPT, 0);
}

#[inline(never)]
/// Sends `message` to the core whose local APIC has this number.
pub fn send(number: u32, message: Message) {
    if IN_PROCESSOR.load(Relaxed) {
        send_in_processor(number, message);
        return;
    }
    wait_until_sent();
    write(register::DESTINATION, number << 24);
    write(register::COMMAND, message.command());
}

/// Whether a core with this number can be sent to.
pub fn can_reach(number: u32) -> bool {
    const EVERYBODY: u32 = 0xff;
    IN_PROCESSOR.load(Relaxed) || number < EVERYBODY
}

/// The register takes one message at a time; the bus takes it away in some ten cycles, on machines that still have one.
fn wait_until_sent() {
    const PENDING: u32 = 1 << 12;
    const LONGEST: u32 = 1000;
    for _ in 0..LONGEST {
        if read(register::COMMAND) & PENDING == 0 {
            return;
        }
    }
}

fn send_in_processor(number: u32, message: Message) {
    // Such a write does not wait for those to memory: what the other core is told of has to be there first.
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
    // SAFETY: the processor's mode is the one in which this register exists; what other cores are sent is up to the caller.
    unsafe { in_processor(register::COMMAND).write(u64::from(number) << 32 | u64::from(message.command())) };
}

/// Reads a register of this core's.
pub fn read(register: u64) -> u32 {
    if IN_PROCESSOR.load(Relaxed) {
        // SAFETY: as in `send_in_processor`; reading changes nothing.
        return unsafe { in_processor(register).read() } as u32;
    }
    // SAFETY: `memory` has mapped the registers there, uncached; reading these has no effect.
    unsafe { ((LOCAL_APIC + register) as *const u32).read_volatile() }
}

/// Writes a register of this core's.
pub fn write(register: u64, value: u32) {
    if IN_PROCESSOR.load(Relaxed) {
        // SAFETY: as in `send_in_processor`.
        unsafe { in_processor(register).write(value.into()) };
        return;
    }
    // SAFETY: as in `read`; none of these registers concerns memory.
    unsafe { ((LOCAL_APIC + register) as *mut u32).write_volatile(value) }
}

const fn in_processor(register: u64) -> Msr {
    Msr::new(0x800 + (register >> 4) as u32)
}

fn base() -> u64 {
    // SAFETY: every 64-bit processor has the register; reading it changes nothing.
    unsafe { BASE.read() }
}
