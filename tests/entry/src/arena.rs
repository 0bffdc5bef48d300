//! Kernel memory at real addresses, below 2 GiB: the logic and the text of the kernel's entry use the same words.

use abi::kind::Kind;
use logic::budget::Account;
use logic::component::DESCRIPTOR_BYTES;
use logic::core_state::CoreState;
use logic::cross_core::Shared;
use logic::frame::{self, Frame, State};
use logic::interrupt::{LINES, LineState};
use logic::quiescence::Epochs;
use logic::store::{Descriptor, Level, Store, Words};
use nix::libc;
use std::mem::offset_of;
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Mutex, MutexGuard, PoisonError};

const PAGE: usize = 4096;

/// Where the hot descriptors are: reached with a displacement of 32 bits, as the kernel's are.
pub const DESCRIPTORS: u64 = 0x2000_0000;
/// The table of functions by kind, which the entry reaches the same way.
pub const OPERATIONS: u64 = DESCRIPTORS + PAGE as u64;
/// A core's own words.
pub const CORE: u64 = OPERATIONS + PAGE as u64;
/// The end of the core's stack.
pub const STACK_END: u64 = CORE + 2 * PAGE as u64;
const FRAMES: u64 = STACK_END;
const FRAME_COUNT: usize = 40;
/// Numbers that the core may have.
const CORES: u32 = 4;
const PAGES: usize = 4 + FRAME_COUNT;
const INDICES: usize = PAGE / DESCRIPTOR_BYTES as usize;

/// The arena is at one address: one test at a time has it.
static TURN: Mutex<()> = Mutex::new(());

/// A core's own words, where GS points while the kernel executes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Core {
    /// What the logic knows.
    pub state: CoreState,
    /// Where Rust has its stack.
    pub stack_end: u64,
    /// The root of the page table that is loaded.
    pub space: u64,
    /// Whether the current level is of a foreign component.
    pub foreign: bool,
}

/// Offset of the current level's entry.
pub const TOP: usize = offset_of!(Core, state) + offset_of!(CoreState, top);
/// Offset of the current thread's address.
pub const THREAD: usize = offset_of!(Core, state) + offset_of!(CoreState, thread);
/// Offset of when the core is to be taken from the current thread.
pub const TIMEOUT: usize = offset_of!(Core, state) + offset_of!(CoreState, timeout);
/// Offset of the core's number.
pub const NUMBER: usize = offset_of!(Core, state) + offset_of!(CoreState, number);
/// Offset of what the current thread runs on.
pub const RUNS_ON: usize = offset_of!(Core, state) + offset_of!(CoreState, account) + Account::RUNS_ON;
/// Offset of whether the current level is of a foreign component.
pub const FOREIGN: usize = offset_of!(Core, foreign);
/// Offset of the word that servers are told.
pub const IDENTITY: usize = offset_of!(Core, state) + offset_of!(CoreState, identity);
/// Offset of the registers of a level that resumes.
pub const REGISTERS: usize = offset_of!(Core, state) + offset_of!(CoreState, registers);
/// Offset of the end of the stack.
pub const STACK_END_WORD: usize = offset_of!(Core, stack_end);
/// Offset of the root of the page table that is loaded.
pub const SPACE: usize = offset_of!(Core, space);

/// All words that the text of the entry can reach, but those of the core's stack.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot(Vec<u64>);

impl Snapshot {
    /// The word at `address`.
    pub fn word(&mut self, address: u64) -> &mut u64 {
        &mut self.0[((address - DESCRIPTORS) / 8) as usize]
    }

    /// Addresses of the words that differ.
    pub fn differences(&self, other: &Self) -> Vec<u64> {
        if self == other {
            return Vec::new();
        }
        let differing = self.0.iter().zip(&other.0).enumerate().filter(|(_, (one, other))| one != other);
        differing.map(|(at, _)| DESCRIPTORS + 8 * at as u64).collect()
    }
}

/// A machine's memory, and one core.
pub struct Arena {
    retype: Vec<AtomicU64>,
    threads: Vec<AtomicU64>,
    lines: Vec<LineState>,
    epochs: Epochs,
    shared: Shared,
    next: AtomicUsize,
    _turn: MutexGuard<'static, ()>,
}

