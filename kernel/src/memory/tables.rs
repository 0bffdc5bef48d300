//! The kernel's own page tables, built once at boot.

use super::MemoryError;
use super::pool::Pool;
use crate::boot::information::Region;
use logic::footprint::KERNEL_OFFSET;
use logic::frame::{DIRECT_MAP, Frame};
use logic::page_table::{NO_EXECUTE, PRESENT, WRITABLE, span};
use x86_64::PhysAddr;
use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::PhysFrame;

const LARGE: u64 = 1 << 7;
const GLOBAL: u64 = 1 << 8;
const UNCACHED: u64 = 1 << 4 | 1 << 3;
const DATA: u64 = PRESENT | WRITABLE | GLOBAL | NO_EXECUTE;

unsafe extern "C" {
    static kernel_text_start: u8;
    static kernel_rodata_start: u8;
    static kernel_data_start: u8;
    static kernel_end: u8;
}

/// Page tables under construction, reached where the boot code has mapped them.
pub struct Builder<'p> {
    pool: &'p Pool,
    root: Frame,
}

impl<'p> Builder<'p> {
    /// Starts with an empty root.
    pub fn new(pool: &'p Pool) -> Result<Self, MemoryError> {
        Ok(Self { pool, root: fresh(pool)? })
    }

    /// Maps the kernel where it is linked: code that cannot be written, data that cannot be executed.
    pub fn map_image(&mut self) -> Result<(), MemoryError> {
        let (text, rodata) = (&raw const kernel_text_start as u64, &raw const kernel_rodata_start as u64);
        let (data, end) = (&raw const kernel_data_start as u64, &raw const kernel_end as u64);
        self.map_pages(text, rodata - text, Some(text - KERNEL_OFFSET), PRESENT | GLOBAL)?;
        self.map_pages(rodata, data - rodata, Some(rodata - KERNEL_OFFSET), PRESENT | GLOBAL | NO_EXECUTE)?;
        self.map_pages(data, end - data, Some(data - KERNEL_OFFSET), DATA)
    }

    /// Shows the memory of `region` in the direct map, by pages as large as fit.
    pub fn map_direct(&mut self, region: Region, huge_pages: bool) -> Result<(), MemoryError> {
        let mut at = region.start;
        while at < region.end {
            let fits = |level: u64| at.is_multiple_of(span(level)) && region.end - at >= span(level);
            let level = if huge_pages && fits(3) {
                3
            } else if fits(2) {
                2
            } else {
                1
            };
            let large = if level > 1 { LARGE } else { 0 };
            self.set(DIRECT_MAP + at, level, at | DATA | large)?;
            at += span(level);
        }
        Ok(())
    }

    /// Maps fresh frames of zeros at `address`.
    pub fn map_fresh(&mut self, address: u64, bytes: u64) -> Result<(), MemoryError> {
        self.map_pages(address, bytes, None, DATA)
    }

    /// Maps a page of device registers, uncached.
    pub fn map_device(&mut self, address: u64, physical: u64) -> Result<(), MemoryError> {
        self.map_pages(address, 4096, Some(physical), DATA | UNCACHED)
    }

    /// Makes the tables the processor's. The boot code's are not used again.
    pub fn load(self) -> Frame {
        let root = PhysFrame::containing_address(PhysAddr::new(self.root.physical()));
        // SAFETY: the tables map the running code, its constants, data and boot stack where they are.
        unsafe { Cr3::write(root, Cr3Flags::empty()) };
        self.root
    }

    /// Maps what is at `physical`, or fresh frames. The one place for it: the walk is long where it is fast.
    #[inline(never)]
    fn map_pages(&mut self, address: u64, bytes: u64, physical: Option<u64>, flags: u64) -> Result<(), MemoryError> {
        for offset in (0..bytes).step_by(4096) {
            let page = match physical {
                Some(start) => start + offset,
                None => fresh(self.pool)?.physical(),
            };
            self.set(address + offset, 1, page | flags)?;
        }
        Ok(())
    }

    fn set(&mut self, address: u64, level: u64, value: u64) -> Result<(), MemoryError> {
        let mut table = self.root;
        for above in (level + 1..=4).rev() {
            let entry = entry(table, address, above);
            // SAFETY: `table` is one of our tables, see `entry`.
            unsafe {
                if *entry == 0 {
                    *entry = fresh(self.pool)?.physical() | PRESENT | WRITABLE;
                }
                table = Frame::containing(*entry & !0xfff);
            }
        }
        // SAFETY: as above.
        unsafe { *entry(table, address, level) = value };
        Ok(())
    }
}

/// The entry for `address` in `table`, which must be a frame from the pool: those are below
/// 4 GiB, where the boot code has mapped all memory at its own address.
fn entry(table: Frame, address: u64, level: u64) -> *mut u64 {
    let index = address / span(level) % 512;
    (table.physical() + index * 8) as *mut u64
}

#[inline(never)]
fn fresh(pool: &Pool) -> Result<Frame, MemoryError> {
    let frame = pool.take(1).ok_or(MemoryError::TooLittle)?;
    // SAFETY: a free frame below 4 GiB, mapped by the boot code at its own address.
    unsafe { (frame.physical() as *mut u8).write_bytes(0, 4096) };
    Ok(frame)
}
