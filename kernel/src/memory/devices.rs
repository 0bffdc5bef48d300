//! Which physical addresses may be a device's: neither memory nor the kernel's own registers.

use crate::boot::information::{Machine, REGIONS, Region};
use crate::io_apic::CONTROLLERS;

/// The local APICs' registers and those of the event timer.
const OWN: usize = 2;

/// What may be handed out as a device's.
pub struct Devices {
    /// What may not.
    kept: heapless::Vec<Region, { REGIONS + CONTROLLERS + OWN }>,
    /// The first address that the processor does not have.
    end: u64,
}

impl Devices {
    /// All of `machine` but its memory and what the kernel drives itself.
    pub fn new(machine: &Machine) -> Self {
        let page = |start: u64| Region { start, end: start.saturating_add(4096) };
        let timer = machine.event_timer.into_iter();
        let own = machine
            .io_apics
            .iter()
            .map(|io_apic| io_apic.address)
            .chain(timer)
            .chain([crate::local_apic::physical_address()]);
        let mut kept = heapless::Vec::new();
        for region in machine.usable.iter().copied().chain(own.map(page)) {
            // There is room for as many as there can be.
            let _ = kept.push(region);
        }
        Self { kept, end: crate::processor::physical_addresses() }
    }

    /// Whether all of `pages` pages from number `first` on may.
    pub fn contain(&self, first: u64, pages: u64) -> bool {
        let bytes = |pages: u64| pages.checked_mul(4096);
        let end = first.checked_add(pages).and_then(bytes).filter(|end| *end <= self.end);
        let (Some(start), Some(end)) = (bytes(first), end) else { return false };
        self.kept.iter().all(|region| end <= region.start & !4095 || region.end.next_multiple_of(4096) <= start)
    }
}
