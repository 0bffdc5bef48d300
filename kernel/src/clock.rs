//! Time: the time-stamp counter, the timer that interrupts, and what they count.
//!
//! Neither counter says how fast it goes, and the kernel does not spin to find out: it takes a sample of
//! all counters early in the boot, another at its end, which gives the rate between time-stamp counter and
//! interrupt timer, and a last one when somebody first asks what a second is: the high precision event
//! timer states its period.

use crate::memory::{EVENT_TIMER, LOCAL_APIC};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use x86_64::registers::model_specific::Msr;

/// The interrupt that a timeout causes.
pub const TIMER_VECTOR: u8 = 0x40;
const SPURIOUS_VECTOR: u32 = 0xff;

/// Registers of the local APIC.
mod apic {
    pub const SPURIOUS: u64 = 0xf0;
    pub const TIMER: u64 = 0x320;
    pub const LINE_0: u64 = 0x350;
    pub const LINE_1: u64 = 0x360;
    pub const INITIAL_COUNT: u64 = 0x380;
    pub const CURRENT_COUNT: u64 = 0x390;
    pub const DIVIDE: u64 = 0x3e0;
    pub const ENABLED: u32 = 1 << 8;
    pub const MASKED: u32 = 1 << 16;
    pub const DIVIDE_BY_1: u32 = 0xb;
}

/// Registers of the high precision event timer.
mod event_timer {
    pub const CAPABILITIES: u64 = 0;
    pub const CONFIGURATION: u64 = 0x10;
    pub const COUNTER: u64 = 0xf0;
    pub const RUN: u64 = 1;
}

/// Ticks in a second that are assumed where no timer states its period.
const ASSUMED_FREQUENCY: u64 = 1_000_000_000;
const FEMTOSECONDS: u128 = 1_000_000_000_000_000;

/// All counters at one moment.
#[derive(Clone, Copy)]
struct Sample {
    ticks: u64,
    /// Counts down.
    apic: u32,
    event_timer: u64,
}

/// The clock of the first core.
pub struct Clock {
    start: Sample,
    /// Femtoseconds of a count of the event timer; 0 if there is none.
    period: u64,
    /// Counts of the interrupt timer in 2^32 ticks; 0 until the end of the boot.
    rate: AtomicU64,
    /// Ticks in a second; 0 until somebody needs it.
    frequency: AtomicU64,
}

static CLOCK: spin::Once<Clock> = spin::Once::new();

/// The physical address of the local APIC's registers.
pub fn local_apic() -> u64 {
    const APIC_BASE: u32 = 0x1b;
    // SAFETY: every 64-bit processor has the register; reading it changes nothing.
    unsafe { Msr::new(APIC_BASE).read() & 0x000f_ffff_ffff_f000 }
}

/// Turns the local APIC on, with its timer counting but not interrupting, and takes the first sample.
pub fn initialise(has_event_timer: bool) {
    write(apic::SPURIOUS, SPURIOUS_VECTOR | apic::ENABLED);
    write(apic::LINE_0, apic::MASKED);
    write(apic::LINE_1, apic::MASKED);
    write(apic::TIMER, apic::MASKED);
    write(apic::DIVIDE, apic::DIVIDE_BY_1);
    write(apic::INITIAL_COUNT, u32::MAX);
    let period = if has_event_timer { start_event_timer() } else { 0 };
    let clock = Clock { start: sample(period), period, rate: AtomicU64::new(0), frequency: AtomicU64::new(0) };
    CLOCK.call_once(|| clock);
}

/// Takes the second sample: from now on the timer is there to interrupt.
pub fn start() {
    set_timeout(0);
}

/// The time-stamp counter.
pub fn now() -> u64 {
    // SAFETY: every 64-bit processor has the instruction.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Ticks of the time-stamp counter in a second.
pub fn frequency() -> u64 {
    let Some(clock) = CLOCK.get() else { return ASSUMED_FREQUENCY };
    remember(&clock.frequency, || clock.measure_frequency())
}

/// Lets the timer interrupt at `timeout`, in ticks; 0 for not at all. A time that has passed is now.
pub fn set_timeout(timeout: u64) {
    let Some(clock) = CLOCK.get() else { return };
    // Before the timer is used for anything else.
    let rate = remember(&clock.rate, || clock.measure_rate());
    if timeout == 0 {
        write(apic::TIMER, apic::MASKED);
        write(apic::INITIAL_COUNT, 0);
        return;
    }
    let ticks = timeout.saturating_sub(now());
    let counts = (u128::from(ticks) * u128::from(rate)) >> 32;
    write(apic::TIMER, TIMER_VECTOR.into());
    // What is too far away is met on the way: the interrupt finds that it is early, and sets the rest.
    write(apic::INITIAL_COUNT, u32::try_from(counts).unwrap_or(u32::MAX).max(1));
}

impl Clock {
    fn measure_rate(&self) -> u64 {
        let now = sample(self.period);
        let ticks = now.ticks.wrapping_sub(self.start.ticks).max(1);
        let counts = u64::from(self.start.apic.wrapping_sub(now.apic));
        ((u128::from(counts) << 32) / u128::from(ticks)).clamp(1, u64::MAX.into()) as u64
    }

    fn measure_frequency(&self) -> u64 {
        let now = sample(self.period);
        let counts = now.event_timer.wrapping_sub(self.start.event_timer);
        let time = u128::from(counts) * u128::from(self.period);
        if time == 0 {
            return ASSUMED_FREQUENCY;
        }
        let ticks = u128::from(now.ticks.wrapping_sub(self.start.ticks));
        u64::try_from(ticks * FEMTOSECONDS / time).unwrap_or(ASSUMED_FREQUENCY).max(1)
    }
}

fn remember(value: &AtomicU64, measure: impl FnOnce() -> u64) -> u64 {
    match value.load(Relaxed) {
        0 => {
            let measured = measure();
            value.store(measured, Relaxed);
            measured
        }
        known => known,
    }
}

fn sample(period: u64) -> Sample {
    let event_timer = if period == 0 { 0 } else { read_event_timer(event_timer::COUNTER) };
    Sample { ticks: now(), apic: read(apic::CURRENT_COUNT), event_timer }
}

/// Starts the event timer's counter; returns the femtoseconds of a count.
fn start_event_timer() -> u64 {
    let address = (EVENT_TIMER + event_timer::CONFIGURATION) as *mut u64;
    // SAFETY: `memory` has mapped the event timer's registers there, uncached.
    unsafe { address.write_volatile(address.read_volatile() | event_timer::RUN) };
    read_event_timer(event_timer::CAPABILITIES) >> 32
}

fn read_event_timer(register: u64) -> u64 {
    // SAFETY: as in `start_event_timer`.
    unsafe { ((EVENT_TIMER + register) as *const u64).read_volatile() }
}

fn read(register: u64) -> u32 {
    // SAFETY: `memory` has mapped the local APIC's registers there, uncached; reading these has no effect.
    unsafe { ((LOCAL_APIC + register) as *const u32).read_volatile() }
}

fn write(register: u64, value: u32) {
    // SAFETY: as in `read`; what is written here concerns this core's timer and its own lines alone.
    unsafe { ((LOCAL_APIC + register) as *mut u32).write_volatile(value) }
}
