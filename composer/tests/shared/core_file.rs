//! Memory dumps made by hand, as the emulator writes them: for tests of what looks into them, and for the campaign.

/// A segment that is memory.
pub const LOAD: u32 = 1;
const NOTE: u32 = 4;
/// A segment's flags: it is read and executed.
#[allow(dead_code, reason = "not everybody has code")]
pub const CODE: u32 = 5;

/// What the emulator says of a processor.
#[derive(Clone, Copy)]
pub struct Registers {
    /// Address of the next instruction.
    pub instruction: u64,
    /// The stack pointer.
    pub stack: u64,
    /// The code segment.
    pub code_segment: u32,
    /// Where GS starts.
    pub gs_base: u64,
    /// Where it starts on the other side of the boundary.
    pub other_gs_base: u64,
    /// CR3.
    pub page_table: u64,
}

/// A segment: its type, flags and physical address, and its bytes.
pub type Segment<'s> = (u32, u32, u64, &'s [u8]);

/// An ELF file of this type with these segments.
pub fn elf_file(kind: u8, segments: &[Segment<'_>]) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    // For x86-64; the table of segments right behind the header.
    file.extend([kind, 0, 62, 0, 1, 0, 0, 0]);
    [0, 64, 0].iter().for_each(|word: &u64| file.extend(word.to_le_bytes()));
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, segments.len() as u8, 0, 0, 0, 0, 0, 0, 0]);
    let mut offset = 64 + 56 * segments.len() as u64;
    for (kind, flags, physical, bytes) in segments {
        let length = bytes.len() as u64;
        [kind, flags].iter().for_each(|half| file.extend(half.to_le_bytes()));
        [offset, 0, *physical, length, length, 0].iter().for_each(|word| file.extend(word.to_le_bytes()));
        offset += length;
    }
    segments.iter().for_each(|(.., bytes)| file.extend_from_slice(bytes));
    file
}

/// A core file of one processor, with this memory from physical address 0 on.
pub fn core_file(processor: &Registers, memory: &[u8]) -> Vec<u8> {
    let head = [&[5, 0, 0, 0][..], &440_u32.to_le_bytes(), &[0; 4], b"QEMU\0\0\0\0"].concat();
    let note = [&head[..], &state(processor)].concat();
    elf_file(4, &[(NOTE, 0, 0, &note), (LOAD, 0, 0, memory)])
}

/// The emulator's note on a processor.
fn state(processor: &Registers) -> [u8; 440] {
    let mut note = [0; 440];
    let mut put = |at: usize, word: u64| note[at..at + 8].copy_from_slice(&word.to_le_bytes());
    put(0, 1 | 440 << 32);
    put(56, processor.stack);
    put(136, processor.instruction);
    put(152, processor.code_segment.into());
    put(264, processor.gs_base);
    put(416, processor.page_table);
    put(432, processor.other_gs_base);
    note
}
