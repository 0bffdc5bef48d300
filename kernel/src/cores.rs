//! The processors of the machine: found at boot by the firmware's tables, started, and interrupted.
//!
//! The first core is told by the firmware's tables which others there are. It stops them early in the boot, and starts them at its
//! end: the time that they need in between is spent on the boot itself. Then it sleeps until each has said that it is
//! there; whoever does not within [`LIMIT`] seconds is reported, and left out for good. A core that is there runs nothing,
//! and sleeps, until a thread is launched on it (see [`logic::launch`]).

use crate::boot::information::Machine;
use crate::clock;
use crate::core_local::{self, CoreLocal, LOCAL_APIC_NUMBER, STACK_END};
use crate::local_apic::{self, Message};
use crate::memory::pool::Pool;
use crate::memory::{self, CORES, Memory, MemoryError, direct, ranges, stack_end};
use crate::segments::Tables;
use crate::{entry, exceptions, interrupts, processor};
use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed};
use logic::cross_core::Shared;
use logic::footprint::CORE_BYTES;
use logic::frame::Frame;
use logic::quiescence;
use logic::store::Store;

/// The interrupt by which cores call each other.
pub const CALL_VECTOR: u8 = 0x41;

/// Seconds after which a core that has not come up is left out.
const LIMIT: u64 = 2;

/// Times a second that one that has not come up is started again.
const ATTEMPTS: u64 = 10;

/// A processor: its own words, what it shares with the others, and its tables.
#[repr(C, align(64))]
pub struct Core {
    local: UnsafeCell<CoreLocal>,
    /// What it shares with the others.
    pub shared: Shared,
    tables: Tables,
    arrival: AtomicU64,
}

/// What a core writes for itself, and what others may look at, are on different cache lines; and those of two cores.
const _: () = {
    const LINE: usize = 64;
    let starts = [core::mem::offset_of!(Core, shared), core::mem::offset_of!(Core, tables), size_of::<Core>()];
    let mut at = 0;
    while at < starts.len() {
        assert!(starts[at].is_multiple_of(LINE));
        at += 1;
    }
    assert!(align_of::<Core>() == LINE && size_of::<Shared>() == 3 * LINE);
    assert!(size_of::<Core>() as u64 == CORE_BYTES, "the composer counts another size of it");
};

// SAFETY: `local` is reached by the core itself alone, through `core_local::current`; all else is made to be shared.
unsafe impl Sync for Core {}

/// Whether a core takes part.
mod arrival {
    pub const EXPECTED: u64 = 0;
    pub const ARRIVED: u64 = 1;
    pub const LEFT_OUT: u64 = 2;
}

impl Core {
    fn new(number: u64, local_apic: u32) -> Self {
        let shared = if number == 0 { Shared::first() } else { Shared::offline() };
        Self {
            local: UnsafeCell::new(CoreLocal::new(number, local_apic, stack_end(number, 0))),
            shared,
            tables: Tables::new(),
            arrival: AtomicU64::new(if number == 0 { arrival::ARRIVED } else { arrival::EXPECTED }),
        }
    }

    /// The number of its local APIC.
    fn local_apic(&self) -> u32 {
        // SAFETY: written before there was a second core, and never again.
        unsafe { (&raw const (*self.local.get()).local_apic).read() }
    }

    fn arrives(&self) -> bool {
        self.settle(arrival::ARRIVED)
    }

    fn settle(&self, as_what: u64) -> bool {
        self.arrival.compare_exchange(arrival::EXPECTED, as_what, AcqRel, Acquire).is_ok()
    }

    /// Makes this core, the one that runs this, ready for user level.
    fn prepare(&'static self, memory: &'static Memory, number: u64) {
        // SAFETY: each core prepares its own, once.
        unsafe { core_local::enter(self.local.get(), memory) };
        self.tables.load(number);
        exceptions::load();
        entry::load();
    }
}

/// The processors, where they are kept.
pub struct Discovered {
    first: Frame,
    /// How many there are.
    pub count: u64,
}

/// Finds all processors, the one that runs this first, and makes room for them.
///
/// # Errors
///
/// [`MemoryError::TooLittle`].
pub fn discover(machine: &Machine, pool: &Pool) -> Result<Discovered, MemoryError> {
    let own = processor::number();
    let is_other = |number| number != own && local_apic::can_reach(number);
    let mut others = 0;
    machine.for_each_processor(&mut |number| others += usize::from(is_other(number)));
    let room = (1 + others).min(CORES as usize);
    let first = pool.take((room * size_of::<Core>()).div_ceil(4096)).ok_or(MemoryError::TooLittle)?;
    let cores = first.physical() as *mut Core;
    let mut written = 0;
    let mut write = |local_apic| {
        if written < room {
            // SAFETY: the pool's frames belong to nobody else, and are below 4 GiB, which the boot code has mapped where it is.
            unsafe { cores.add(written).write(Core::new(written as u64, local_apic)) };
            written += 1;
        }
    };
    write(own);
    machine.for_each_processor(&mut |number| {
        if is_other(number) {
            write(number);
        }
    });
    Ok(Discovered { first, count: room as u64 })
}

impl Discovered {
    /// The processors, once the direct map is there.
    pub fn in_direct_map(&self) -> &'static [Core] {
        // SAFETY: `discover` has written as many; they stay for ever, and nobody has a mutable reference.
        unsafe { core::slice::from_raw_parts(direct(self.first.physical()), self.count as usize) }
    }
}

