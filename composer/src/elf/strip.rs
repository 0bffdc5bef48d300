//! An executable without what only a debugger reads.

use object::LittleEndian;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader, ProgramHeader};

use super::defect::Defect;
use super::read::{header, malformed};

const ENDIAN: LittleEndian = LittleEndian;

/// The file without section table, symbols and debug information: what no program header names is cut off at the end.
///
/// # Errors
///
/// The file is no ELF file for this architecture.
pub fn strip(file: &[u8]) -> Result<Vec<u8>, Defect> {
    let header: &FileHeader64<LittleEndian> = header(file)?;
    let programs = header.program_headers(ENDIAN, file).map_err(malformed)?;
    let table = header.e_phoff(ENDIAN).saturating_add(std::mem::size_of_val(programs) as u64);
    let ends = programs.iter().map(|program| program.p_offset(ENDIAN).saturating_add(program.p_filesz(ENDIAN)));
    let end = usize::try_from(ends.fold(table, u64::max)).unwrap_or(usize::MAX);
    let kept = file.get(..end).ok_or_else(|| Defect::Malformed("a segment lies outside the file".into()))?;
    let mut stripped = kept.to_vec();
    // e_shoff; then e_shentsize, e_shnum and e_shstrndx: there is no section table any more.
    for field in [40..48, 58..64] {
        stripped.get_mut(field).ok_or_else(|| Defect::Malformed("its header is cut short".into()))?.fill(0);
    }
    Ok(stripped)
}
