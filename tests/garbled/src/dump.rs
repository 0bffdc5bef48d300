//! A memory dump: of a machine that is small enough to be changed, and looks to be everything that a kernel has.

use abi::inspection::{Places, SECTION, VERSION};
use composer::faults::{Program, Programs};
use composer::inspect::{Dump, Subject, look, text};
use composer::pass::report::Report;

use crate::core_file::{LOAD, Registers, core_file, elf_file};

/// Bytes of a page.
const PAGE: usize = 0x1000;
/// Frames of the machine: tables, and behind them whatever it has.
const FRAMES: usize = 16;
/// The frame of the core's own words, of its only thread, of the store, of the table of threads, of the descriptors.
const OWN: usize = 5;
const THREAD: usize = 6;
const STORE: usize = 7;
const THREADS: usize = 8;
const DESCRIPTORS: usize = 10;

/// Where memory lies for the kernel.
const DIRECT_MAP: u64 = 0xffff_8000_0000_0000;

const PLACES: Places = Places {
    version: VERSION,
    state: 0x40,
    own_address: 0x20,
    store: 0x28,
    threads: 0x30,
    descriptors: DIRECT_MAP + (DESCRIPTORS * PAGE) as u64,
};

fn at(frame: usize) -> u64 {
    DIRECT_MAP + (frame * PAGE) as u64
}

/// The dump that all others come from. Each address leads to a frame by its lowest digit in tables: whatever a word names, something is there.
pub fn seed() -> Vec<u8> {
    let mut memory = vec![0; FRAMES * PAGE];
    let mut put = |frame: usize, offset: usize, word: u64| {
        let place = frame * PAGE + offset;
        memory.iter_mut().skip(place).zip(word.to_le_bytes()).for_each(|(to, from)| *to = from);
    };
    for entry in 0..512 {
        (1..4).for_each(|table| put(table, 8 * entry, ((table as u64 + 1) << 12) | 1));
    }
    (0..FRAMES).for_each(|entry| put(4, 8 * entry, ((entry as u64) << 12) | 1));
    put(OWN, 0x20, at(OWN));
    put(OWN, 0x28, at(STORE));
    // Of the core's state: the top of the invocation stack, and the thread.
    put(OWN, 0x40, at(THREAD) + 0x100);
    put(OWN, 0x50, at(THREAD));
    put(STORE, 0x30, at(THREADS));
    put(THREADS, 0, at(THREAD));
    // A component that lives.
    [1, 0x1000, at(11), at(12)].iter().enumerate().for_each(|(word, value)| put(DESCRIPTORS, 8 * word, *value));
    let registers = Registers {
        instruction: 0x40_0000,
        stack: 0x41_fff0,
        code_segment: 0x33,
        gs_base: 0,
        other_gs_base: at(OWN),
        page_table: 0x1000,
    };
    core_file(&registers, &memory)
}

/// Whether a state is seen in it.
pub fn is_seen(bytes: &[u8]) -> bool {
    let file = std::env::temp_dir().join(format!("garbled-dump-{}", std::process::id()));
    let dump = std::fs::write(&file, bytes).ok().and_then(|()| Dump::open(&file).ok());
    // It is open, if it is one.
    _ = std::fs::remove_file(&file);
    let (kernel, report) = (kernel(), Report::default());
    let programs = Programs::new(Program::new(&kernel, 0), []);
    let subject = Subject { kernel: &kernel, programs: &programs, report: &report, schedulers: &[] };
    let state = dump.and_then(|dump| look(&subject, dump).ok());
    state.is_some_and(|state| !text::render(&state).is_empty())
}

/// A kernel without code, which is in any dump, and says where it has its things.
fn kernel() -> Vec<u8> {
    let Places { version, state, own_address, store, threads, descriptors } = PLACES;
    let words = [version, state, own_address, store, threads, descriptors].map(u64::to_le_bytes).concat();
    let names = [b"\0", SECTION.as_bytes(), b"\0"].concat();
    let mut file = elf_file(2, &[(LOAD, 6, 0, &words), (LOAD, 6, 0, &names)]);
    let (contents, tables) = ((64 + 2 * 56) as u64, file.len() as u64);
    // The section header's type, and where its contents are.
    let sections = [(0_u32, 0, 0), (1, contents, words.len()), (3, contents + words.len() as u64, names.len())];
    for (kind, offset, bytes) in sections {
        let name = u32::from(kind == 1).to_le_bytes();
        let mut header =
            [&name[..], &kind.to_le_bytes(), &[0; 16], &offset.to_le_bytes(), &(bytes as u64).to_le_bytes()].concat();
        header.resize(64, 0);
        file.extend(header);
    }
    let fields = [
        (40, &tables.to_le_bytes()[..]),
        (58, &64_u16.to_le_bytes()),
        (60, &3_u16.to_le_bytes()),
        (62, &2_u16.to_le_bytes()),
    ];
    for (place, bytes) in fields {
        file.iter_mut().skip(place).zip(bytes).for_each(|(to, from)| *to = *from);
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_others_come_from_shows_a_state() {
        assert!(is_seen(&seed()));
        assert!(!is_seen(b"no dump"));
    }
}
