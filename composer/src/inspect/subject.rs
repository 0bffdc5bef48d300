//! The system that a dump is said to be of: what was composed.

use abi::inspection::{Places, SECTION, WORDS};
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSection, ObjectSegment, SegmentFlags, elf};

use crate::faults::Programs;
use crate::pass::report::Report;

use super::dump::Dump;
use super::memory::{FRAME, Memory};
use super::scheduler::Scheduler;

/// What was composed.
pub struct Subject<'s, 'p> {
    /// The kernel's ELF file, with all that is known of its source.
    pub kernel: &'s [u8],
    /// The programs, for names of functions.
    pub programs: &'s Programs<'p>,
    /// What the graph grants.
    pub report: &'s Report,
    /// The schedulers, as far as it is known how they keep what they know.
    pub schedulers: &'s [Scheduler<'s>],
}

/// Where `kernel`, an ELF file, has what is not in its objects. `None` if it does not say, in this version.
pub fn places(kernel: &[u8]) -> Option<Places> {
    let file = ElfFile64::<LittleEndian>::parse(kernel).ok()?;
    let section = file.section_by_name(SECTION)?.data().ok()?;
    let words: [[u8; 8]; WORDS] = section.as_chunks::<8>().0.try_into().ok()?;
    Places::from_words(words.map(u64::from_le_bytes))
}

/// Whether the code of `kernel` is in `dump`, where its file says: whether it is what runs there.
pub fn is_in(kernel: &[u8], dump: &Dump) -> bool {
    code(kernel).is_some_and(|mut code| code.all(|code| is_at(dump, code.physical, code.bytes)))
}

/// Whether what `root` maps is the program called `name`, as far as it is there yet: its code is the same. `executable` pages are mapped.
pub fn is_mapped(subject: &Subject<'_, '_>, name: &str, memory: &Memory, root: u64, executable: u64) -> bool {
    let Some(program) = subject.programs.component(name) else { return false };
    let pieces = code(program.elf()).into_iter().flatten().flat_map(Code::pages);
    let places = pieces.map(|(address, bytes)| (memory.translate(root, address.wrapping_add(program.shift())), bytes));
    let present: Vec<_> = places.filter_map(|(physical, bytes)| Some((physical?, bytes))).collect();
    let is_there = !present.is_empty() || executable == 0;
    is_there && present.into_iter().all(|(physical, bytes)| is_at(memory.dump(), physical, bytes))
}

fn is_at(dump: &Dump, physical: u64, expected: &[u8]) -> bool {
    let mut found = vec![0; expected.len()];
    dump.read(physical, &mut found) && found == expected
}

/// Code as it is in an ELF file.
struct Code<'e> {
    address: u64,
    physical: u64,
    bytes: &'e [u8],
}

impl<'e> Code<'e> {
    /// The parts of it that lie in a page each.
    fn pages(self) -> impl Iterator<Item = (u64, &'e [u8])> {
        let first = (FRAME - self.address % FRAME).min(self.bytes.len() as u64) as usize;
        let (head, rest) = self.bytes.split_at(first);
        let starts = (self.address + first as u64..).step_by(FRAME as usize);
        std::iter::once((self.address, head)).chain(starts.zip(rest.chunks(FRAME as usize)))
    }
}

/// The code in an ELF file, which is in memory as it is in the file.
fn code(elf: &[u8]) -> Option<impl Iterator<Item = Code<'_>>> {
    let file = ElfFile64::<LittleEndian>::parse(elf).ok()?;
    let code = file.segments().filter(|segment| is_code(segment.flags())).map(|segment| Code {
        address: segment.address(),
        physical: segment.elf_program_header().p_paddr.get(LittleEndian),
        bytes: segment.data().unwrap_or_default(),
    });
    Some(code.collect::<Vec<_>>().into_iter())
}

/// What may be executed and not written: it is in memory as it is in the file.
fn is_code(flags: SegmentFlags) -> bool {
    matches!(flags, SegmentFlags::Elf { p_flags, .. } if p_flags.0 & (elf::PF_X.0 | elf::PF_W.0) == elf::PF_X.0)
}
