//! Interrupt lines: each is attached to one end-point at most, and masked from its interrupt until it is acknowledged.
//!
//! ```text
//!              attach              arrives, or mask
//! detached ---------------> open ------------------> masked
//!    ▲                       ▲ └── acknowledge ◄───────┘
//!    └──────── detach ───────┴─────── from any ────────
//! ```
//!
//! The line is masked before the processor is told that its interrupt is over. So a device that asks without end, or that
//! nobody serves, costs one interrupt. A line remembers its receiver together with the retype word of the receiver's
//! life: a thread that has been destroyed gets nothing, whatever its frame is by now.

use crate::core_state::CoreState;
use crate::cross_core::{self, Cores};
use crate::dispatch::levels;
use crate::endpoint;
use crate::frame::Frame;
use crate::store::Store;
use crate::thread;
use abi::error::Error;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Lines that the kernel has room for.
pub const LINES: u32 = 128;

/// Lines of the PC: what their numbers mean is the same on every machine.
const LEGACY: u32 = 16;

/// A run of interrupt lines, as a capability names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// First line.
    pub first: u32,
    /// Number of lines.
    pub count: u32,
}

impl Lines {
    /// All lines.
    pub const ALL: Self = Self { first: 0, count: LINES };

    /// The line, of a capability to one.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] if there are several.
    pub fn only(self) -> Result<u32, Error> {
        if self.count == 1 { Ok(self.first) } else { Err(Error::BadArgument) }
    }

    /// One of the lines.
    ///
    /// # Errors
    ///
    /// [`Error::RightsExceeded`] if it is none of them; [`Error::BadArgument`] if the machine does not have it.
    pub fn line(self, controller: &impl Controller, line: u64) -> Result<Self, Error> {
        let first = u64::from(self.first);
        let line = u32::try_from(line).map_err(|_| Error::RightsExceeded)?;
        if !(first..first + u64::from(self.count)).contains(&line.into()) {
            return Err(Error::RightsExceeded);
        }
        if controller.has_line(line) { Ok(Self { first: line, count: 1 }) } else { Err(Error::BadArgument) }
    }
}

/// The machine's interrupt controller.
pub trait Controller {
    /// Whether the machine has this line.
    fn has_line(&self, line: u32) -> bool;
    /// Lets interrupts of the line through, to `core`.
    fn open_line(&mut self, line: u32, core: u32);
    /// Lets none through.
    fn mask_line(&mut self, line: u32);
}

/// What the kernel knows of a line.
#[derive(Debug)]
pub struct LineState {
    state: AtomicU64,
    /// Address of the thread that receives.
    receiver: AtomicU64,
    /// The retype word of its life.
    life: AtomicU64,
    strays: AtomicU64,
}

/// States of a line.
mod state {
    pub const DETACHED: u64 = 0;
    /// Somebody is about to attach it.
    pub const CLAIMED: u64 = 1;
    pub const OPEN: u64 = 2;
    pub const MASKED: u64 = 3;
}

impl LineState {
    /// A line that is attached nowhere.
    pub const fn new() -> Self {
        Self {
            state: AtomicU64::new(state::DETACHED),
            receiver: AtomicU64::new(0),
            life: AtomicU64::new(0),
            strays: AtomicU64::new(0),
        }
    }

    /// Interrupts that came while the line was attached nowhere, or masked.
    pub fn strays(&self) -> u64 {
        self.strays.load(Relaxed)
    }

    /// Who receives, if it lives.
    fn receiver(&self, store: &impl Store) -> Option<Frame> {
        let receiver = Frame::at(self.receiver.load(Acquire));
        (life(store, receiver) == self.life.load(Relaxed)).then_some(receiver)
    }

    fn change(&self, from: u64, to: u64) -> bool {
        self.state.compare_exchange(from, to, AcqRel, Acquire).is_ok()
    }
}

impl Default for LineState {
    fn default() -> Self {
        Self::new()
    }
}

/// From now on, interrupts of `line` are sends to `receiver`. Opens the line.
///
/// # Errors
///
/// [`Error::BadArgument`] if there is no such line; [`Error::InUse`] if it is attached, to a receiver that lives.
pub fn attach(store: &impl Store, controller: &mut impl Controller, number: u32, receiver: Frame) -> Result<(), Error> {
    let line = store.interrupt_line(number).ok_or(Error::BadArgument)?;
    let before = line.state.load(Acquire);
    let is_free = before == state::DETACHED || (before != state::CLAIMED && line.receiver(store).is_none());
    if !is_free || !line.change(before, state::CLAIMED) {
        return Err(Error::InUse);
    }
    line.receiver.store(receiver.address(), Relaxed);
    line.life.store(life(store, receiver), Relaxed);
    line.state.store(state::OPEN, Release);
    controller.open_line(number, thread::core_of(store, receiver));
    Ok(())
}

