//! What the loader says of the machine: where memory is, and where the bundle is.

use super::{acpi, multiboot2, pvh};
use crate::console::Text;
use crate::io_apic::{CONTROLLERS, IoApic};
use core::fmt;
use logic::interrupt::Override;

/// Ranges of memory that are kept; more than any firmware that we have seen reports as usable.
pub const REGIONS: usize = 64;

/// Lines of the PC.
const OVERRIDES: usize = 16;

/// A range of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First byte.
    pub start: u64,
    /// First byte behind it.
    pub end: u64,
}

/// The machine, as the loader describes it.
pub struct Machine {
    /// Usable memory, as it was reported.
    pub usable: heapless::Vec<Region, REGIONS>,
    /// The bundle, as it was loaded.
    pub bundle: Region,
    /// The registers of the high precision event timer, if there is one.
    pub event_timer: Option<u64>,
    /// The interrupt controllers of devices.
    pub io_apics: heapless::Vec<IoApic, CONTROLLERS>,
    /// Lines of the PC that are not wired as they once were.
    pub overrides: heapless::Vec<Override, OVERRIDES>,
    /// Where the firmware's tables are.
    pub tables: Option<acpi::Root>,
    /// Who loaded the kernel.
    loader: &'static str,
}

/// Why the machine cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InformationError {
    /// Neither multiboot2 nor PVH.
    UnknownLoader(u32),
    /// The loader's structure is malformed.
    Malformed,
    /// There is no memory map.
    NoMemoryMap,
    /// The loader brought no module: there is no bundle.
    NoBundle,
}

impl fmt::Display for InformationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownLoader(magic) => write!(f, "started by an unknown loader (magic {magic:#x})"),
            Self::Malformed => f.write_str("the loader's boot information is malformed"),
            Self::NoMemoryMap => f.write_str("the loader gave no memory map"),
            Self::NoBundle => f.write_str("the loader brought no bundle: there is nothing to run"),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: u64 = self.usable.iter().map(|region| region.end - region.start).sum();
        write!(f, "loaded by {}, {} MiB of memory", Text(self.loader), bytes >> 20)
    }
}

impl Machine {
    fn new(loader: &'static str) -> Self {
        Self {
            usable: heapless::Vec::new(),
            bundle: Region { start: 0, end: 0 },
            event_timer: None,
            io_apics: heapless::Vec::new(),
            overrides: heapless::Vec::new(),
            tables: None,
            loader,
        }
    }

    /// Tells `visit` the numbers of the local APICs of all processors. To be asked while the boot code's page tables are there.
    pub fn for_each_processor(&self, visit: &mut dyn FnMut(u32)) {
        if let Some(root) = self.tables {
            acpi::for_each_processor(root, visit);
        }
    }

    /// Keeps a usable range; what does not fit is lost, and what is empty or malformed ignored.
    pub fn add_usable(&mut self, start: u64, bytes: u64) {
        if let Some(end) = start.checked_add(bytes).filter(|end| *end > start) {
            let _ = self.usable.push(Region { start, end });
        }
    }

    fn checked(mut self) -> Result<Self, InformationError> {
        if self.usable.is_empty() {
            return Err(InformationError::NoMemoryMap);
        }
        if self.bundle.end <= self.bundle.start {
            return Err(InformationError::NoBundle);
        }
        sort(&mut self.usable);
        Ok(self)
    }
}

/// Reads what the loader left. `information` is its physical address.
///
/// # Errors
///
/// See [`InformationError`].
pub fn read(magic: u32, information: u32) -> Result<Machine, InformationError> {
    match magic {
        multiboot2::MAGIC => multiboot2::read(information),
        pvh::MAGIC => pvh::read(information),
        _ => Err(InformationError::UnknownLoader(magic)),
    }
}

/// By where they start. There are few, and they come in order but for what firmware adds.
fn sort(regions: &mut [Region]) {
    for end in 1..regions.len() {
        for at in (1..=end).rev() {
            let Some([before, region]) = regions.get_mut(at - 1..=at) else { break };
            if before.start <= region.start {
                break;
            }
            core::mem::swap(before, region);
        }
    }
}

/// For [`multiboot2`] and [`pvh`], which fill in the same fields. It is there once, for both.
#[inline(never)]
pub(super) fn finish(
    loader: &'static str,
    fill: &mut dyn FnMut(&mut Machine) -> Result<(), InformationError>,
) -> Result<Machine, InformationError> {
    let mut machine = Machine::new(loader);
    fill(&mut machine)?;
    machine.checked()
}
