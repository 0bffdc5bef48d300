//! What firmware, loader and kernel keep of a machine's memory, and where the rest lies.
//!
//! It is the machine that `qemu/run` starts: the emulator puts the bundle near the end of the memory below 4 GiB. The firmware with
//! which it starts a kernel keeps nothing there, and the one that it takes where that is not installed, and for a disk, the last
//! 128 KiB, which are counted always. (UEFI keeps more, and says so to nobody beforehand.)

use std::ops::Range;

use abi::boot::{BUNDLE, INFORMATION, UNTYPED};
use abi::layout::{PAGE, THREADS};
use logic::footprint::{
    CORE_BYTES, DESCRIPTORS, FRAME_BYTES, KERNEL_OFFSET, LOCAL_APIC, LOW_MEMORY, STACK_BYTES, STACKS_PER_CORE,
    descriptor_bytes, stack_end,
};
use logic::frame::DIRECT_MAP;
use logic::page_table::span;
use object::{Object, ObjectSegment, SegmentFlags};

use super::nodes::Nodes;
use crate::graph;

/// Bytes below the end of the memory below 4 GiB that firmware keeps.
const FIRMWARE: u64 = 128 << 10;

/// Where the emulator lets the bundle end, in bytes below the end of that memory.
const BEHIND_BUNDLE: u64 = 0x2_9000;

/// From so much memory on, the emulator has all but the first [`BELOW`] bytes of it behind 4 GiB.
const SPLIT: u64 = 0xb000_0000;
const BELOW: u64 = 0x8000_0000;
const ABOVE: u64 = 1 << 32;

/// The end of the conventional memory below 1 MiB, in whole pages.
const CONVENTIONAL: u64 = 0x9_f000;

/// A 2 MiB page is an entry of this level.
const LARGE: u64 = 2;

/// The kernel's image, by physical addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The part that nobody writes to.
    constant: Range<u64>,
    /// The end of all of it. It starts with its boot code, at 1 MiB. Where the emulator boots it, the root of its page table lies there.
    pub end: u64,
}

impl Image {
    /// The image in a kernel's file: of none, an empty one.
    pub fn of(file: &[u8]) -> Self {
        let segments = object::File::parse(file).map(|file| segments(&file)).unwrap_or_default();
        let start = segments.iter().map(|(range, _)| range.start).min().unwrap_or(LOW_MEMORY);
        let data = segments.iter().filter(|(_, is_data)| *is_data).map(|(range, _)| range.start).min();
        let end = segments.iter().map(|(range, _)| range.end).max().unwrap_or(LOW_MEMORY);
        Self { constant: start..data.unwrap_or(end), end: end.next_multiple_of(PAGE) }
    }
}

/// The segments behind the boot code, each with whether it can be written.
fn segments(file: &object::File<'_>) -> Vec<(Range<u64>, bool)> {
    let physical = |segment: object::Segment<'_, '_>| {
        let start = segment.address().checked_sub(KERNEL_OFFSET)?;
        let SegmentFlags::Elf { p_flags, .. } = segment.flags() else { return None };
        Some((start..start.checked_add(segment.size())?, p_flags.0 & object::elf::PF_W.0 != 0))
    };
    file.segments().filter_map(physical).collect()
}

/// A machine that has loaded a kernel and a bundle.
#[derive(Clone, Debug)]
pub struct Machine {
    image: Image,
    bundle_bytes: u64,
    cores: u64,
    /// The end of the memory below 4 GiB.
    low_end: u64,
    /// The memory behind 4 GiB.
    high: Range<u64>,
}

impl Machine {
    /// The one that the graph declares.
    pub fn new(machine: &graph::Machine, kernel: &[u8], bundle_bytes: u64) -> Self {
        let [low, high] = parts(machine.memory);
        Self { image: Image::of(kernel), bundle_bytes, cores: machine.smp.into(), low_end: low.end, high }
    }

    /// Bytes of the bundle.
    pub const fn bundle(&self) -> u64 {
        self.bundle_bytes
    }

    /// Bytes that are nobody's: below 1 MiB, and what firmware keeps.
    pub const fn firmware(&self) -> u64 {
        LOW_MEMORY + FIRMWARE
    }

    /// Bytes of the kernel's image.
    pub const fn kernel(&self) -> u64 {
        self.image.end.saturating_sub(LOW_MEMORY)
    }

    fn top(&self) -> u64 {
        if self.high.is_empty() { self.low_end } else { self.high.end }
    }

    /// The memory that neither the kernel's image nor the bundle is in.
    fn free(&self) -> [Range<u64>; 3] {
        let behind = self.low_end.saturating_sub(BEHIND_BUNDLE);
        let bundle = behind.saturating_sub(self.bundle_bytes)..behind;
        let tail = bundle.end..self.low_end.saturating_sub(FIRMWARE).max(bundle.end);
        [self.image.end..bundle.start.max(self.image.end), tail, self.high.clone()]
    }

