//! Reading the parts of an ELF file that make up memory.

use std::collections::HashSet;

use abi::layout::{EXECUTE, PAGE, READ, WRITE};
use object::LittleEndian;
use object::elf::{self, FileHeader64, ProgramHeader64, RelocationType};
use object::read::elf::{FileHeader, ProgramHeader};

use super::defect::Defect;
use super::memory::{LIMIT, Memory, Segment, page_floor};

const ENDIAN: LittleEndian = LittleEndian;

type Header = FileHeader64<LittleEndian>;
type Program = ProgramHeader64<LittleEndian>;

/// What a loader would make of the file.
#[derive(Debug)]
pub struct Loaded {
    /// The entry point.
    pub entry: u64,
    /// The memory, relocated for a base of 0.
    pub memory: Memory,
    /// Where the base is to be added.
    pub relocations: Vec<u64>,
}

/// The file's header, if it is an ELF file for x86-64.
pub(crate) fn header(file: &[u8]) -> Result<&Header, Defect> {
    let header = Header::parse(file).map_err(malformed)?;
    let ours = header.is_little_endian() && header.e_machine(ENDIAN) == elf::EM_X86_64;
    ours.then_some(header).ok_or_else(|| Defect::Malformed("it is for another machine".into()))
}

pub(super) fn malformed(error: object::read::Error) -> Defect {
    Defect::Malformed(error.to_string())
}

/// Loads `file` where it was linked.
///
/// # Errors
///
/// All that keeps it from being loaded.
pub fn load(file: &[u8]) -> Result<Loaded, Vec<Defect>> {
    let header = header(file).map_err(one)?;
    let programs = header.program_headers(ENDIAN, file).map_err(|error| one(malformed(error)))?;
    let mut defects = Vec::new();
    if header.e_type(ENDIAN) != elf::ET_DYN {
        defects.push(Defect::NotPositionIndependent);
    }
    refuse_unsupported(programs, &mut defects);
    let mut memory = segments(file, programs, &mut defects);
    let relocations = dynamic(file, programs, &mut defects);
    stop_at(&mut defects)?;
    let relocations = relocations.map_or_else(Vec::new, |table| relocate(&mut memory, table, &mut defects));
    stop_at(&mut defects)?;
    Ok(Loaded { entry: header.e_entry(ENDIAN), memory, relocations })
}

fn one(defect: Defect) -> Vec<Defect> {
    vec![defect]
}

/// Stops at defects, each of which is named once however many causes it has.
fn stop_at(defects: &mut Vec<Defect>) -> Result<(), Vec<Defect>> {
    let mut seen = HashSet::new();
    let mut once = std::mem::take(defects);
    once.retain(|defect| seen.insert(defect.clone()));
    if once.is_empty() { Ok(()) } else { Err(once) }
}

fn refuse_unsupported(programs: &[Program], defects: &mut Vec<Defect>) {
    for program in programs {
        match program.p_type(ENDIAN) {
            elf::PT_INTERP => defects.push(Defect::Dynamic),
            elf::PT_TLS if program.p_memsz(ENDIAN) > 0 => defects.push(Defect::ThreadLocal),
            _ => {}
        }
    }
}

fn segments(file: &[u8], programs: &[Program], defects: &mut Vec<Defect>) -> Memory {
    let loadable = programs.iter().filter(|program| program.p_type(ENDIAN) == elf::PT_LOAD);
    let filled = loadable.filter(|program| program.p_memsz(ENDIAN) > 0);
    let mut segments = Vec::new();
    for program in filled {
        match segment(file, program) {
            Ok(segment) => segments.push(segment),
            Err(defect) => defects.push(defect),
        }
    }
    segments.sort_by_key(|segment| segment.address);
    let neighbours = segments.iter().zip(segments.iter().skip(1));
    defects.extend(
        neighbours
            .filter(|(segment, next)| segment.end() > next.address)
            .map(|(_, next)| Defect::SharedPage { address: next.address }),
    );
    let memory = Memory { segments };
    if memory.end().saturating_sub(memory.start()) > LIMIT {
        defects.push(Defect::TooLarge);
    }
    memory
}