/// Opens `line` again.
///
/// # Errors
///
/// [`Error::BadArgument`] if there is no such line; [`Error::NothingPending`] if it is not masked, or attached to nobody
/// who lives.
pub fn acknowledge(store: &impl Store, controller: &mut impl Controller, number: u32) -> Result<(), Error> {
    let line = store.interrupt_line(number).ok_or(Error::BadArgument)?;
    let receiver = line.receiver(store).ok_or(Error::NothingPending)?;
    if !line.change(state::MASKED, state::OPEN) {
        return Err(Error::NothingPending);
    }
    controller.open_line(number, thread::core_of(store, receiver));
    Ok(())
}

/// Masks `line`, until it is acknowledged.
///
/// # Errors
///
/// [`Error::BadArgument`] if there is no such line.
pub fn mask(store: &impl Store, controller: &mut impl Controller, number: u32) -> Result<(), Error> {
    let line = store.interrupt_line(number).ok_or(Error::BadArgument)?;
    controller.mask_line(number);
    line.change(state::OPEN, state::MASKED);
    Ok(())
}

/// Masks `line`; it is attached nowhere any more.
///
/// # Errors
///
/// [`Error::BadArgument`] if there is no such line.
pub fn detach(store: &impl Store, controller: &mut impl Controller, number: u32) -> Result<(), Error> {
    let line = store.interrupt_line(number).ok_or(Error::BadArgument)?;
    controller.mask_line(number);
    line.state.store(state::DETACHED, Release);
    Ok(())
}

/// An interrupt of `line` has arrived at `core`: masks the line, and tells whoever it is attached to. Answers whom, if it is
/// a thread of this core.
///
/// An interrupt that was under way when the line was attached elsewhere arrives at the core of before.
pub fn arrive(store: &impl Store, machine: &mut (impl Controller + Cores), core: u32, number: u32) -> Option<Frame> {
    machine.mask_line(number);
    let line = store.interrupt_line(number)?;
    let receiver = line.receiver(store).filter(|_| line.change(state::OPEN, state::MASKED));
    match receiver {
        Some(receiver) if thread::core_of(store, receiver) == core => {
            endpoint::notify(store, receiver);
            return Some(receiver);
        }
        Some(receiver) => {
            if let Ok(Some(other)) = cross_core::send(store, receiver, false) {
                machine.interrupt(other);
            }
        }
        None => {
            line.strays.fetch_add(1, Relaxed);
        }
    }
    None
}

/// Which of the schedulers above the current thread has to decide anew, now that `receiver` has been told something: 0 for the
/// thread's own, 1 for the one above that.
#[inline(never)]
pub fn calls_for_decision(store: &impl Store, core: &CoreState, receiver: Frame) -> Option<usize> {
    let (mut told, mut at) = (receiver, core.thread());
    for _ in levels() {
        told = endpoint::told(store, told).unwrap_or(told);
    }
    for level in levels() {
        at = thread::above(store, at)?;
        if at == told {
            return Some(level);
        }
    }
    None
}

fn life(store: &impl Store, receiver: Frame) -> u64 {
    store.retype_entry(receiver).map_or(0, |entry| entry.load(Acquire))
}

/// Where a line of the PC is wired to, as the firmware says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Override {
    /// The line of the PC.
    pub line: u8,
    /// The machine's own number for it.
    pub global: u32,
    /// Polarity in bits 0 and 1, trigger mode in bits 2 and 3, as ACPI has them.
    pub flags: u16,
}

/// How a line reaches an interrupt controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// The machine's own number.
    pub global: u32,
    /// Whether it asks by a low level, or a falling edge.
    pub is_low: bool,
    /// Whether it asks by a level, for as long as it wants something.
    pub is_level: bool,
}

/// The wire of `line`. None if there is no such line: its place is taken by another one.
pub fn wire(line: u32, overrides: &[Override]) -> Option<Wire> {
    if let Some(wired) = overrides.iter().find(|wired| u32::from(wired.line) == line) {
        const LOW: u16 = 3;
        const LEVEL: u16 = 3;
        // 0 is what the bus has: a line of the PC asks by a rising edge.
        let (is_low, is_level) = (wired.flags & 3 == LOW, wired.flags >> 2 & 3 == LEVEL);
        return Some(Wire { global: wired.global, is_low, is_level });
    }
    let is_taken = overrides.iter().any(|wired| wired.global == line);
    let is_legacy = line < LEGACY;
    (!is_taken).then_some(Wire { global: line, is_low: !is_legacy, is_level: !is_legacy })
}

#[cfg(test)]
mod tests;
