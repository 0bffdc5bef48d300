//! A memory dump: an ELF core file, as the emulator writes it of the whole machine.
//!
//! Its segments are physical memory. What the emulator knows of its processors is in notes of its own, one for each.

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use object::elf::{FileHeader64, PT_LOAD};
use object::read::ReadCache;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{LittleEndian, ReadRef, elf};

const ENDIAN: LittleEndian = LittleEndian;

/// Why a file cannot be looked into.
#[derive(Debug)]
pub enum DumpError {
    /// It cannot be read.
    Unreadable(std::io::Error),
    /// It is not a memory dump of a whole machine. The text says what is missing or wrong.
    NotADump(String),
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "cannot read it: {error}"),
            Self::NotADump(why) => write!(f, "it is no memory dump of a machine: {why}"),
        }
    }
}

impl std::error::Error for DumpError {}

fn not_a_dump(why: impl fmt::Display) -> DumpError {
    DumpError::NotADump(why.to_string())
}

/// A dump of physical memory.
#[derive(Debug)]
pub struct Dump {
    file: File,
    /// Bytes of the file: no dump has more memory than that.
    pub bytes: u64,
    regions: Vec<Region>,
    /// The processors, in their order.
    pub processors: Vec<Processor>,
    /// A page table in which the kernel is mapped, by the physical address of its root.
    pub page_table: u64,
}

/// Memory that is in the file.
#[derive(Clone, Copy, Debug)]
struct Region {
    physical: u64,
    bytes: u64,
    offset: u64,
}

/// What the emulator says of a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processor {
    /// Address of the next instruction.
    pub instruction: u64,
    /// The stack pointer.
    pub stack: u64,
    /// Code segment: the lowest two bits are the privilege level.
    pub code_segment: u32,
    /// Where GS starts.
    pub gs_base: u64,
    /// Where GS starts on the other side of the boundary.
    pub other_gs_base: u64,
    /// CR3.
    pub page_table: u64,
}

/// Where the emulator's note has what, in bytes.
mod place {
    pub const STACK: usize = 8 + 6 * 8;
    pub const INSTRUCTION: usize = 8 + 16 * 8;
    pub const SEGMENTS: usize = 8 + 18 * 8;
    pub const SEGMENT_BYTES: usize = 24;
    /// Of a segment: its base.
    pub const BASE: usize = 16;
    pub const GS: usize = SEGMENTS + 4 * SEGMENT_BYTES + BASE;
    pub const CONTROL: usize = SEGMENTS + 10 * SEGMENT_BYTES;
    pub const CR3: usize = CONTROL + 3 * 8;
    pub const OTHER_GS: usize = CONTROL + 5 * 8;
}

/// The version of the emulator's note.
const NOTE_VERSION: u32 = 1;

impl Processor {
    /// Reads the emulator's note.
    fn read(note: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u64::from_le_bytes(note.get(at..at + 8)?.try_into().ok()?));
        let half = |at: usize| Some(u32::from_le_bytes(note.get(at..at + 4)?.try_into().ok()?));
        if half(0)? != NOTE_VERSION {
            return None;
        }
        Some(Self {
            instruction: word(place::INSTRUCTION)?,
            stack: word(place::STACK)?,
            code_segment: half(place::SEGMENTS)?,
            gs_base: word(place::GS)?,
            other_gs_base: word(place::OTHER_GS)?,
            page_table: word(place::CR3)?,
        })
    }

    /// Whether it executes at user level.
    pub const fn is_at_user_level(&self) -> bool {
        self.code_segment & 3 == 3
    }
}

impl Dump {
    /// Opens the dump at `path`.
    ///
    /// # Errors
    ///
    /// See [`DumpError`].
    pub fn open(path: &Path) -> Result<Self, DumpError> {
        let file = File::open(path).map_err(DumpError::Unreadable)?;
        let cache = ReadCache::new(file.try_clone().map_err(DumpError::Unreadable)?);
        let (regions, processors) = read(&cache)?;
        let Some(Processor { page_table, .. }) = processors.first().copied() else {
            return Err(not_a_dump("it says nothing of processors, in the way in which QEMU does"));
        };
        let bytes = file.metadata().map_err(DumpError::Unreadable)?.len();
        Ok(Self { file, bytes, regions, processors, page_table })
    }

    /// The memory that a machine without processors has left in the file at `path`, one of `parts` behind the other.
    ///
    /// # Errors
    ///
    /// [`DumpError::Unreadable`].
    pub fn of_memory(path: &Path, parts: &[Range<u64>], page_table: u64) -> Result<Self, DumpError> {
        let file = File::open(path).map_err(DumpError::Unreadable)?;
        let bytes = file.metadata().map_err(DumpError::Unreadable)?.len();
        let mut offset = 0;
        let regions = parts.iter().map(|part| {
            let region = Region { physical: part.start, bytes: part.end - part.start, offset };
            offset += region.bytes;
            region
        });
        Ok(Self { file, bytes, regions: regions.collect(), processors: Vec::new(), page_table })
    }

    /// Where memory at `physical` is in the file, if so many bytes of it are there.
    pub fn offset(&self, physical: u64, bytes: u64) -> Option<u64> {
        self.regions.iter().find_map(|region| {
            let at = physical.checked_sub(region.physical)?;
            let offset = region.offset.checked_add(at)?;
            (at.checked_add(bytes)? <= region.bytes && offset.checked_add(bytes)? <= self.bytes).then_some(offset)
        })
    }

    /// Reads memory at `physical`; false, and nothing, if not all of it is there.
    pub fn read(&self, physical: u64, into: &mut [u8]) -> bool {
        let place = self.offset(physical, into.len() as u64);
        place.is_some_and(|offset| self.file.read_exact_at(into, offset).is_ok())
    }
}

/// The segments, and the notes on processors.
fn read<'f>(file: impl ReadRef<'f>) -> Result<(Vec<Region>, Vec<Processor>), DumpError> {
    let header = FileHeader64::<LittleEndian>::parse(file).map_err(not_a_dump)?;
    if header.e_type(ENDIAN) != elf::ET_CORE {
        return Err(not_a_dump("it is another kind of ELF file"));
    }
    let (mut regions, mut processors) = (Vec::new(), Vec::new());
    for program in header.program_headers(ENDIAN, file).map_err(not_a_dump)? {
        if program.p_type(ENDIAN) == PT_LOAD {
            regions.push(Region {
                physical: program.p_paddr(ENDIAN),
                bytes: program.p_filesz(ENDIAN),
                offset: program.p_offset(ENDIAN),
            });
        }
        let Some(mut notes) = program.notes(ENDIAN, file).map_err(not_a_dump)? else { continue };
        while let Some(note) = notes.next().map_err(not_a_dump)? {
            if note.name() == b"QEMU" {
                processors.extend(Processor::read(note.desc()));
            }
        }
    }
    Ok((regions, processors))
}
