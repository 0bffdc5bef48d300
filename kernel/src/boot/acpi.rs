//! The one thing that the kernel asks of ACPI: where the high precision event timer is.
//!
//! The tables are read at boot, where the firmware has put them: below 4 GiB, which the boot code has
//! mapped at its own address. (ACPI specification 6.5, sections 5.2.5 to 5.2.8, and the
//! IA-PC HPET specification 1.0a, section 3.2.4.)

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

/// The physical address of the timer's registers.
pub fn event_timer(root: Root) -> Option<u64> {
    const SIGNATURE: u64 = u32::from_le_bytes(*b"HPET") as u64;
    const IN_MEMORY: u64 = 0;
    let (list, width) = match root {
        Root::Rsdt(list) => (list, 4),
        Root::Xsdt(list) => (list, 8),
    };
    let end = list.checked_add(table_bytes(list)?)?;
    let entries = (list + HEADER_BYTES..end).step_by(width as usize);
    let tables = entries.take_while(|entry| entry + width <= end).filter_map(|entry| word(entry, width));
    let timer = tables.into_iter().find(|table| word(*table, 4) == Some(SIGNATURE) && table_bytes(*table).is_some())?;
    (word(timer + 40, 1)? == IN_MEMORY).then(|| word(timer + 44, 8))?.filter(|address| address % 4096 == 0)
}

/// Bytes of the table at `address`, if its sum says that it is one.
fn table_bytes(address: u64) -> Option<u64> {
    let bytes = word(address + 4, 4)?;
    if !(HEADER_BYTES..LONGEST).contains(&bytes) {
        return None;
    }
    let sum = (0..bytes).try_fold(0_u8, |sum, at| Some(sum.wrapping_add(word(address + at, 1)? as u8)))?;
    (sum == 0).then_some(bytes)
}

/// A little-endian word of up to eight bytes at a physical address, which need not be aligned.
fn word(address: u64, bytes: u64) -> Option<u64> {
    if address == 0 || address.checked_add(bytes)? > MAPPED {
        return None;
    }
    // SAFETY: below 4 GiB, which the boot code has mapped for reading; nobody writes to it now. The
    // boot page tables also cover devices there, whose registers a wrong address might read: the
    // addresses come from the firmware, which is trusted with the machine.
    let byte = |at| unsafe { (address as *const u8).add(at as usize).read_volatile() };
    Some((0..bytes).rev().fold(0, |word, at| word << 8 | u64::from(byte(at))))
}
