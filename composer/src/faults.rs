//! Where in the source something went wrong: what the kernel says of a fault names an instruction, and what a component says of a panic
//! has the addresses on its stack; this names lines, and the calls that led there.
//!
//! The images that boot carry no debugging information. The files that they were made of do, and the composer has them.

mod lines;
mod panics;
mod path;
mod stream;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use crate::elf::Image;
use crate::stack;
use crate::verdict::{FATAL, FAULT};

pub use lines::{Frame, Lines};
pub(crate) use lines::{Slice, dwarf, plain_name};
pub use stream::Annotated;

/// A program as it lies in memory.
pub struct Program<'e> {
    elf: &'e [u8],
    shift: u64,
    /// Read at the first fault: most programs have none.
    lines: OnceCell<Option<Lines<'e>>>,
    /// Where its calls come back to: see [`stack::call_sites`]. Made at the first panic.
    call_sites: OnceCell<BTreeMap<u64, u64>>,
}

impl<'e> Program<'e> {
    /// The program in the file `elf`, `shift` bytes above where it was linked.
    pub fn new(elf: &'e [u8], shift: u64) -> Self {
        Self { elf, shift, lines: OnceCell::new(), call_sites: OnceCell::new() }
    }

    /// The ELF file.
    pub(crate) fn elf(&self) -> &'e [u8] {
        self.elf
    }

    /// What is to be added to its addresses.
    pub(crate) fn shift(&self) -> u64 {
        self.shift
    }

    fn frames(&self, address: u64) -> Vec<Frame> {
        let lines = self.lines.get_or_init(|| Lines::read(self.elf));
        lines.as_ref().map(|lines| lines.frames(address.wrapping_sub(self.shift))).unwrap_or_default()
    }

    /// How many bytes above this return address that of the caller lies, if the address is one.
    fn depth(&self, address: u64) -> Option<u64> {
        let sites = || Image::read(self.elf).map(|image| stack::call_sites(self.elf, &image)).unwrap_or_default();
        self.call_sites.get_or_init(sites).get(&address.wrapping_sub(self.shift)).copied()
    }
}

/// All programs of a system.
pub struct Programs<'e> {
    kernel: Program<'e>,
    components: HashMap<&'e str, Program<'e>>,
}

/// Stands in front of the address, the last thing in a report.
const ADDRESS: &str = " at instruction 0x";

impl<'e> Programs<'e> {
    /// The kernel, and the components by their names.
    pub fn new(kernel: Program<'e>, components: impl IntoIterator<Item = (&'e str, Program<'e>)>) -> Self {
        Self { kernel, components: components.into_iter().collect() }
    }

    /// The program of the component called `name`.
    pub(crate) fn component(&self, name: &str) -> Option<&Program<'e>> {
        self.components.get(name)
    }

    /// What the source says of `address` in the component called `name`, innermost function first.
    pub fn frames(&self, name: &str, address: u64) -> Vec<Frame> {
        self.components.get(name).map(|program| program.frames(address)).unwrap_or_default()
    }

    /// The same of the kernel.
    pub fn kernel_frames(&self, address: u64) -> Vec<Frame> {
        self.kernel.frames(address)
    }

    /// What the source says to a line of the console, innermost function first. Nothing unless the line ends in a report
    /// of a fault whose address is in the program's code.
    ///
    /// The report need not be all of the line: a component may have printed half a line before it faulted.
    pub fn explain(&self, line: &str) -> Vec<Frame> {
        let fault = line.rsplit_once(FAULT).and_then(|(_, report)| self.faulted(report));
        let fault = fault.or_else(|| line.rsplit_once(FATAL).and_then(|(_, report)| self.kernel(report)));
        fault.map(|(program, address)| program.frames(address)).unwrap_or_default()
    }

    /// The component whose name ends `text`.
    fn named_at_the_end_of(&self, text: &str) -> Option<&str> {
        let names = self.components.keys().copied();
        names.filter(|name| text.ends_with(name)).max_by_key(|name| name.len())
    }

    fn faulted(&self, report: &str) -> Option<(&Program<'e>, u64)> {
        let (name, rest) = report.split_once(',')?;
        Some((self.components.get(name)?, address(rest)?))
    }

    fn kernel(&self, report: &str) -> Option<(&Program<'e>, u64)> {
        Some((&self.kernel, address(report)?))
    }
}

fn address(report: &str) -> Option<u64> {
    let (_, digits) = report.rsplit_once(ADDRESS)?;
    u64::from_str_radix(digits.trim_end(), 16).ok()
}

#[cfg(test)]
mod tests;
