//! Images made by hand, so that the passes are tested without a linker.
//!
//! One segment of code at 0, one of data behind it: words to fill in, records, text, relocations, the dynamic section.

use abi::layout::PAGE;
use abi::record::{MAGIC, RECORD_BYTES, RecordKind, SECTION, VERSION};

const HEADER: usize = 64;
const PROGRAM: usize = 56;
const CODE: u64 = 0;
const DATA: u64 = PAGE;

/// Offset in the file at which the data segment lies.
pub const DATA_OFFSET: usize = 2 * PAGE as usize;

/// An image in the making.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The ELF header's type; 3 is position-independent.
    pub kind: u16,
    /// The entry point.
    pub entry: u64,
    /// Flags of the data segment; 6 is read and write.
    pub data_flags: u32,
    /// Bytes of memory of the data segment, behind what is in the file.
    pub more_memory: u64,
    /// Type of every relocation; 8 is relative to the base.
    pub relocation: u32,
    /// More entries of the dynamic section.
    pub dynamic: Vec<(u64, u64)>,
    /// More program headers: type and bytes of memory.
    pub programs: Vec<(u32, u64)>,
    /// Version of the records.
    pub version: u16,
    /// The records: kind, name, schema, first and second address.
    pub records: Vec<(u16, String, String, u64, u64)>,
}

/// Address of the word, or the pair of words, of the record number `at`.
pub fn word(at: u64) -> u64 {
    DATA + 16 * at
}

/// An entry in the code.
pub const TRUSTED: u64 = CODE + 0x100;
/// Another one.
pub const CLEARING: u64 = CODE + 0x200;

impl Fixture {
    /// An image without records.
    pub fn bare() -> Self {
        Self {
            kind: 3,
            entry: CODE + 0x10,
            data_flags: 6,
            more_memory: 0,
            relocation: 8,
            dynamic: Vec::new(),
            programs: Vec::new(),
            version: VERSION,
            records: Vec::new(),
        }
    }

    /// An image with the one record that every image has: that of its stacks.
    pub fn empty() -> Self {
        Self::bare().record(RecordKind::Stacks as u16, "", "")
    }

    /// The same with one more record.
    pub fn record(mut self, kind: u16, name: &str, schema: &str) -> Self {
        let export = kind == RecordKind::Export as u16;
        let own = word(self.records.len() as u64);
        let (first, second) = if export { (TRUSTED, CLEARING) } else { (own, 0) };
        self.records.push((kind, name.into(), schema.into(), first, second));
        self
    }

    /// The same with the last record's addresses changed.
    pub fn at(mut self, first: u64, second: u64) -> Self {
        let record = self.records.last_mut().unwrap();
        (record.3, record.4) = (first, second);
        self
    }

    /// The same with an import.
    pub fn import(self, name: &str, schema: &str) -> Self {
        self.record(RecordKind::Import as u16, name, schema)
    }

    /// The same with an export.
    pub fn export(self, name: &str, schema: &str) -> Self {
        self.record(RecordKind::Export as u16, name, schema)
    }

    /// The same with a parameter, a `u64`.
    pub fn parameter(self, name: &str) -> Self {
        self.record(RecordKind::Parameter as u16, name, "u64")
    }

    /// The same with a device.
    pub fn ports(self, name: &str) -> Self {
        self.record(RecordKind::Ports as u16, name, "")
    }

    /// The same with an interrupt line.
    pub fn interrupt(self, name: &str) -> Self {
        self.record(RecordKind::Interrupt as u16, name, "")
    }

    /// The same with registers in memory.
    pub fn registers(self, name: &str) -> Self {
        self.record(RecordKind::Registers as u16, name, "")
    }

    /// The file.
    pub fn build(&self) -> Vec<u8> {
        let data = Data::new(self);
        let mut programs: Vec<Vec<u8>> = vec![
            program(1, 5, PAGE as usize, CODE, PAGE as usize, PAGE),
            program(
                1,
                self.data_flags,
                DATA_OFFSET,
                DATA,
                data.bytes.len(),
                data.bytes.len() as u64 + self.more_memory,
            ),
            program(
                2,
                6,
                DATA_OFFSET + data.dynamic.0,
                DATA + data.dynamic.0 as u64,
                data.dynamic.1,
                data.dynamic.1 as u64,
            ),
        ];
        programs.extend(self.programs.iter().map(|(kind, memory)| program(*kind, 4, 0, 0, 0, *memory)));
        let sections_at = (DATA_OFFSET + data.bytes.len()).next_multiple_of(8);
        let mut file = header(self, programs.len() as u16, sections_at as u64);
        file.extend(programs.concat());
        file.resize(DATA_OFFSET, 0xcc);
        file.extend(&data.bytes);
        file.resize(sections_at, 0);
        file.extend(sections(&data, sections_at));
        file
    }
}

