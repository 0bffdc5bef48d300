//! Threads that use all that they were given, each in another way, and never give the core back: how much more do they get?

use crate::objects::{COMPONENT, PARENT_RECEIVE, WAITER_SEND, frame, pair};
use crate::{CONSTRUCTOR, ask, say};
use abi::boot::slot::{PAGE_TABLE, TABLE, TIME};
use abi::crossing::{CapabilityWord, FAULT_HANDLER};
use abi::error::Error;
use abi::event::{Event, What};
use abi::fault::Answer;
use abi::layout::{READ, WRITE};
use abi::operation::{PageTableOperation, TableOperation};
use core::arch::naked_asm;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

/// Slots: an invocation of a server that never answers, a component that has its faults handled and its table, the first thread.
const SERVER: u32 = 46;
const FAULTY: u32 = 47;
const FAULTY_TABLE: u32 = 48;
const RUNNERS: u32 = 49;
/// Slots for what the threads run on.
const SHARES: u32 = 56;
/// The first thread's index, and the component's.
const FIRST_INDEX: u32 = 10;
const FAULTY_DESCRIPTOR: u64 = 3;

/// The name of a frame that is mapped, written, and given up again and again, and where.
static FRESH: AtomicU64 = AtomicU64::new(0);
const PAGE_OF_IT: u64 = 0x7000_0000;

/// Cycles that each is given.
const GIVEN: u64 = 200_000;
/// Cycles by which it may have more: what is left of an operation, of which few are longer than clearing a frame, the timer's interrupt, and the
/// decision that is due then.
const LATENESS: u64 = 2_000;

/// What was done of what those ask for who ask for something that can be refused.
static DONE: AtomicU64 = AtomicU64::new(0);

type Start = unsafe extern "C" fn() -> !;

/// How they go about it, in which component, where they start, and whether they count in [`DONE`].
const WAYS: [(&str, u32, Start, bool); 7] = [
    ("spins", COMPONENT, spins, false),
    ("makes system calls", COMPONENT, makes_system_calls, false),
    ("faults and has that handled", FAULTY, faults, true),
    ("is in a server", COMPONENT, is_in_a_server, false),
    ("asks for quiescence", COMPONENT, asks_for_quiescence, true),
    ("sends", COMPONENT, sends, true),
    ("maps fresh memory", COMPONENT, maps_fresh_memory, true),
];

/// Gives each a share, and has it stopped when that is used up.
///
/// # Errors
///
/// The kernel's; or somebody was stopped late, or not told of.
pub fn all() -> Result<(), Error> {
    make()?;
    FRESH.store(frame(), Relaxed);
    for (at, (name, component, start, counts)) in (0..).zip(WAYS) {
        let (thread, share, index) = (RUNNERS + at, SHARES + at, FIRST_INDEX + at);
        table(
            TableOperation::CreateThread,
            [thread.into(), frame(), pair(component, index), start as *const () as u64],
        )?;
        ask::create(share, PARENT_RECEIVE, TIME, GIVEN, frame())?;
        ask::dispatch(thread, PARENT_RECEIVE, share)?;
        let expired = Event { thread: index, what: What::Expired, more: false };
        crate::parent::expect(expired)?;
        let [_, used] = ask::read(share)?;
        let has_done_it = (DONE.swap(0, Relaxed) > 0) == counts;
        let verdict = crate::parent::verdict(has_done_it && (GIVEN..GIVEN + LATENESS).contains(&used));
        say(format_args!("time: who {name} is stopped: {verdict}"));
        ask::merge(share, TIME)?;
    }
    Ok(())
}

/// The server, and a component with a table of its own, in which there is a handler of its faults.
fn make() -> Result<(), Error> {
    let invocation = |to: u32, entry: Start| [pair(COMPONENT, to), entry as *const () as u64, 0, 1];
    table(TableOperation::CreateInvocation, invocation(SERVER, spins))?;
    table(TableOperation::CreateTable, [FAULTY_TABLE.into(), frame(), 0, 0])?;
    of(FAULTY_TABLE, TableOperation::Graft, [0, frame(), 0, 0])?;
    for level in [3, 2, 1] {
        let words = [PAGE_OF_IT, frame(), level, 0];
        let _ = CONSTRUCTOR.operate(PAGE_TABLE, PageTableOperation::Graft as u16, words);
    }
    of(FAULTY_TABLE, TableOperation::CreateInvocation, invocation(FAULT_HANDLER, handles))?;
    let tables = pair(FAULTY_TABLE, PAGE_TABLE);
    table(TableOperation::CreateComponent, [FAULTY.into(), frame(), tables, FAULTY_DESCRIPTOR])
}