    /// Frames that the kernel takes for itself when it boots: page tables, descriptors, a word for each frame, what it has of
    /// each core, and two small tables.
    pub fn kernel_frames(&self) -> u64 {
        const ROOT: u64 = 1;
        const EMPTY_LEAF: u64 = 1;
        let frames = |bytes: u64| bytes.div_ceil(PAGE);
        let cores = frames(self.cores * CORE_BYTES) + self.cores * STACKS_PER_CORE * frames(STACK_BYTES);
        let threads = u64::from(THREADS).div_ceil(PAGE / FRAME_BYTES);
        let of_frames = frames(self.top() / PAGE * FRAME_BYTES);
        let tables = ROOT + self.kernel_nodes().count() + frames(descriptor_bytes(self.top()));
        tables + cores + of_frames + threads + EMPTY_LEAF
    }

    fn kernel_nodes(&self) -> Nodes {
        let mut nodes = Nodes::default();
        let Image { constant, end } = &self.image;
        nodes.add_pages(KERNEL_OFFSET + constant.start..KERNEL_OFFSET + end);
        for range in [0..CONVENTIONAL, LOW_MEMORY..constant.start, constant.end..self.low_end, self.high.clone()] {
            add_direct(&mut nodes, &range);
        }
        nodes.add_pages(DESCRIPTORS..DESCRIPTORS + descriptor_bytes(self.top()));
        for stack in 0..self.cores * STACKS_PER_CORE {
            nodes.add_pages(stack_end(0, stack) - STACK_BYTES..stack_end(0, stack));
        }
        nodes.add_pages(LOCAL_APIC..LOCAL_APIC + PAGE);
        nodes
    }

    /// Adds to the booter's page table what the kernel maps there beside its image and its stacks: the bundle, the page of
    /// information, and names of all memory that is left. So many frames are taken for it beside nodes.
    pub fn add_booter(&self, nodes: &mut Nodes, taken: u64) {
        nodes.add_pages(BUNDLE..BUNDLE + self.bundle_bytes);
        nodes.add_pages(INFORMATION..INFORMATION + PAGE);
        for range in self.free().into_iter().filter(|range| !range.is_empty()) {
            nodes.add(UNTYPED + range.start..UNTYPED + range.end, LARGE);
            let next = self.next() + (taken + nodes.count()) * PAGE;
            // Where a step of 2 MiB is not wholly free, each page has a name of its own.
            for at in [range.start, next, next + span(LARGE), range.end - 1] {
                if range.contains(&at) {
                    nodes.add_pages(UNTYPED + at..UNTYPED + at + 1);
                }
            }
        }
    }

    /// The first frame that the kernel's own tables leave free.
    pub fn next(&self) -> u64 {
        self.image.end + self.kernel_frames() * PAGE
    }
}

/// Where the emulator has so many bytes of memory, one part behind the other.
pub fn parts(memory: u64) -> [Range<u64>; 2] {
    let low_end = if memory < SPLIT { memory } else { BELOW };
    [0..low_end, ABOVE..ABOVE.saturating_add(memory - low_end)]
}

/// The direct map of a range: large pages where they fit, and small ones at its ends.
fn add_direct(nodes: &mut Nodes, range: &Range<u64>) {
    let at = |address: u64| DIRECT_MAP + address.clamp(range.start, range.end.max(range.start));
    let (first, last) = (range.start.next_multiple_of(span(LARGE)), range.end / span(LARGE) * span(LARGE));
    nodes.add_pages(at(range.start)..at(first));
    nodes.add(at(first)..at(last), LARGE);
    nodes.add_pages(at(last)..at(range.end));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel took and named in this machine, as it said of itself when it was asked to.
    #[test]
    fn the_kernels_own_frames_are_those_that_it_took() {
        let machine = |memory: u64, smp: u32| {
            let [low, high] = parts(memory);
            let image = Image { constant: 0x10_2000..0x12_0000, end: 0x13_1000 };
            Machine { image, bundle_bytes: 0x2_2000, cores: smp.into(), low_end: low.end, high }
        };
        for (memory, smp, next) in [
            (32 << 20, 1, 0x17_0000),
            (256 << 20, 1, 0x1f_8000),
            (256 << 20, 2, 0x21_0000),
            (256 << 20, 8, 0x2a_1000),
            // The processor has pages of 1 GiB, each of which takes a node less than is counted: not every one has them.
            (4 << 30, 1, 0xf5_8000 + 3 * PAGE),
        ] {
            assert_eq!(machine(memory, smp).next(), next, "{memory:#x} bytes, {smp} processors");
        }
        assert_eq!(machine(32 << 20, 1).free()[0], 0x13_1000..0x1fb_5000);
    }

    #[test]
    fn a_file_that_is_no_kernel_takes_no_memory() {
        let machine = Machine::new(&graph::Machine { memory: 64 << 20, smp: 1, timeout: 1, icount: false }, b"", 0);
        assert_eq!(machine.kernel(), 0);
    }
}
