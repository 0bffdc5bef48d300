//! The machine's memory: the kernel's own address space, and the store that the logic works on.
//!
//! # Why the store is sound
//!
//! The logic reaches kernel objects through [`Store::words`], as atomic words at
//! the direct map's address of a frame, [`Store::level`], and [`Store::descriptor_at`], none of which looks at what it
//! is given: hot paths use them several times. What this needs:
//!
//! 1. The logic makes up no frame, address or offset. A frame comes out of the retype table (claimed, so that
//!    it is there and is the kernel's), or out of a word of another kernel object, where the logic put it when
//!    the object was made; slots, links between threads and invocation stacks are such words. User level can write
//!    none of them: a kernel frame is mapped nowhere but here. An object that such a word can still
//!    lead to stays a kernel frame: whoever gives frames back checks that (see `logic::quiescence`).
//! 2. The address is mapped, writable and never unmapped: the direct map covers
//!    all usable memory but the kernel's own text and constants, and does not change after boot.
//! 3. Nobody has a Rust reference to the same memory that is not made of atomics:
//!    boot code's references end before the first operation, and the frames of the
//!    kernel's image, stacks and boot-sized tables are never in the retype table as anything at all, so
//!    no operation can claim them.
//! 4. User level may change a *user* frame at any time; the logic does not ask for
//!    those, and if it did, an atomic word that somebody else changes is still a word.

mod devices;
pub mod pool;
pub mod ranges;
mod tables;

use crate::boot::information::{Machine, REGIONS, Region};
use crate::cores::{self, Core};
use crate::processor::Features;
use core::fmt;
use core::sync::atomic::AtomicU64;
use devices::Devices;
use logic::address_space;
use logic::cross_core::Shared;
use logic::footprint::{self, FRAME_BYTES, STACK_BYTES, STACK_SPAN, STACKS};
use logic::frame::{DIRECT_MAP, Frame, State, USER_ONCE};
use logic::interrupt::{LINES, LineState};
use logic::quiescence::Epochs;
use logic::store::{Descriptor, Level, Store, WORDS, Words};
use pool::Pool;
use tables::Builder;
use x86_64::VirtAddr;

pub use logic::footprint::{DESCRIPTORS, LOCAL_APIC, STACKS_PER_CORE, stack_end};

/// Where the registers of the high precision event timer are mapped, if there is one.
pub const EVENT_TIMER: u64 = LOCAL_APIC + 0x1000;

/// Where the registers of the I/O APICs are mapped, a page each.
pub const IO_APICS: u64 = LOCAL_APIC + 0x1_0000;

/// Cores that there is room for.
pub const CORES: u64 = (LOCAL_APIC - STACKS) / (STACKS_PER_CORE * STACK_SPAN);

/// Why there is not enough memory to start with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryError {
    /// The kernel's own tables do not fit.
    TooLittle,
    /// The bundle does not start on a page boundary, or lies outside usable memory.
    MisplacedBundle(Region),
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLittle => f.write_str("there is too little memory for the kernel's tables"),
            Self::MisplacedBundle(Region { start, end }) => {
                write!(f, "the bundle was loaded at a place that cannot be used ({start:#x} to {end:#x})")
            }
        }
    }
}

/// The store of the running kernel.
pub struct Memory {
    retype: &'static [AtomicU64],
    descriptors: &'static [Descriptor],
    threads: &'static [AtomicU64],
    empty_leaf: Frame,
    kernel_page_table: Frame,
    tags_address_spaces: bool,
    epochs: Epochs,
    /// The processors.
    pub cores: &'static [Core],
    lines: [LineState; LINES as usize],
    devices: Devices,
    /// Frames for what the kernel makes at boot.
    pub pool: Pool,
    /// Memory that neither the kernel's image nor the bundle is in.
    pub free: heapless::Vec<Region, REGIONS>,
    /// The bundle, as it was loaded.
    pub bundle: Region,
}

/// Offset of the table of threads.
pub const THREADS: usize = core::mem::offset_of!(Memory, threads);

static MEMORY: spin::Once<Memory> = spin::Once::new();