/// Makes the first core, which runs this, ready for user level.
pub fn prepare_first(memory: &'static Memory) {
    if let Some(first) = memory.cores.first() {
        first.prepare(memory, 0);
    }
}

/// Interrupts the core with this number.
pub fn interrupt(number: u32) {
    if let Some(to) = local_apic(number) {
        local_apic::send(to, Message::Interrupt(CALL_VECTOR));
    }
}

/// The number of the core's local APIC.
pub fn local_apic(number: u32) -> Option<u32> {
    memory::get()?.cores.get(number as usize).map(Core::local_apic)
}

/// The page at which all others start.
pub struct StartPage(u8);

/// Stops all other cores, and prepares the page at which they will start; none if there are no others, or no page.
pub fn stop_others(machine: &Machine, memory: &Memory) -> Option<StartPage> {
    let others = memory.cores.get(1..).filter(|others| !others.is_empty())?;
    let address = ranges::low_page(machine)?;
    let code = crate::boot::start_page();
    // SAFETY: the page is usable memory, in the direct map, and nothing lies in it; the code is shorter than a page.
    unsafe { direct::<u8>(address).copy_from_nonoverlapping(code.as_ptr(), code.len()) };
    ROOT.store(memory.kernel_page_table().physical(), Relaxed);
    FIRST.store(memory.cores.as_ptr() as u64, Relaxed);
    COUNT.store(memory.cores.len() as u64, Relaxed);
    others.iter().for_each(|other| local_apic::send(other.local_apic(), Message::Initialise));
    Some(StartPage((address / 4096) as u8))
}

/// Starts the cores that [`stop_others`] has stopped, and sleeps until all are there. Returns how many take part.
pub fn start_others(memory: &Memory, page: Option<StartPage>) -> usize {
    if let Some(page) = page {
        await_arrivals(memory, &page);
    }
    for (number, core) in memory.cores.iter().enumerate() {
        if core.settle(arrival::LEFT_OUT) {
            crate::console::say(format_args!(
                "processor {number} (local APIC {}) did not come up and is left out",
                core.local_apic()
            ));
        }
    }
    (0..memory.cores.len() as u32).filter(|core| quiescence::is_online(memory, *core)).count()
}

fn await_arrivals(memory: &Memory, page: &StartPage) {
    let (second, now) = (clock::rough_frequency(), clock::now());
    let (limit, mut again) = (now + LIMIT * second, now);
    let online = |number| quiescence::is_online(memory, number as u32);
    let absent = || memory.cores.iter().enumerate().filter(|(number, _)| !online(*number)).map(|(_, core)| core);
    while absent().next().is_some() && clock::now() < limit {
        if clock::now() >= again {
            absent().for_each(|core| local_apic::send(core.local_apic(), Message::Start(page.0)));
            again += second / ATTEMPTS;
        }
        clock::set_timeout(again);
        interrupts::wait();
    }
    clock::set_timeout(0);
}

/// What [`core_start`] needs before it has a stack: the page table's root, and the processors.
static ROOT: AtomicU64 = AtomicU64::new(0);
static FIRST: AtomicU64 = AtomicU64::new(0);
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Where the boot code leads another core: with the boot code's page tables, and without a stack.
///
/// It takes the kernel's page tables, and finds its own words by the number of its local APIC, as [`processor::number`] does.
///
/// # Safety
///
/// Entered by the boot code only.
#[unsafe(naked)]
#[unsafe(no_mangle)]
unsafe extern "C" fn core_start() {
    naked_asm!(
        "mov rax, [rip + {root}]",
        "mov cr3, rax",
        "xor eax, eax",
        "cpuid",
        "cmp eax, 0xb",
        "jb 2f",
        "mov eax, 0xb",
        "xor ecx, ecx",
        "cpuid",
        "mov edi, edx",
        "test ebx, ebx",
        "jnz 3f",
        "2:",
        "mov eax, 1",
        "cpuid",
        "shr ebx, 24",
        "mov edi, ebx",
        "3:",
        "mov rax, [rip + {first}]",
        "mov rcx, [rip + {count}]",
        "4:",
        "cmp [rax + {number}], edi",
        "je 5f",
        "add rax, {bytes}",
        "dec rcx",
        "jnz 4b",
        // Nobody has asked for this one.
        "6:",
        "cli",
        "hlt",
        "jmp 6b",
        "5:",
        "mov rsp, [rax + {stack_end}]",
        "mov rdi, rax",
        "call {begin}",
        "ud2",
        root = sym ROOT,
        first = sym FIRST,
        count = sym COUNT,
        number = const LOCAL_APIC_NUMBER,
        bytes = const size_of::<Core>(),
        stack_end = const STACK_END,
        begin = sym begin,
    )
}

const _: () =
    assert!(core::mem::offset_of!(Core, local) == 0, "`core_start` finds a core's own words where the core is");

/// What another core does from its own stack on.
extern "C" fn begin(core: &'static Core) -> ! {
    let Some(memory) = memory::get() else { stop() };
    processor::enable();
    // SAFETY: the core's own number, which nobody changes.
    let number = unsafe { (&raw const (*core.local.get()).state.number).read() };
    core.prepare(memory, number);
    clock::enable();
    if !core.arrives() {
        stop();
    }
    quiescence::acknowledge(memory, number as u32, quiescence::current(memory));
    interrupt(0);
    // SAFETY: this core's only reference, until it first enters user level.
    unsafe { entry::run(core_local::current()) }
}

fn stop() -> ! {
    loop {
        x86_64::instructions::interrupts::disable();
        x86_64::instructions::hlt();
    }
}
