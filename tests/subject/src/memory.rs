//! Kernel memory made of vectors.

use abi::boot::UNTYPED;
use abi::layout::{PAGE, THREADS};
use logic::component::index_of;
use logic::cross_core::Shared;
use logic::frame::{DIRECT_MAP, Frame, State};
use logic::interrupt::{LINES, LineState};
use logic::quiescence::Epochs;
use logic::store::{Descriptor, Level, Store, Words};
use logic::thread::entry;
use play::world::{DEVICE, FIRST_FRAME};
use std::cell::OnceCell;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// Frames that the first component has names of: those from `FIRST` on.
pub const UNTYPED_FRAMES: u64 = 512 * 32;
/// The first of them.
pub const FIRST: u64 = (FIRST_FRAME - UNTYPED) / PAGE;
/// As many as a machine of 1 GiB has, nearly.
pub const DESCRIPTORS: usize = 16_000;

/// Frames in front of all, for the objects with which a system starts.
const LOW: u64 = 64;

/// A machine with one core. Frame 0 is the shared empty leaf, frame 1 the kernel's page table. Between the first few and
/// `FIRST` there is nothing.
pub struct Memory {
    frames: Vec<OnceCell<Box<Words>>>,
    retype: Vec<AtomicU64>,
    descriptors: Vec<Descriptor>,
    threads: Vec<AtomicU64>,
    lines: Vec<LineState>,
    epochs: Epochs,
    shared: Shared,
}

impl Memory {
    /// Untyped memory.
    pub fn new() -> Self {
        let zero = || AtomicU64::new(0);
        let count = (LOW + UNTYPED_FRAMES) as usize;
        let untyped = |at| AtomicU64::new(if at < 2 { 0 } else { State::UNTYPED.bits() });
        let descriptor = || Descriptor { epoch: zero(), page_table: zero(), table: zero(), component: zero() };
        Self {
            frames: (0..count).map(|_| OnceCell::new()).collect(),
            retype: (0..count).map(untyped).collect(),
            descriptors: (0..DESCRIPTORS).map(|_| descriptor()).collect(),
            threads: (0..THREADS).map(|_| zero()).collect(),
            lines: (0..LINES).map(|_| LineState::new()).collect(),
            epochs: Epochs::new(),
            shared: Shared::first(),
        }
    }

    /// Every frame and its word in the retype table.
    pub fn retype_table(&self) -> impl Iterator<Item = (Frame, u64)> {
        let frames = (0..LOW).chain(FIRST..).map(Frame::numbered);
        frames.zip(self.retype.iter().map(|word| word.load(Relaxed)))
    }
}

/// Where what belongs to a frame lies in the vectors; behind them, if there is no such frame.
fn index(frame: Frame) -> usize {
    match frame.number() {
        low if low < LOW => low as usize,
        FIRST.. => (frame.number() - FIRST + LOW) as usize,
        _ => usize::MAX,
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for Memory {
    fn words(&self, frame: Frame) -> &Words {
        self.frames[index(frame)].get_or_init(|| Box::new([const { AtomicU64::new(0) }; 512]))
    }
    fn level(&self, address: u64) -> &Level {
        let (levels, _) = self.words(Frame::containing(address - DIRECT_MAP)).as_chunks();
        &levels[entry::index(address) / entry::WORDS]
    }
    fn retype_entry(&self, frame: Frame) -> Option<&AtomicU64> {
        self.retype.get(index(frame))
    }
    fn descriptor(&self, index: u32) -> Option<&Descriptor> {
        self.descriptors.get(index as usize)
    }
    fn descriptor_at(&self, offset: u64) -> &Descriptor {
        &self.descriptors[index_of(offset) as usize]
    }
    fn thread_entry(&self, index: u32) -> Option<&AtomicU64> {
        self.threads.get(index as usize)
    }
    fn empty_leaf(&self) -> Frame {
        Frame::numbered(0)
    }
    fn kernel_page_table(&self) -> Frame {
        Frame::numbered(1)
    }
    fn epochs(&self) -> &Epochs {
        &self.epochs
    }
    fn shared(&self, core: u32) -> Option<&Shared> {
        (core == 0).then_some(&self.shared)
    }
    fn interrupt_line(&self, line: u32) -> Option<&LineState> {
        self.lines.get(line as usize)
    }
    fn is_device_memory(&self, first: u64, pages: u64) -> bool {
        (first, pages) == (DEVICE / PAGE, 1)
    }
    fn invalidate(&self, _: Frame, _: u64) {}
    fn clear(&self, frame: Frame) {
        self.words(frame).iter().for_each(|word| word.store(0, Relaxed));
    }
}
