//! The records in which an image says what it calls, serves and needs. See [`abi::record`].

use std::collections::HashSet;

use abi::crossing::METHODS;
use abi::page::SLOT_WORDS;
use abi::record::{IDENTITY_NAME, MAGIC, RECORD_BYTES, RecordKind, SECTION, VERSION};
use abi::setting::SettingType;
use object::LittleEndian;
use object::read::elf::{FileHeader, SectionHeader};

use super::defect::{Defect, RecordProblem};
use super::memory::Memory;
use super::read::{header, malformed, word_at};

const ENDIAN: LittleEndian = LittleEndian;

/// A record of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it describes.
    pub kind: RecordKind,
    /// The name of what it describes.
    pub name: String,
    /// The interface's methods; of a word that the graph sets, its type.
    pub schema: String,
    /// First address, by kind.
    pub first: u64,
    /// Second address, by kind.
    pub second: u64,
}

impl Record {
    /// The names of the interface's methods, in the order of their numbers.
    pub fn methods(&self) -> impl Iterator<Item = &str> + Clone {
        self.schema.lines().map(|line| line.split('(').next().unwrap_or(line))
    }

    /// Of a parameter or a constant: what values it can have.
    pub fn setting_type(&self) -> Option<SettingType> {
        SettingType::from_name(&self.schema)
    }

    /// Of an import: the interface, and the import's own name if it has one.
    pub fn import(&self) -> (&str, Option<&str>) {
        match self.name.split_once('/') {
            Some((interface, import)) => (interface, Some(import)),
            None => (&self.name, None),
        }
    }
}

/// Reads all records of `file`, of which `memory` is the memory.
///
/// # Errors
///
/// All that is wrong with them.
pub fn read_all(file: &[u8], memory: &Memory) -> Result<Vec<Record>, Vec<Defect>> {
    let section = section(file, memory).map_err(|defect| vec![defect])?;
    let mut records: Vec<Record> = Vec::new();
    let (mut seen, mut defects) = (HashSet::new(), Vec::new());
    for (at, bytes) in section.chunks(RECORD_BYTES).enumerate() {
        match read(bytes, memory) {
            Ok(record) if seen.insert((record.kind as u16, record.name.clone())) => records.push(record),
            Ok(_) => defects.push(Defect::Record { at, problem: RecordProblem::Duplicate }),
            // Whoever built it for another composer did so with all of its records.
            Err(problem @ RecordProblem::OtherVersion(_)) => return Err(vec![Defect::Record { at, problem }]),
            Err(problem) => defects.push(Defect::Record { at, problem }),
        }
    }
    let has_stacks = records.iter().any(|record| record.kind == RecordKind::Stacks);
    if !has_stacks && defects.is_empty() {
        defects.push(Defect::Record { at: records.len(), problem: RecordProblem::NoStacks });
    }
    if defects.is_empty() { Ok(records) } else { Err(defects) }
}

fn section<'a>(file: &[u8], memory: &'a Memory) -> Result<&'a [u8], Defect> {
    let sections = header(file)?.sections(ENDIAN, file).map_err(malformed)?;
    let (_, section) = sections.section_by_name(ENDIAN, SECTION.as_bytes()).ok_or(Defect::NoRecords)?;
    let (address, size) = (section.sh_addr(ENDIAN), section.sh_size(ENDIAN));
    memory.bytes(address, size).ok_or_else(|| Defect::Malformed(format!("{SECTION} lies outside the memory")))
}

fn read(bytes: &[u8], memory: &Memory) -> Result<Record, RecordProblem> {
    let word = |at: usize| word_at(bytes, 8 * at).ok_or(RecordProblem::Truncated);
    let [head, name, name_bytes, schema, schema_bytes, first, second, _] =
        [word(0)?, word(1)?, word(2)?, word(3)?, word(4)?, word(5)?, word(6)?, word(7)?];
    if head as u32 != MAGIC {
        return Err(RecordProblem::NotARecord);
    }
    let version = (head >> 32) as u16;
    if version != VERSION {
        return Err(RecordProblem::OtherVersion(version));
    }
    let kind = (head >> 48) as u16;
    let kind = RecordKind::from_number(kind).ok_or(RecordProblem::UnknownKind(kind))?;
    let (name, schema) = (text(memory, name, name_bytes)?, text(memory, schema, schema_bytes)?);
    check(Record { kind, name, schema, first, second }, memory)
}

