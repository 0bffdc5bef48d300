//! Which memory is whose at boot, by subtraction from the loader's map.

use super::MemoryError;
use crate::boot::information::{Machine, REGIONS, Region};
use logic::footprint::{KERNEL_OFFSET, LOW_MEMORY};

unsafe extern "C" {
    static kernel_end: u8;
    static kernel_text_start: u8;
    static kernel_data_start: u8;
}

type Regions = heapless::Vec<Region, REGIONS>;

/// The kernel's image in memory, its boot code included.
pub fn image() -> Region {
    Region { start: LOW_MEMORY, end: &raw const kernel_end as u64 - KERNEL_OFFSET }
}

/// The part of the image that nobody writes to.
pub fn constant_image() -> Region {
    let start = &raw const kernel_text_start as u64 - KERNEL_OFFSET;
    Region { start, end: &raw const kernel_data_start as u64 - KERNEL_OFFSET }
}

/// Whole pages of usable memory that neither the kernel nor the bundle lies in, in ascending order.
///
/// # Errors
///
/// [`MemoryError::MisplacedBundle`].
pub fn free(machine: &Machine) -> Result<Regions, MemoryError> {
    let bundle = machine.bundle;
    let pages = Region { start: bundle.start, end: bundle.end.next_multiple_of(4096) };
    let inside = |region: &Region| region.start <= pages.start && pages.end <= region.end;
    let apart = pages.end <= image().start || image().end <= pages.start;
    let usable = whole_pages(machine);
    if !pages.start.is_multiple_of(4096) || !apart || !usable.iter().any(inside) {
        return Err(MemoryError::MisplacedBundle(bundle));
    }
    let low = Region { start: 0, end: LOW_MEMORY };
    Ok([low, image(), pages].into_iter().fold(usable, |regions, hole| without(&regions, hole)))
}

/// The start of a page below 1 MiB in which nothing lies that anybody still reads. To be asked when all that the loader and
/// the firmware have left there has been read.
pub fn low_page(machine: &Machine) -> Option<u64> {
    /// What the processor and the firmware keep at the very bottom.
    const BOTTOM: u64 = 0x1000;
    let bundle = Region { start: machine.bundle.start & !4095, end: machine.bundle.end };
    let usable = without(&whole_pages(machine), bundle);
    let low = usable.iter().map(|region| (region.start.max(BOTTOM), region.end.min(LOW_MEMORY) & !4095));
    low.filter(|(start, end)| start < end).map(|(_, end)| end - 4096).max()
}

/// Memory that the direct map shows: all that is usable but the kernel's text and constants.
pub fn direct(machine: &Machine) -> Regions {
    without(&whole_pages(machine), constant_image())
}

/// Usable memory in whole pages, each page once.
#[inline(never)]
fn whole_pages(machine: &Machine) -> Regions {
    let mut regions = Regions::new();
    let mut done = 0;
    for region in &machine.usable {
        let start = region.start.max(done).next_multiple_of(4096);
        let end = region.end & !4095;
        if start < end {
            let _ = regions.push(Region { start, end });
            done = end;
        }
    }
    regions
}

#[inline(never)]
fn without(regions: &[Region], hole: Region) -> Regions {
    let mut rest = Regions::new();
    for region in regions {
        let below = Region { start: region.start, end: region.end.min(hole.start) };
        let above = Region { start: region.start.max(hole.end), end: region.end };
        for part in [below, above] {
            if part.start < part.end && rest.last() != Some(&part) {
                let _ = rest.push(part);
            }
        }
    }
    rest
}
