//! The system that a dump is said to be of: what was composed.

use abi::inspection::{Places, SECTION, WORDS};
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSection, ObjectSegment, SegmentFlags, elf};

use crate::faults::Programs;
use crate::pass::report::Report;

use super::dump::Dump;

/// What was composed.
pub struct Subject<'s, 'p> {
    /// The kernel's ELF file, with all that is known of its source.
    pub kernel: &'s [u8],
    /// The programs, for names of functions.
    pub programs: &'s Programs<'p>,
    /// What the graph grants.
    pub report: &'s Report,
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
    let Ok(file) = ElfFile64::<LittleEndian>::parse(kernel) else { return false };
    let mut code = file.segments().filter(|segment| is_code(segment.flags()));
    code.all(|segment| {
        let physical = segment.elf_program_header().p_paddr.get(LittleEndian);
        let expected = segment.data().unwrap_or_default();
        let mut found = vec![0; expected.len()];
        dump.read(physical, &mut found) && found == expected
    })
}

/// What may be executed and not written: it is in memory as it is in the file.
fn is_code(flags: SegmentFlags) -> bool {
    matches!(flags, SegmentFlags::Elf { p_flags, .. } if p_flags.0 & (elf::PF_X.0 | elf::PF_W.0) == elf::PF_X.0)
}