/// Builds the kernel's address space, switches to it, and makes the boot-sized tables.
///
/// # Errors
///
/// See [`MemoryError`].
pub fn initialise(machine: &Machine, features: Features) -> Result<&'static Memory, MemoryError> {
    let free = ranges::free(machine)?;
    let pool = Pool::new(&free).ok_or(MemoryError::TooLittle)?;
    let top = machine.usable.iter().map(|region| region.end).max().unwrap_or(0);
    let descriptor_bytes = footprint::descriptor_bytes(top);

    let mut builder = Builder::new(&pool)?;
    builder.map_image()?;
    for region in ranges::direct(machine) {
        builder.map_direct(region, features.contains(Features::HUGE_PAGES))?;
    }
    builder.map_fresh(DESCRIPTORS, descriptor_bytes)?;
    let cores = cores::discover(machine, &pool)?;
    for stack in 0..STACKS_PER_CORE * cores.count {
        builder.map_fresh(stack_end(0, stack) - STACK_BYTES, STACK_BYTES)?;
    }
    builder.map_device(LOCAL_APIC, crate::local_apic::physical_address())?;
    if let Some(registers) = machine.event_timer {
        builder.map_device(EVENT_TIMER, registers)?;
    }
    for (number, io_apic) in machine.io_apics.iter().enumerate() {
        builder.map_device(IO_APICS + 4096 * number as u64, io_apic.address)?;
    }
    let kernel_page_table = builder.load();

    let frames = (top / 4096) as usize;
    let retype = retype_table(&pool, &free, frames)?;
    let threads = pool.take(usize::from(abi::layout::THREADS).div_ceil(512)).ok_or(MemoryError::TooLittle)?;
    let empty_leaf = pool.take_zeroed().ok_or(MemoryError::TooLittle)?;
    let descriptors = descriptor_bytes as usize / size_of::<Descriptor>();
    // SAFETY: `map_fresh` mapped zeroed frames of exactly this size there; zeros are dead descriptors.
    let descriptors = unsafe { core::slice::from_raw_parts(DESCRIPTORS as *const Descriptor, descriptors) };
    // SAFETY: the pool's frames belong to nobody else, and are zeroed here before anything reads them.
    let threads = unsafe { zeroed_words(threads, usize::from(abi::layout::THREADS)) };
    Ok(MEMORY.call_once(|| {
        pool.seal(retype);
        Memory {
            tags_address_spaces: features.contains(Features::TAGS),
            retype,
            descriptors,
            threads,
            empty_leaf,
            kernel_page_table,
            epochs: Epochs::new(),
            cores: cores.in_direct_map(),
            lines: [const { LineState::new() }; LINES as usize],
            devices: Devices::new(machine),
            pool,
            free,
            bundle: machine.bundle,
        }
    }))
}

/// The store, once it is there.
pub fn get() -> Option<&'static Memory> {
    MEMORY.get()
}

/// The store, for entries from user level: there is one before that runs for the first time.
#[inline(always)]
pub fn of_running_kernel() -> &'static Memory {
    // SAFETY: entries from user level come after `initialise`.
    unsafe { MEMORY.get_unchecked() }
}

/// Where the kernel sees physical address `physical`.
pub fn direct<T>(physical: u64) -> *mut T {
    (DIRECT_MAP + physical) as *mut T
}

impl Memory {
    /// A frame of zeros for a kernel object made at boot.
    #[inline(never)]
    pub fn claim_kernel(&self) -> Option<Frame> {
        let frame = self.pool.take(1)?;
        logic::frame::claim_kernel(self, frame).ok()?;
        Some(frame)
    }

    /// A frame of zeros for user memory made at boot.
    #[inline(never)]
    pub fn claim_user(&self) -> Option<Frame> {
        let frame = self.pool.take(1)?;
        logic::frame::claim_user(self, frame, true).ok()?;
        Some(frame)
    }