fn segment(file: &[u8], program: &Program) -> Result<Segment, Defect> {
    let damaged = || Defect::Malformed("a segment lies outside the file".into());
    let start = program.p_vaddr(ENDIAN);
    let data = program.data(ENDIAN, file).map_err(|()| damaged())?;
    let address = page_floor(start);
    let end = start.checked_add(program.p_memsz(ENDIAN)).and_then(|end| end.checked_next_multiple_of(PAGE));
    let memory_bytes = end.ok_or_else(damaged)? - address;
    if memory_bytes > LIMIT {
        return Err(Defect::TooLarge);
    }
    let lead = start - address;
    if lead + data.len() as u64 > memory_bytes {
        return Err(damaged());
    }
    let mut contents = vec![0; lead as usize];
    contents.extend_from_slice(data);
    Ok(Segment { address, memory_bytes, contents, rights: rights(program, start)? })
}

fn rights(program: &Program, address: u64) -> Result<u64, Defect> {
    let flags = program.p_flags(ENDIAN).0;
    match (flags & elf::PF_W.0 != 0, flags & elf::PF_X.0 != 0) {
        (true, true) => Err(Defect::WritableCode { address }),
        (true, false) => Ok(READ | WRITE),
        (false, true) => Ok(READ | EXECUTE),
        (false, false) => Ok(READ),
    }
}

/// Where the table of relocations lies, and its bytes.
struct Table {
    address: u64,
    bytes: u64,
}

/// The table of relocations, if there is one. Everything else that a dynamic linker would have to do is a defect.
fn dynamic(file: &[u8], programs: &[Program], defects: &mut Vec<Defect>) -> Option<Table> {
    let mut table = Table { address: 0, bytes: 0 };
    for program in programs {
        let entries = match program.dynamic(ENDIAN, file) {
            Ok(entries) => entries.unwrap_or_default(),
            Err(error) => {
                defects.push(malformed(error));
                continue;
            }
        };
        for entry in entries {
            let value = entry.d_val.get(ENDIAN);
            match entry.d_tag.get(ENDIAN) {
                elf::DT_NULL => break,
                elf::DT_RELA => table.address = value,
                elf::DT_RELASZ => table.bytes = value,
                elf::DT_NEEDED => defects.push(Defect::Dynamic),
                elf::DT_RELSZ | elf::DT_PLTRELSZ | elf::DT_RELRSZ if value > 0 => defects.push(Defect::Dynamic),
                _ => {}
            }
        }
    }
    (table.bytes > 0).then_some(table)
}

/// Bytes of a relocation: its address, its type and symbol, its addend.
const RELOCATION_BYTES: usize = 24;

fn relocate(memory: &mut Memory, table: Table, defects: &mut Vec<Defect>) -> Vec<u64> {
    let Some(bytes) = memory.bytes(table.address, table.bytes).map(<[u8]>::to_vec) else {
        defects.push(Defect::Malformed("the table of relocations lies outside the file".into()));
        return Vec::new();
    };
    let mut done = Vec::new();
    for entry in bytes.chunks_exact(RELOCATION_BYTES) {
        let word = |at: usize| word_at(entry, at).unwrap_or(0);
        let (address, kind, addend) = (word(0), RelocationType(word(8) as u32), word(16));
        match kind {
            elf::R_X86_64_NONE => {}
            elf::R_X86_64_RELATIVE if memory.update(address, |_| addend).is_some() => done.push(address),
            elf::R_X86_64_RELATIVE => defects.push(Defect::RelocationOutside { address }),
            RelocationType(kind) => defects.push(Defect::Relocation { kind, address }),
        }
    }
    done
}

/// The little-endian word at `offset`.
pub(crate) fn word_at(bytes: &[u8], offset: usize) -> Option<u64> {
    let word = bytes.get(offset..offset.checked_add(8)?)?;
    Some(u64::from_le_bytes(word.try_into().ok()?))
}