impl Arena {
    /// Untyped memory; frame 0 is the shared empty leaf, frame 1 the kernel's page table.
    pub fn new() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        map();
        let retype = (0..FRAME_COUNT).map(|at| AtomicU64::new(if at < 2 { 0 } else { State::UNTYPED.bits() }));
        Self {
            retype: retype.collect(),
            threads: (0..INDICES).map(|_| AtomicU64::new(0)).collect(),
            lines: (0..LINES).map(|_| LineState::new()).collect(),
            epochs: Epochs::new(),
            shared: Shared::first(),
            next: AtomicUsize::new(2),
            _turn: turn,
        }
    }

    /// A frame claimed for a kernel object.
    pub fn kernel(&self) -> Frame {
        let frame = self.untyped();
        frame::claim_kernel(self, frame).unwrap();
        frame
    }

    /// A frame that nobody has used.
    pub fn untyped(&self) -> Frame {
        let number = self.next.fetch_add(1, Relaxed);
        assert!(number < FRAME_COUNT, "the arena is too small");
        Frame::at(FRAMES + (number * PAGE) as u64)
    }

    /// The core's words.
    pub fn core(&self) -> Core {
        // SAFETY: mapped, aligned, and written by `set_core` before.
        unsafe { *(CORE as *const Core) }
    }

    /// Changes the core's words.
    pub fn set_core(&self, core: Core) {
        // SAFETY: mapped and aligned; nobody has a reference to it.
        unsafe { *(CORE as *mut Core) = core }
    }

    /// Fills the table of functions by kind: that of kind `n` is at `first + n * bytes`.
    pub fn set_operations(&self, first: u64, bytes: u64) {
        (0..256).for_each(|kind| word(OPERATIONS + 8 * kind).store(first + kind * bytes, Relaxed));
    }

    /// Says what the function for `kind` is.
    pub fn set_operation(&self, kind: Kind, function: u64) {
        word(OPERATIONS + 8 * kind as u64).store(function, Relaxed);
    }

    /// Every word but those of the core's stack.
    pub fn snapshot(&self) -> Snapshot {
        let mut words = vec![0; arena().len()];
        // SAFETY: both are that long; nobody else has the arena.
        unsafe { arena().as_ptr().cast::<u64>().copy_to_nonoverlapping(words.as_mut_ptr(), words.len()) };
        words[stack()].fill(0);
        Snapshot(words)
    }

    /// Puts every word back.
    pub fn restore(&self, snapshot: &Snapshot) {
        assert_eq!(snapshot.0.len(), arena().len());
        let words = arena().as_ptr().cast_mut().cast::<u64>();
        // SAFETY: both are that long; atomics may change behind a shared reference, and nobody else has the arena.
        unsafe { words.copy_from_nonoverlapping(snapshot.0.as_ptr(), snapshot.0.len()) };
    }

    /// Puts words on top of the core's stack, which is empty.
    pub fn restore_stack(&self, words: &[u64]) {
        let first = STACK_END - 8 * words.len() as u64;
        (0..).zip(words).for_each(|(at, value)| word(first + 8 * at).store(*value, Relaxed));
    }

    fn number(&self, frame: Frame) -> usize {
        (frame.address().wrapping_sub(FRAMES) / PAGE as u64) as usize
    }
}

fn stack() -> std::ops::Range<usize> {
    let end = ((STACK_END - DESCRIPTORS) / 8) as usize;
    end - PAGE / 8..end
}

fn map() {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
    let (at, bytes) = (DESCRIPTORS as *mut libc::c_void, PAGES * PAGE);
    // SAFETY: nothing else of a process whose code can be anywhere is linked or mapped to be this low; what an earlier
    // test had there is gone, for it had the turn.
    let mapped = unsafe { libc::mmap(at, bytes, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    assert_eq!(mapped, at, "the arena has its address");
}

fn arena() -> &'static [AtomicU64] {
    // SAFETY: mapped by `map`, never unmapped, and zeros are valid atomics.
    unsafe { std::slice::from_raw_parts(DESCRIPTORS as *const AtomicU64, PAGES * PAGE / 8) }
}

fn word(address: u64) -> &'static AtomicU64 {
    &arena()[((address - DESCRIPTORS) / 8) as usize]
}

impl Store for Arena {
    fn words(&self, frame: Frame) -> &Words {
        let first = ((frame.address() - DESCRIPTORS) / 8) as usize;
        arena()[first..first + 512].try_into().unwrap()
    }
    fn level(&self, address: u64) -> &Level {
        let first = ((address - DESCRIPTORS) / 8) as usize;
        arena()[first..first + 4].try_into().unwrap()
    }
    fn retype_entry(&self, frame: Frame) -> Option<&AtomicU64> {
        self.retype.get(self.number(frame))
    }
    fn descriptor(&self, index: u32) -> Option<&Descriptor> {
        ((index as usize) < INDICES).then(|| self.descriptor_at(u64::from(index) * DESCRIPTOR_BYTES))
    }
    fn descriptor_at(&self, offset: u64) -> &Descriptor {
        assert!(offset < PAGE as u64 && offset.is_multiple_of(DESCRIPTOR_BYTES), "a descriptor");
        // SAFETY: the arena's first page is descriptors, made of atomics.
        unsafe { &*((DESCRIPTORS + offset) as *const Descriptor) }
    }
    fn life_place(&self, frame: Frame) -> u64 {
        static NONE: AtomicU64 = AtomicU64::new(frame::NO_LIFE);
        ptr::from_ref(self.retype_entry(frame).unwrap_or(&NONE)) as u64
    }
    fn life_at(&self, place: u64) -> u64 {
        // SAFETY: a word that `life_place` found: it is as long there as the arena is, and its capabilities.
        unsafe { &*(place as *const AtomicU64) }.load(Relaxed)
    }
    fn thread_entry(&self, index: u32) -> Option<&AtomicU64> {
        self.threads.get(index as usize)
    }
    fn empty_leaf(&self) -> Frame {
        Frame::at(FRAMES)
    }
    fn kernel_page_table(&self) -> Frame {
        Frame::at(FRAMES + PAGE as u64)
    }
    fn epochs(&self) -> &Epochs {
        &self.epochs
    }
    fn shared(&self, core: u32) -> Option<&Shared> {
        (core < CORES).then_some(&self.shared)
    }
    fn interrupt_line(&self, line: u32) -> Option<&LineState> {
        self.lines.get(line as usize)
    }
    fn is_device_memory(&self, _: u64, _: u64) -> bool {
        true
    }
    fn invalidate(&self, _: Frame, _: u64) {}
    fn clear(&self, frame: Frame) {
        self.words(frame).iter().for_each(|word| word.store(0, Relaxed));
    }
}