    /// Says that the bundle's frames are user memory with one owner.
    pub fn claim_bundle(&self) {
        for number in self.bundle.start / 4096..self.bundle.end.div_ceil(4096) {
            if let Some(entry) = self.retype_entry(Frame::numbered(number)) {
                entry.store(USER_ONCE, core::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    /// The bundle's bytes.
    pub fn bundle_bytes(&self) -> &'static [u8] {
        let length = (self.bundle.end - self.bundle.start) as usize;
        // SAFETY: usable memory in the direct map, kept out of every free range; read at boot, before
        // the booter, who may later write there, runs.
        unsafe { core::slice::from_raw_parts(direct(self.bundle.start), length) }
    }
}

impl Store for Memory {
    fn tags_address_spaces(&self) -> bool {
        self.tags_address_spaces
    }

    fn words(&self, frame: Frame) -> &Words {
        // SAFETY: see the head of this file.
        unsafe { &*(frame.address() as *const Words) }
    }

    fn level(&self, address: u64) -> &Level {
        // SAFETY: see the head of this file.
        unsafe { &*(address as *const Level) }
    }

    fn retype_entry(&self, frame: Frame) -> Option<&AtomicU64> {
        self.retype.get(usize::try_from(frame.number()).ok()?)
    }

    fn descriptor(&self, index: u32) -> Option<&Descriptor> {
        self.descriptors.get(index as usize)
    }

    fn descriptor_at(&self, offset: u64) -> &Descriptor {
        // SAFETY: see the head of this file.
        unsafe { &*((DESCRIPTORS + offset) as *const Descriptor) }
    }

    #[inline(always)]
    fn own(&self, word: &AtomicU64) -> u64 {
        // SAFETY: nobody writes it while this core, which alone writes it, is here.
        unsafe { *word.as_ptr() }
    }

    fn life_place(&self, frame: Frame) -> u64 {
        static NONE: AtomicU64 = AtomicU64::new(logic::frame::NO_LIFE);
        core::ptr::from_ref(self.retype_entry(frame).unwrap_or(&NONE)) as u64
    }

    #[inline(always)]
    fn life_at(&self, place: u64) -> u64 {
        // SAFETY: a word that `life_place` found, for slots that the logic filled. See the head of this file.
        let word = unsafe { &*(place as *const AtomicU64) };
        word.load(core::sync::atomic::Ordering::Acquire)
    }

    #[inline(always)]
    fn word_number(&self, number: u64) -> usize {
        let hidden: u64;
        // SAFETY: it does nothing; but the compiler forgets what it knows of the number, and has to cut it off.
        unsafe {
            core::arch::asm!("/* {0} */", inlateout(reg) number => hidden, options(pure, nomem, nostack, preserves_flags));
        }
        hidden as usize % WORDS
    }

    fn thread_entry(&self, index: u32) -> Option<&AtomicU64> {
        self.threads.get(index as usize)
    }

    fn empty_leaf(&self) -> Frame {
        self.empty_leaf
    }

    fn kernel_page_table(&self) -> Frame {
        self.kernel_page_table
    }

    fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    fn shared(&self, core: u32) -> Option<&Shared> {
        self.cores.get(core as usize).map(|core| &core.shared)
    }

    fn interrupt_line(&self, line: u32) -> Option<&LineState> {
        self.lines.get(line as usize)
    }

    fn is_device_memory(&self, first: u64, pages: u64) -> bool {
        self.devices.contain(first, pages)
    }

    fn invalidate(&self, root: Frame, address: u64) {
        if address_space::root(crate::core_local::space()) == root {
            x86_64::instructions::tlb::flush(VirtAddr::new_truncate(address));
        }
    }

    fn clear(&self, frame: Frame) {
        // SAFETY: the logic clears a frame between claiming it and telling anybody: it is free memory that
        // only this core can name.
        unsafe { direct::<u8>(frame.physical()).write_bytes(0, 4096) }
    }
}

/// The word for every frame below `frames`: untyped where memory is free, nothing elsewhere.
fn retype_table(pool: &Pool, free: &[Region], frames: usize) -> Result<&'static [AtomicU64], MemoryError> {
    let first = pool.take((frames * FRAME_BYTES as usize).div_ceil(4096)).ok_or(MemoryError::TooLittle)?;
    // SAFETY: the pool's frames belong to nobody else; every word is written before it is read.
    let words = unsafe { core::slice::from_raw_parts_mut(direct::<u64>(first.physical()), frames) };
    let mut done = 0;
    for region in free {
        let (start, end) = ((region.start / 4096) as usize, (region.end / 4096) as usize);
        words[done..start].fill(0);
        words[start..end].fill(State::UNTYPED.bits());
        done = end;
    }
    words[done..].fill(0);
    // SAFETY: the same words, from now on atomic; the mutable reference ends here.
    Ok(unsafe { core::slice::from_raw_parts(direct(first.physical()), frames) })
}

/// `count` atomic words of zeros at the frame `first`.
///
/// # Safety
///
/// The frames must belong to the caller and be large enough, and live for ever.
unsafe fn zeroed_words(first: Frame, count: usize) -> &'static [AtomicU64] {
    let words = direct::<AtomicU64>(first.physical());
    // SAFETY: the caller owns the frames; zeros are valid atomics.
    unsafe {
        words.write_bytes(0, count);
        core::slice::from_raw_parts(words, count)
    }
}
