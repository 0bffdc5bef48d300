//! What the kernel asks of ACPI: where the high precision event timer is, and what the table of interrupt controllers says.
//!
//! The tables are read at boot, where the firmware has put them: below 4 GiB, which the boot code has
//! mapped at its own address. (ACPI specification 6.5, sections 5.2.5 to 5.2.8 and 5.2.12, and the
//! IA-PC HPET specification 1.0a, section 3.2.4.)

use super::information::Machine;
use crate::io_apic::IoApic;
use logic::interrupt::Override;

/// Where the list of tables is, and how wide its entries are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// Addresses of four bytes.
    Rsdt(u64),
    /// Addresses of eight bytes.
    Xsdt(u64),
}

const HEADER_BYTES: u64 = 36;
const LONGEST: u64 = 1 << 16;
const MAPPED: u64 = 1 << 32;

/// The root that the pointer structure at physical address `pointer` names.
pub fn root(pointer: u64) -> Option<Root> {
    const SIGNATURE: u64 = u64::from_le_bytes(*b"RSD PTR ");
    if word(pointer, 8)? != SIGNATURE {
        return None;
    }
    match word(pointer + 15, 1)? {
        0 => Some(Root::Rsdt(word(pointer + 16, 4)?)),
        _ => Some(Root::Xsdt(word(pointer + 24, 8)?)),
    }
}

/// Reads all that the kernel asks for.
pub fn read(root: Root, machine: &mut Machine) {
    machine.tables = Some(root);
    machine.event_timer = event_timer(root);
    for entry in interrupt_controllers(root) {
        entry.note(machine);
    }
}

/// Tells `visit` the numbers of the local APICs of all processors that can be started, as the firmware lists them.
pub fn for_each_processor(root: Root, visit: &mut dyn FnMut(u32)) {
    interrupt_controllers(root).filter_map(|entry| entry.processor()).for_each(visit);
}

/// The physical address of the timer's registers.
fn event_timer(root: Root) -> Option<u64> {
    const IN_MEMORY: u64 = 0;
    let timer = table(root, *b"HPET")?;
    (word(timer + 40, 1)? == IN_MEMORY).then(|| word(timer + 44, 8))?.filter(|address| address % 4096 == 0)
}

/// An entry of the table of interrupt controllers, by its address.
struct Entry(u64);

impl Entry {
    /// Keeps what the entry says, if it is of a kind that concerns the kernel; what does not fit is lost.
    fn note(&self, machine: &mut Machine) {
        const IO_APIC: u64 = 1;
        const OVERRIDE: u64 = 2;
        match self.field(0, 1) {
            IO_APIC => {
                let (address, first) = (self.field(4, 4), self.field(8, 4) as u32);
                if address.is_multiple_of(4096) {
                    let _ = machine.io_apics.push(IoApic { address, first });
                }
            }
            OVERRIDE => {
                let (line, global) = (self.field(3, 1) as u8, self.field(4, 4) as u32);
                let _ = machine.overrides.push(Override { line, global, flags: self.field(8, 2) as u16 });
            }
            _ => {}
        }
    }

    /// The number of a processor's local APIC, if it is one that can be started now.
    fn processor(&self) -> Option<u32> {
        const LOCAL_APIC: u64 = 0;
        const LOCAL_X2APIC: u64 = 9;
        const ENABLED: u64 = 1;
        let (number, flags) = match self.field(0, 1) {
            LOCAL_APIC => (self.field(3, 1), self.field(4, 4)),
            LOCAL_X2APIC => (self.field(4, 4), self.field(8, 4)),
            _ => return None,
        };
        (flags & ENABLED != 0).then_some(number as u32)
    }

    fn field(&self, at: u64, bytes: u64) -> u64 {
        word(self.0 + at, bytes).unwrap_or(0)
    }
}

/// The entries of the table of interrupt controllers.
fn interrupt_controllers(root: Root) -> impl Iterator<Item = Entry> {
    const FIRST: u64 = 44;
    let found = table(root, *b"APIC").and_then(|table| Some((table, table_bytes(table)?)));
    let (table, bytes) = found.unwrap_or((0, 0));
    let length =
        move |at: u64| word(table + at + 1, 1).filter(|length| (2..=bytes.saturating_sub(at)).contains(length));
    let next = move |at: u64| Some(at + length(at)?);
    let starts = core::iter::successors(Some(FIRST).filter(|first| *first < bytes), move |at| next(*at));
    starts.take_while(move |at| length(*at).is_some()).map(move |at| Entry(table + at))
}

/// The table with this signature.
fn table(root: Root, signature: [u8; 4]) -> Option<u64> {
    let signature = u64::from(u32::from_le_bytes(signature));
    let (list, width) = match root {
        Root::Rsdt(list) => (list, 4),
        Root::Xsdt(list) => (list, 8),
    };
    let end = list.checked_add(table_bytes(list)?)?;
    let entries = (list + HEADER_BYTES..end).step_by(width as usize);
    let tables = entries.take_while(|entry| entry + width <= end).filter_map(|entry| word(entry, width));
    tables.into_iter().find(|table| word(*table, 4) == Some(signature) && table_bytes(*table).is_some())
}

/// Bytes of the table at `address`, if its sum says that it is one.
fn table_bytes(address: u64) -> Option<u64> {
    let bytes = word(address + 4, 4)?;
    if !(HEADER_BYTES..LONGEST).contains(&bytes) {
        return None;
    }
    let end = address.checked_add(bytes).filter(|end| *end <= MAPPED)?;
    // SAFETY: as in `word`.
    let sum = (address..end).fold(0_u8, |sum, at| sum.wrapping_add(unsafe { (at as *const u8).read_volatile() }));
    (sum == 0).then_some(bytes)
}

/// A little-endian word of up to eight bytes at a physical address, which need not be aligned.
#[inline(never)]
pub fn word(address: u64, bytes: u64) -> Option<u64> {
    if address == 0 || address.checked_add(bytes)? > MAPPED {
        return None;
    }
    // SAFETY: below 4 GiB, which the boot code has mapped for reading; nobody writes to it now. The
    // boot page tables also cover devices there, whose registers a wrong address might read: the
    // addresses come from the firmware, which is trusted with the machine.
    let byte = |at| unsafe { (address as *const u8).add(at as usize).read_volatile() };
    Some((0..bytes).rev().fold(0, |word, at| word << 8 | u64::from(byte(at))))
}
