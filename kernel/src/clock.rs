//! Time: the time-stamp counter, the timer that interrupts, and what they count.
//!
//! Neither counter says how fast it goes, and the kernel does not spin to find out: it takes a sample of
//! all counters early in the boot, another at its end, which gives the rate between time-stamp counter and
//! interrupt timer, and a last one when somebody first asks what a second is: the high precision event
//! timer states its period.

use crate::local_apic::{self, MASKED, register};
use crate::memory::EVENT_TIMER;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The interrupt that a timeout causes.
pub const TIMER_VECTOR: u8 = 0x40;
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

/// What all cores count by. Their counters run at one rate.
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

/// Turns the first core's local APIC on, with its timer counting but not interrupting, and takes the first sample.
pub fn initialise(has_event_timer: bool) {
    enable();
    local_apic::write(register::INITIAL_COUNT, u32::MAX);
    let period = if has_event_timer { start_event_timer() } else { 0 };
    let clock = Clock { start: sample(period), period, rate: AtomicU64::new(0), frequency: AtomicU64::new(0) };
    CLOCK.call_once(|| clock);
}

/// Turns this core's local APIC on, and prepares its timer.
pub fn enable() {
    const DIVIDE_BY_1: u32 = 0xb;
    local_apic::enable();
    local_apic::write(register::DIVIDE, DIVIDE_BY_1);
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

/// The same, as far as the time since the boot's start tells, and not for good.
pub fn rough_frequency() -> u64 {
    CLOCK.get().map_or(ASSUMED_FREQUENCY, Clock::measure_frequency)
}

/// Lets the timer interrupt at `timeout`, in ticks; 0 for not at all. A time that has passed is now.
#[inline(never)]
pub fn set_timeout(timeout: u64) {
    let Some(clock) = CLOCK.get() else { return };
    // Before the timer is used for anything else.
    let rate = remember(&clock.rate, || clock.measure_rate());
    if timeout == 0 {
        local_apic::write(register::TIMER, MASKED);
        local_apic::write(register::INITIAL_COUNT, 0);
        return;
    }
    let ticks = timeout.saturating_sub(now());
    let counts = (u128::from(ticks) * u128::from(rate)) >> 32;
    local_apic::write(register::TIMER, TIMER_VECTOR.into());
    // What is too far away is met on the way: the interrupt finds that it is early, and sets the rest.
    local_apic::write(register::INITIAL_COUNT, u32::try_from(counts).unwrap_or(u32::MAX).max(1));
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
    Sample { ticks: now(), apic: local_apic::read(register::CURRENT_COUNT), event_timer }
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
