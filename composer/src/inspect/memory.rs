//! The memory of a machine that was dumped, as the kernel's logic sees it.
//!
//! Kernel objects are words at numbered places, and the crate `logic` knows which. So nothing here says again how a thread or a
//! slot is laid out: this is one more [`Store`], of which only is read. A reference that leads nowhere, in a damaged dump,
//! reads zeros.

use std::cell::OnceCell;
use std::sync::atomic::AtomicU64;

use abi::inspection::Places;
use logic::cross_core::Shared;
use logic::frame::{DIRECT_MAP, Frame};
use logic::interrupt::LineState;
use logic::page_table::{PRESENT, span};
use logic::quiescence::Epochs;
use logic::store::{Descriptor, Level, Store, WORDS, Words};

use super::dump::Dump;

/// Bytes of a frame.
pub const FRAME: u64 = 4096;

/// In an entry of a page table: it is no reference to a further one.
const LARGE: u64 = 1 << 7;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// Descriptors that a kernel has at most.
const DESCRIPTORS: u64 = 1 << 16;

/// Frames whose places are made at once.
const PART: usize = 512;

type Part = Box<[OnceCell<Option<Box<Words>>>]>;

/// All memory, read where somebody looks.
pub struct Memory {
    dump: Dump,
    /// Frames by where they are in the file: none is read twice, and there are no more than the file has room for.
    parts: Vec<OnceCell<Part>>,
    descriptors: Vec<Descriptor>,
    epochs: Epochs,
    zeros: Words,
    no_level: Level,
    no_descriptor: Descriptor,
    root: u64,
}

fn zeros<const N: usize>() -> [AtomicU64; N] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

fn dead() -> Descriptor {
    let [epoch, page_table, table, component] = zeros();
    Descriptor { epoch, page_table, table, component }
}

impl Memory {
    /// The memory in `dump`, of a kernel with its descriptors where `places` says.
    pub fn new(dump: Dump, places: &Places) -> Self {
        let parts = dump.bytes.div_ceil(FRAME).div_ceil(PART as u64);
        let root = dump.page_table & ADDRESS;
        let mut memory = Self {
            parts: (0..parts).map(|_| OnceCell::new()).collect(),
            dump,
            descriptors: Vec::new(),
            epochs: Epochs::new(),
            zeros: zeros(),
            no_level: zeros(),
            no_descriptor: dead(),
            root,
        };
        memory.descriptors = memory.read_descriptors(places.descriptors);
        memory
    }

    /// The dump.
    pub fn dump(&self) -> &Dump {
        &self.dump
    }

    /// The word at the kernel's `address`.
    pub fn kernel_word(&self, address: u64) -> Option<u64> {
        self.word(self.root, address)
    }

    /// The word at `address` in the page table with the root at `root`, a physical address.
    pub fn word(&self, root: u64, address: u64) -> Option<u64> {
        let physical = self.translate(root, address)?;
        self.physical_word(physical)
    }

    /// Where `address` is in memory, in the page table with the root at `root`.
    pub fn translate(&self, root: u64, address: u64) -> Option<u64> {
        let mut table = root & ADDRESS;
        for level in (1..=4).rev() {
            let index = address / span(level) % WORDS as u64;
            let entry = self.physical_word(table.checked_add(8 * index)?)?;
            if entry & PRESENT == 0 {
                return None;
            }
            if level == 1 || entry & LARGE != 0 {
                let within = span(level) - 1;
                return Some(entry & ADDRESS & !within | address & within);
            }
            table = entry & ADDRESS;
        }
        None
    }

    fn physical_word(&self, physical: u64) -> Option<u64> {
        let words = self.frame(physical / FRAME)?;
        words.get((physical % FRAME / 8) as usize).map(|word| self.own(word))
    }

    /// The words of the frame with this number, if it is in the dump.
    fn frame(&self, number: u64) -> Option<&Words> {
        let physical = number.checked_mul(FRAME)?;
        let place = usize::try_from(self.dump.offset(physical, FRAME)? / FRAME).ok()?;
        let part = self.parts.get(place / PART)?;
        let part = part.get_or_init(|| (0..PART).map(|_| OnceCell::new()).collect());
        part.get(place % PART)?.get_or_init(|| self.read_frame(physical)).as_deref()
    }

    fn read_frame(&self, physical: u64) -> Option<Box<Words>> {
        let mut bytes = [0; FRAME as usize];
        if !self.dump.read(physical, &mut bytes) {
            return None;
        }
        let words = Box::new(zeros::<WORDS>());
        for (word, bytes) in words.iter().zip(bytes.as_chunks::<8>().0) {
            word.store(u64::from_le_bytes(*bytes), std::sync::atomic::Ordering::Relaxed);
        }
        Some(words)
    }

    /// The hot descriptors, as far as there are any mapped.
    fn read_descriptors(&self, start: u64) -> Vec<Descriptor> {
        let addresses = (0..DESCRIPTORS).map_while(|number| start.checked_add(number * size_of::<Descriptor>() as u64));
        addresses.map_while(|address| self.read_descriptor(address)).collect()
    }

    fn read_descriptor(&self, address: u64) -> Option<Descriptor> {
        let word = |at: u64| Some(AtomicU64::new(self.kernel_word(address + 8 * at)?));
        Some(Descriptor { epoch: word(0)?, page_table: word(1)?, table: word(2)?, component: word(3)? })
    }

    /// All hot descriptors, of the living and of the dead.
    pub fn descriptors(&self) -> &[Descriptor] {
        &self.descriptors
    }
}

/// What is only asked by operations, which nobody carries out here, is answered with nothing.
impl Store for Memory {
    fn words(&self, frame: Frame) -> &Words {
        self.frame(frame.number()).unwrap_or(&self.zeros)
    }

    fn level(&self, address: u64) -> &Level {
        let words = self.words(Frame::at(address & !(FRAME - 1)));
        let level = words.get((address % FRAME / 8) as usize..).and_then(|rest| rest.first_chunk());
        level.unwrap_or(&self.no_level)
    }

    fn retype_entry(&self, _: Frame) -> Option<&AtomicU64> {
        None
    }

    fn descriptor(&self, index: u32) -> Option<&Descriptor> {
        self.descriptors.get(index as usize)
    }

    fn descriptor_at(&self, offset: u64) -> &Descriptor {
        self.descriptor(logic::component::index_of(offset)).unwrap_or(&self.no_descriptor)
    }

    fn thread_entry(&self, _: u32) -> Option<&AtomicU64> {
        None
    }

    fn empty_leaf(&self) -> Frame {
        Frame::at(DIRECT_MAP)
    }

    fn kernel_page_table(&self) -> Frame {
        Frame::containing(self.root)
    }

    fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    fn shared(&self, _: u32) -> Option<&Shared> {
        None
    }

    fn interrupt_line(&self, _: u32) -> Option<&LineState> {
        None
    }

    fn is_device_memory(&self, _: u64, _: u64) -> bool {
        false
    }

    fn invalidate(&self, _: Frame, _: u64) {}

    /// A slot has the kernel's address of the word, which is in the direct map.
    fn life_at(&self, place: u64) -> u64 {
        self.kernel_word(place).unwrap_or(logic::frame::NO_LIFE)
    }

    fn clear(&self, _: Frame) {}
}
