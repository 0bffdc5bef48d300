use std::path::{Path, PathBuf};

use abi::inspection::{Places, VERSION};
use proptest::prelude::*;
use syscall_page::Status;

use super::dump::{Dump, DumpError, Processor};
use super::memory::Memory;
use super::rings::{Calls, calls};
use super::subject::is_in;
use made::{CODE, LOAD, Registers, elf_file};

#[path = "../../tests/shared/core_file.rs"]
mod made;

fn core_file(processor: &Processor, memory: &[u8]) -> Vec<u8> {
    let &Processor { instruction, stack, code_segment, gs_base, other_gs_base, page_table } = processor;
    made::core_file(&Registers { instruction, stack, code_segment, gs_base, other_gs_base, page_table }, memory)
}

const PROCESSOR: Processor = Processor {
    instruction: 0x40_0000,
    stack: 0x41_fff0,
    code_segment: 0x33,
    gs_base: 0,
    other_gs_base: 0xffff_8000_0000_2000,
    page_table: 0x1000,
};

const PLACES: Places =
    Places { version: VERSION, state: 0, own_address: 0x20, store: 0x28, threads: 0x30, descriptors: 0x7000_0000 };

fn opened(bytes: &[u8]) -> Result<Dump, DumpError> {
    let place = temp_dir::TempDir::new().unwrap();
    let path: PathBuf = place.path().join("dump");
    std::fs::write(&path, bytes).unwrap();
    Dump::open(&path)
}

#[test]
fn a_dump_is_its_memory_and_its_processors() {
    let memory: Vec<u8> = (0..0x3000).map(|at| (at / 256) as u8).collect();
    let dump = opened(&core_file(&PROCESSOR, &memory)).unwrap();
    assert_eq!(dump.processors, [PROCESSOR]);
    assert!(dump.processors[0].is_at_user_level());
    let mut bytes = [0; 4];
    assert!(dump.read(0x20fe, &mut bytes));
    assert_eq!(bytes, [0x20, 0x20, 0x21, 0x21]);
    assert!(!dump.read(0x2ffe, &mut bytes), "not all of it is there");
    assert!(!dump.read(u64::MAX - 1, &mut bytes));
}

#[test]
fn what_is_no_dump_is_said_to_be_none() {
    assert!(matches!(Dump::open(Path::new("/nowhere/dump")), Err(DumpError::Unreadable(_))));
    let whole = core_file(&PROCESSOR, &[0; 64]);
    let mut executable = whole.clone();
    executable[16] = 2;
    let mut silent = whole.clone();
    silent[64 + 2 * 56 + 12..][..4].copy_from_slice(b"CORE");
    for (bytes, why) in [
        (&b"no ELF file"[..], "it is no memory dump of a machine: "),
        (&executable, "another kind of ELF file"),
        (&silent, "nothing of processors"),
    ] {
        let error = opened(bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_dump_of_another_kernel_is_told_from_one_of_this() {
    let fits = |code: &[u8], memory: &[u8]| {
        let kernel = elf_file(2, &[(LOAD, CODE, 0x800, code), (LOAD, 6, 0, b"data may be other data")]);
        is_in(&kernel, &opened(&core_file(&PROCESSOR, memory)).unwrap())
    };
    let mut memory = [0; 0x1000];
    memory[0x800..0x804].copy_from_slice(b"code");
    assert!(fits(b"code", &memory));
    assert!(!fits(b"core", &memory));
    assert!(!fits(b"code", &memory[..0x802]), "it is not there");
}

/// Four tables that lead from address 0 to the frame at 0x5000, which has a word.
fn mapped() -> Vec<u8> {
    let mut memory = vec![0; 0x6000];
    for table in 1..=4_u64 {
        let entry = ((table + 1) * 0x1000) | 1;
        memory[table as usize * 0x1000..][..8].copy_from_slice(&entry.to_le_bytes());
    }
    memory[0x5008..0x5010].copy_from_slice(&7_u64.to_le_bytes());
    memory
}

#[test]
fn addresses_are_followed_through_four_tables() {
    let memory = Memory::new(opened(&core_file(&PROCESSOR, &mapped())).unwrap(), &PLACES);
    assert_eq!(memory.translate(0x1000, 0x123), Some(0x5123));
    assert_eq!(memory.kernel_word(8), Some(7));
    assert_eq!(memory.translate(0x1000, 0x1000), None, "nothing is mapped there");
    assert_eq!(memory.word(0xffff_f000, 8), None, "the table is not in the dump");
}

#[test]
fn calls_of_a_page_are_counted_by_what_their_status_says() {
    let mut memory = mapped();
    for (entry, status) in [(0, Status::submitted(3)), (1, Status::submitted(4)), (2, Status::done(0)), (3, Status(9))]
    {
        memory[0x5000 + 64 * entry..][..8].copy_from_slice(&status.0.to_le_bytes());
    }
    // What the page that is mapped has otherwise.
    memory[0x5008..0x5010].fill(0);
    let memory = Memory::new(opened(&core_file(&PROCESSOR, &memory)).unwrap(), &PLACES);
    let calls = calls(&memory, 0x1000, 0);
    assert_eq!(calls, Calls { free: 60, submitted: 2, done: 1, damaged: 1, ..Calls::default() });
}

#[test]
fn a_table_without_an_end_is_counted_to_the_end_of_memory() {
    let mut bytes = vec![0; 0x3000];
    (0x1000..0x2000).step_by(8).for_each(|at| bytes[at..at + 8].copy_from_slice(&0x1001_u64.to_le_bytes()));
    let memory = Memory::new(opened(&core_file(&PROCESSOR, &bytes)).unwrap(), &PLACES);
    assert!(super::spaces::pages(&memory, 0x1000).tables <= 4);
}

proptest! {
    /// Whatever a file says, there is an answer.
    #[test]
    fn changed_bytes_of_a_dump(changes in prop::collection::vec((0_usize..0x6400, any::<u8>()), 1..40)) {
        let mut bytes = core_file(&PROCESSOR, &mapped());
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if let Ok(dump) = opened(&bytes) {
            let first = dump.processors[0];
            let memory = Memory::new(dump, &PLACES);
            let _ = super::spaces::pages(&memory, first.page_table);
            if let Some(own) = super::core::own(&memory, &PLACES, &first) {
                let _ = super::core::threads(&memory, &PLACES, &own);
            }
        }
    }
}
