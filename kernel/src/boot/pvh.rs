//! The PVH start information (`xen/include/public/arch-x86/hvm/start_info.h` describes it).

use super::acpi;
use super::information::{InformationError, Machine, Region, finish};

/// What our boot code leaves in `eax` for a PVH start.
pub const MAGIC: u32 = 0x5056_4800;

const START_INFORMATION_MAGIC: u32 = 0x336e_c578;
const USABLE: u32 = 1;

#[repr(C)]
struct StartInformation {
    magic: u32,
    version: u32,
    flags: u32,
    modules: u32,
    module_list: u64,
    command_line: u64,
    rsdp: u64,
    // From version 1 on.
    memory_map: u64,
    memory_map_entries: u32,
    reserved: u32,
}

#[repr(C)]
struct Module {
    address: u64,
    bytes: u64,
    command_line: u64,
    reserved: u64,
}

#[repr(C)]
struct MemoryMapEntry {
    address: u64,
    bytes: u64,
    kind: u32,
    reserved: u32,
}

/// Reads the start information at physical address `information`.
pub fn read(information: u32) -> Result<Machine, InformationError> {
    let information = list::<StartInformation>(information.into(), 1)?.next().ok_or(InformationError::Malformed)?;
    if information.magic != START_INFORMATION_MAGIC {
        return Err(InformationError::Malformed);
    }
    if information.version < 1 {
        return Err(InformationError::NoMemoryMap);
    }
    finish("PVH", &mut |machine| fill(machine, &information))
}

fn fill(machine: &mut Machine, information: &StartInformation) -> Result<(), InformationError> {
    let map = list::<MemoryMapEntry>(information.memory_map, information.memory_map_entries)?;
    for entry in map.filter(|entry| entry.kind == USABLE) {
        machine.add_usable(entry.address, entry.bytes);
    }
    let mut modules = list::<Module>(information.module_list, information.modules)?;
    if let Some(module) = modules.next() {
        machine.bundle = Region { start: module.address, end: module.address.saturating_add(module.bytes) };
    }
    if let Some(root) = acpi::root(information.rsdp) {
        acpi::read(root, machine);
    }
    Ok(())
}

/// `count` structures at a physical address, which firmware need not align.
fn list<T: Listed>(address: u64, count: u32) -> Result<impl Iterator<Item = T>, InformationError> {
    const MAPPED: u64 = 1 << 32;
    let bytes = u64::from(count) * size_of::<T>() as u64;
    let inside = address.checked_add(bytes).is_some_and(|end| end <= MAPPED);
    if count > 0 && (address == 0 || !inside) {
        return Err(InformationError::Malformed);
    }
    let first = address as *const T;
    // SAFETY: the loader says that `count` structures lie here; they are below 4 GiB, which the boot
    // code has mapped where it is, and hold integers throughout (`Listed`). Nobody writes to them.
    Ok((0..count as usize).map(move |at| unsafe { first.add(at).read_unaligned() }))
}

/// Structures of integers alone: any bytes make one.
trait Listed {}

impl Listed for StartInformation {}
impl Listed for Module {}
impl Listed for MemoryMapEntry {}