/// The data segment, and where its parts lie in it.
struct Data {
    bytes: Vec<u8>,
    records: (usize, usize),
    dynamic: (usize, usize),
}

impl Data {
    fn new(fixture: &Fixture) -> Self {
        let records_at = 16 * fixture.records.len();
        let mut text_at = records_at + RECORD_BYTES * fixture.records.len();
        let (mut records, mut text, mut relocations) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (kind, name, schema, first, second)) in fixture.records.iter().enumerate() {
            let head = u64::from(MAGIC) | u64::from(fixture.version) << 32 | u64::from(*kind) << 48;
            let (name_at, schema_at) = (DATA + text_at as u64, DATA + (text_at + name.len()) as u64);
            // The addresses are in the relocations; the words themselves hold nothing yet.
            records.extend(words(&[head, 0, name.len() as u64, 0, schema.len() as u64, 0, 0, 0]));
            let place = DATA + (records_at + RECORD_BYTES * at) as u64;
            for (offset, address) in [(8, name_at), (24, schema_at), (40, *first), (48, *second)] {
                relocations.extend(words(&[place + offset, u64::from(fixture.relocation), address]));
            }
            text.extend(name.bytes().chain(schema.bytes()));
            text_at += name.len() + schema.len();
        }
        let mut bytes = vec![0; records_at];
        bytes.extend(&records);
        bytes.extend(text);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        let relocations_at = bytes.len();
        bytes.extend(&relocations);
        let dynamic_at = bytes.len();
        let mut dynamic = vec![(7, DATA + relocations_at as u64), (8, relocations.len() as u64)];
        dynamic.extend(&fixture.dynamic);
        dynamic.push((0, 0));
        bytes.extend(dynamic.iter().flat_map(|(tag, value)| words(&[*tag, *value])));
        Self { bytes, records: (records_at, records.len()), dynamic: (dynamic_at, 16 * dynamic.len()) }
    }
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn header(fixture: &Fixture, programs: u16, sections: u64) -> Vec<u8> {
    let mut header = vec![0x7f, b'E', b'L', b'F', 2, 1, 1];
    header.resize(16, 0);
    header.extend(fixture.kind.to_le_bytes());
    header.extend(62u16.to_le_bytes());
    header.extend(1u32.to_le_bytes());
    header.extend(words(&[fixture.entry, HEADER as u64, sections]));
    header.extend(0u32.to_le_bytes());
    for field in [HEADER as u16, PROGRAM as u16, programs, 64, 3, 2] {
        header.extend(field.to_le_bytes());
    }
    header
}

fn program(kind: u32, flags: u32, offset: usize, address: u64, bytes: usize, memory: u64) -> Vec<u8> {
    let mut program = kind.to_le_bytes().to_vec();
    program.extend(flags.to_le_bytes());
    program.extend(words(&[offset as u64, address, address, bytes as u64, memory, PAGE]));
    program
}

/// The section table — none, the records, the names — and behind it the names.
fn sections(data: &Data, at: usize) -> Vec<u8> {
    let names = format!("\0{SECTION}\0.shstrtab\0");
    let section = |name: u32, kind: u32, address: u64, offset: usize, size: usize| {
        let mut section = name.to_le_bytes().to_vec();
        section.extend(kind.to_le_bytes());
        section.extend(words(&[0, address, offset as u64, size as u64, 0, 8, 0]));
        section
    };
    let (records_at, records) = data.records;
    let mut sections = section(0, 0, 0, 0, 0);
    sections.extend(section(1, 1, DATA + records_at as u64, DATA_OFFSET + records_at, records));
    sections.extend(section(2 + SECTION.len() as u32, 3, 0, at + 3 * 64, names.len()));
    sections.extend(names.bytes());
    sections
}
