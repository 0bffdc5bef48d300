//! The disk image: one raw disk that GRUB boots, under BIOS and under UEFI.
//!
//! | from | what | who reads it |
//! |---|---|---|
//! | sector 0, 440 bytes | GRUB's boot sector | BIOS, which runs it |
//! | sector 0, the rest | signature and partition table | everybody |
//! | sector 1 | GRUB's core image | the boot sector |
//! | sector 2048 | FAT partition with the kernel, the bundle and `EFI/BOOT/BOOTX64.EFI` | both GRUBs; UEFI |
//!
//! Equal input gives equal bytes: no time, no random number and no name of a machine gets in.

pub mod fat;
pub mod grub;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use grub::{Loader, LoaderError, Tools};

use crate::sparse::Sparse;

/// Bytes in a sector.
pub const SECTOR: usize = 512;
/// Where the partition starts, in sectors: at 1 MiB, as on any disk of today.
pub const PARTITION: u32 = 2048;

/// Bytes of code at the start of the boot sector; behind them are the disk's signature and the partition table.
const BOOT_CODE: usize = 440;
/// Tells this disk from others, to whoever asks; fixed, as everything here.
const SIGNATURE: u32 = 0x7e55_e7a0;
/// The kind of partition in which UEFI looks for a loader.
const EFI_SYSTEM_PARTITION: u8 = 0xef;
/// Some BIOSes boot only a disk with an active partition.
const ACTIVE: u8 = 0x80;
/// In place of cylinder, head and sector: "go by the sector's number".
const BY_NUMBER: [u8; 3] = [0xfe, 0xff, 0xff];

/// Why there is no disk image.
#[derive(Debug)]
pub enum DiskError {
    /// There is no loader to put on it.
    Loader(LoaderError),
    /// GRUB's core image is larger than the room in front of the partition.
    CoreTooLarge(usize),
    /// GRUB's boot sector is not a whole sector.
    BadBootSector(usize),
    /// The kernel and the bundle do not fit on any such disk.
    TooLarge(usize),
    /// The file system could not be made.
    FileSystem(io::Error),
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loader(error) => error.fmt(f),
            Self::CoreTooLarge(bytes) => write!(f, "GRUB's core image has {bytes} bytes and does not fit"),
            Self::BadBootSector(bytes) => write!(f, "GRUB's boot sector has {bytes} bytes instead of {SECTOR}"),
            Self::TooLarge(bytes) => write!(f, "{bytes} bytes do not fit on a disk"),
            Self::FileSystem(error) => write!(f, "the disk's file system cannot be made: {error}"),
        }
    }
}

impl std::error::Error for DiskError {}

/// The disk, with the GRUB that is installed; what is made of it is kept in `cache`.
///
/// # Errors
///
/// See [`DiskError`].
pub fn compose(cache: &Path, kernel: &[u8], bundle: &[u8]) -> Result<Sparse, DiskError> {
    let loader = Tools::default().loader(cache).map_err(DiskError::Loader)?;
    disk(&loader, kernel, bundle)
}

/// The disk.
///
/// # Errors
///
/// See [`DiskError`].
pub fn disk(loader: &Loader, kernel: &[u8], bundle: &[u8]) -> Result<Sparse, DiskError> {
    let partition = fat::partition(&[("kernel", kernel), ("bundle", bundle), (grub::EFI_FILE, &loader.efi)])?;
    let bytes = usize::try_from(partition.bytes()).unwrap_or(usize::MAX);
    let sectors = u32::try_from(bytes / SECTOR).map_err(|_| DiskError::TooLarge(bytes))?;
    let mut disk = Sparse::zeros(u64::from(PARTITION) * SECTOR as u64);
    let start = [boot_sector(&loader.boot, sectors)?, loader.core.clone()].concat();
    disk.write_all(&start).map_err(|_| DiskError::CoreTooLarge(loader.core.len()))?;
    disk.append(&partition).map_err(DiskError::FileSystem)?;
    Ok(disk)
}

/// The first sector, for a partition of so many sectors.
fn boot_sector(boot: &[u8], sectors: u32) -> Result<Vec<u8>, DiskError> {
    let (SECTOR, Some(code)) = (boot.len(), boot.get(..BOOT_CODE)) else {
        return Err(DiskError::BadBootSector(boot.len()));
    };
    let mut sector = code.to_vec();
    sector.extend(SIGNATURE.to_le_bytes());
    sector.extend([0; 2]);
    sector.extend(entry(sectors));
    // The other three partitions.
    sector.extend([0; 3 * 16]);
    sector.extend([0x55, 0xaa]);
    Ok(sector)
}

/// The partition's entry in the table.
fn entry(sectors: u32) -> Vec<u8> {
    let mut entry = vec![ACTIVE];
    entry.extend(BY_NUMBER);
    entry.push(EFI_SYSTEM_PARTITION);
    entry.extend(BY_NUMBER);
    entry.extend(PARTITION.to_le_bytes());
    entry.extend(sectors.to_le_bytes());
    entry
}

#[cfg(test)]
mod tests;
