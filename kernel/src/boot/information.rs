//! What the loader says of the machine: where memory is, and where the bundle is.

use super::{acpi, pvh};
use crate::io_apic::{CONTROLLERS, IoApic};
use core::fmt;
use logic::interrupt::Override;
use multiboot2::{BootInformation, BootInformationHeader, MemoryAreaType};

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
        write!(f, "loaded by {}, {} MiB of memory", self.loader, bytes >> 20)
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

    /// The numbers of the local APICs of all processors. To be asked while the boot code's page tables are there.
    pub fn processors(&self) -> impl Iterator<Item = u32> {
        self.tables.into_iter().flat_map(acpi::processors)
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
        self.usable.sort_unstable_by_key(|region| region.start);
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
        multiboot2::MAGIC => read_multiboot2(information),
        pvh::MAGIC => pvh::read(information),
        _ => Err(InformationError::UnknownLoader(magic)),
    }
}

fn read_multiboot2(information: u32) -> Result<Machine, InformationError> {
    let header = information as usize as *const BootInformationHeader;
    // SAFETY: a multiboot2 loader passes the address of its structure, below
    // 4 GiB, which the boot code has mapped where it is; nobody writes to it.
    let information = unsafe { BootInformation::load(header) }.map_err(|_| InformationError::Malformed)?;
    let mut machine = Machine::new("multiboot2");
    let map = information.memory_map_tag().ok_or(InformationError::NoMemoryMap)?;
    for area in map.memory_areas() {
        if area.typ() == MemoryAreaType::Available {
            machine.add_usable(area.start_address(), area.size());
        }
    }
    if let Some(module) = information.module_tags().next() {
        machine.bundle = Region { start: module.start_address().into(), end: module.end_address().into() };
    }
    let second = information.rsdp_v2_tag().map(|tag| acpi::Root::Xsdt(tag.xsdt_address() as u64));
    let first = information.rsdp_v1_tag().map(|tag| acpi::Root::Rsdt(tag.rsdt_address() as u64));
    if let Some(root) = second.or(first) {
        acpi::read(root, &mut machine);
    }
    machine.checked()
}

/// For [`pvh`], which fills in the same fields.
pub(super) fn finish(
    loader: &'static str,
    fill: impl FnOnce(&mut Machine) -> Result<(), InformationError>,
) -> Result<Machine, InformationError> {
    let mut machine = Machine::new(loader);
    fill(&mut machine)?;
    machine.checked()
}