fn table(operation: TableOperation, words: [u64; 4]) -> Result<(), Error> {
    of(TABLE, operation, words)
}

fn of(capability: u32, operation: TableOperation, words: [u64; 4]) -> Result<(), Error> {
    CONSTRUCTOR.operate(capability, operation as u16, words).map(|_| ())
}

#[unsafe(naked)]
unsafe extern "C" fn spins() -> ! {
    naked_asm!("2:", "jmp 2b")
}

#[unsafe(naked)]
unsafe extern "C" fn makes_system_calls() -> ! {
    naked_asm!("2:", "mov eax, {power} << 16 | 63", "syscall", "jmp 2b", power = const abi::boot::slot::POWER)
}

#[unsafe(naked)]
unsafe extern "C" fn faults() -> ! {
    naked_asm!("2:", "ud2", "inc qword ptr [rip + {done}]", "jmp 2b", done = sym DONE)
}

/// Has the level go on behind the instruction.
#[unsafe(naked)]
unsafe extern "C" fn handles() -> ! {
    naked_asm!("lea rsi, [rdx + 2]", "mov edi, {resume}", "xor eax, eax", "syscall", resume = const Answer::Resume as u64)
}

#[unsafe(naked)]
unsafe extern "C" fn is_in_a_server() -> ! {
    naked_asm!("mov eax, {server}", "syscall", "ud2", server = const CapabilityWord::new(SERVER, 0).0)
}

/// For the epoch that it is told is the current one, so that rounds begin and end.
#[unsafe(naked)]
unsafe extern "C" fn asks_for_quiescence() -> ! {
    naked_asm!(
        "xor edi, edi",
        "2:",
        "mov eax, {quiesce}",
        "syscall",
        "test eax, eax",
        "jnz 2b",
        "inc qword ptr [rip + {done}]",
        "jmp 2b",
        done = sym DONE,
        quiesce = const CapabilityWord::new(TABLE, TableOperation::Quiesce as u16).0,
    )
}

#[unsafe(naked)]
unsafe extern "C" fn sends() -> ! {
    naked_asm!(
        "2:",
        "mov eax, {send}",
        "xor edi, edi",
        "syscall",
        "test eax, eax",
        "jnz 2b",
        "inc qword ptr [rip + {done}]",
        "jmp 2b",
        done = sym DONE,
        send = const CapabilityWord::new(WAITER_SEND, 0).0,
    )
}

/// Each time the kernel clears it.
#[unsafe(naked)]
unsafe extern "C" fn maps_fresh_memory() -> ! {
    naked_asm!(
        "2:",
        "mov eax, {map}",
        "mov edi, {page}",
        "mov rsi, [rip + {fresh}]",
        "mov edx, {rights}",
        "xor r10d, r10d",
        "syscall",
        // Until it can be used again, or there is a node for it.
        "test eax, eax",
        "jnz 3f",
        "mov [{page}], rsp",
        "inc qword ptr [rip + {done}]",
        "mov eax, {unmap}",
        "mov edi, {page}",
        "xor esi, esi",
        "xor edx, edx",
        "xor r10d, r10d",
        "syscall",
        "3:",
        "mov eax, {quiesce}",
        "xor edi, edi",
        "syscall",
        "mov eax, {quiesce}",
        "syscall",
        "jmp 2b",
        map = const CapabilityWord::new(PAGE_TABLE, PageTableOperation::Map as u16).0,
        unmap = const CapabilityWord::new(PAGE_TABLE, PageTableOperation::Unmap as u16).0,
        quiesce = const CapabilityWord::new(TABLE, TableOperation::Quiesce as u16).0,
        page = const PAGE_OF_IT,
        rights = const READ | WRITE,
        fresh = sym FRESH,
        done = sym DONE,
    )
}