fn text(memory: &Memory, address: u64, length: u64) -> Result<String, RecordProblem> {
    if length == 0 {
        return Ok(String::new());
    }
    let bytes = memory.bytes(address, length).ok_or(RecordProblem::BadText)?;
    let text = std::str::from_utf8(bytes).map_err(|_| RecordProblem::BadText)?;
    let printable = text.chars().all(|character| character == '\n' || !character.is_control());
    printable.then(|| text.to_owned()).ok_or(RecordProblem::BadText)
}

fn check(record: Record, memory: &Memory) -> Result<Record, RecordProblem> {
    let is_nameless = matches!(
        record.kind,
        RecordKind::Stacks
            | RecordKind::Plan
            | RecordKind::Management
            | RecordKind::Files
            | RecordKind::ParallelInitialise
    );
    if record.name.is_empty() != is_nameless || record.name.contains('\n') {
        return Err(RecordProblem::BadText);
    }
    match record.kind {
        RecordKind::ParallelInitialise => {}
        RecordKind::Import => check_word(memory, record.first, 8)?,
        RecordKind::Interrupt => check_word(memory, record.first, 24)?,
        RecordKind::Registers | RecordKind::Files => check_word(memory, record.first, 16)?,
        RecordKind::Text => check_text(memory, record.first)?,
        RecordKind::Identity => {
            check_word(memory, record.first, 8 * IDENTITY_NAME as u64)?;
            check_text(memory, record.second)?;
        }
        RecordKind::PageImport => check_word(memory, record.first, 8 * SLOT_WORDS as u64)?,
        RecordKind::Parameter | RecordKind::Constant => {
            check_word(memory, record.first, 8)?;
            return record.setting_type().map(|_| record).ok_or(RecordProblem::BadType);
        }
        RecordKind::Ports | RecordKind::Stacks | RecordKind::Plan | RecordKind::Pages | RecordKind::Management => {
            check_word(memory, record.first, 8)?
        }
        RecordKind::Export | RecordKind::Batch => {
            [record.first, record.second].into_iter().try_for_each(|entry| check_entry(memory, entry))?
        }
    }
    if !record.schema.is_empty() {
        check_schema(&record.schema)?;
    }
    Ok(record)
}

fn check_word(memory: &Memory, address: u64, bytes: u64) -> Result<(), RecordProblem> {
    let sound = address.is_multiple_of(8) && memory.contains(address, bytes);
    sound.then_some(()).ok_or(RecordProblem::BadWord(address))
}

/// The words of a text, and the bytes that it may have.
fn check_text(memory: &Memory, address: u64) -> Result<(), RecordProblem> {
    check_word(memory, address, 16)?;
    let room = memory.bytes(address, 8).and_then(|word| word_at(word, 0));
    let bytes = room.and_then(|room| room.checked_add(16)).ok_or(RecordProblem::BadWord(address))?;
    check_word(memory, address, bytes)
}

fn check_entry(memory: &Memory, address: u64) -> Result<(), RecordProblem> {
    memory.is_executable(address).then_some(()).ok_or(RecordProblem::BadEntry(address))
}

fn check_schema(schema: &str) -> Result<(), RecordProblem> {
    let method = |line: &str| line.split_once('(').is_some_and(|(name, rest)| !name.is_empty() && rest.contains(')'));
    if !schema.is_empty() && (!schema.ends_with('\n') || !schema.lines().all(method)) {
        return Err(RecordProblem::BadSchema);
    }
    if schema.lines().count() > usize::from(METHODS) {
        return Err(RecordProblem::TooManyMethods);
    }
    Ok(())
}
