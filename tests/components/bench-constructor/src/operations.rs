//! The rows of the kernel's operations: each as often as a run asks for, on objects and memory that are there before the
//! clock is read, and put back afterwards.

use crate::fixture::{COMPONENT, DEVICE, FRAMES, Fixture, PLACES, RECEIVE, SEND, SLOTS, SPARE_TIME, THREAD, TIME};
use crate::fixture::{LEAVES, LEVEL, LINES, NODES, OTHER_PLACES, PLACE, PORT, pair};
use crate::loops::STATUS;
use abi::boot::slot;
use abi::crossing::CapabilityWord;
use abi::fault::Answer;
use abi::layout::{READ, WRITE};
use abi::operation::{
    ComponentOperation, DebugConsoleOperation, HandledLevelOperation, InterruptOperation, PageTableOperation,
    PortsOperation, ReceiveOperation, TableOperation, TemporalCapabilityOperation, ThreadOperation,
};
use abi::register::number;
use bench_client::Row;
use core::arch::global_asm;
use core::fmt::Write;
use core::ptr::null_mut;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicPtr, AtomicU64};
use runtime::{Error, Result, time};

/// The word for `rax`, and words 0 to 3.
pub type Words = [u64; 5];

/// A loop of `operations.s`.
pub type Loop = extern "C" fn(&Words, u64) -> u64;

/// A row.
struct Operation {
    name: &'static str,
    repeat: Loop,
    words: fn(&Fixture) -> Words,
    /// What must be there before so many.
    before: fn(&Fixture, u64) -> Result<()>,
    /// What takes away what so many have left.
    after: fn(&Fixture, u64) -> Result<()>,
}

/// Who runs a loop: this thread, or one that handles a fault.
type How = fn(&Fixture, Loop, &Words, u64) -> Result<()>;

/// Measures all of them.
///
/// # Errors
///
/// The kernel's.
pub fn run(fixture: &Fixture, out: &mut impl Write) -> Result<()> {
    run_some(DIRECT, FRAMES / 2, directly, fixture, out)?;
    run_some(OF_LINES, LINES / 2, directly, fixture, out)?;
    run_some(OF_LEVELS, FRAMES / 2, Fixture::handle, fixture, out)
}

/// Measures some, with so many iterations in the shorter of two runs.
fn run_some(some: &[Operation], iterations: u64, how: How, fixture: &Fixture, out: &mut impl Write) -> Result<()> {
    some.iter().try_for_each(|operation| {
        let repeat = |iterations| how(fixture, operation.repeat, &(operation.words)(fixture), iterations);
        let before = |iterations| (operation.before)(fixture, iterations);
        let after = |iterations| (operation.after)(fixture, iterations);
        let row = Row::new(operation.name, &repeat).iterations(iterations).prepared_by(&before).settled_by(&after);
        bench_client::run(&[row], out, &time::ticks)
    })
}

fn directly(_: &Fixture, repeat: Loop, words: &Words, iterations: u64) -> Result<()> {
    Error::check(repeat(words, iterations) as u16)
}

/// The word for an operation of a capability.
const fn word(capability: u32, operation: u16) -> u64 {
    CapabilityWord::new(capability, operation).0
}

fn nothing(_: &Fixture, _: u64) -> Result<()> {
    Ok(())
}

/// The rows, and the loops that they are named after.
macro_rules! operations {
    ($rows:ident: $($name:ident: $capability:expr, $operation:expr, $words:expr, $before:expr, $after:expr;)*) => {
        unsafe extern "C" {
            $(safe fn $name(words: &Words, iterations: u64) -> u64;)*
        }

        const $rows: &[Operation] = &[$(Operation {
            name: stringify!($name),
            repeat: $name,
            words: |fixture| {
                let words: fn(&Fixture) -> [u64; 4] = $words;
                let [w0, w1, w2, w3] = words(fixture);
                [word($capability, $operation as u16), w0, w1, w2, w3]
            },
            before: $before,
            after: $after,
        }),*];
    };
}

use ComponentOperation as OfComponent;
use HandledLevelOperation as OfLevel;
use InterruptOperation as OfInterrupt;
use PageTableOperation as OfPageTable;
use TableOperation as OfTable;
use TemporalCapabilityOperation as OfTime;

#[rustfmt::skip]
operations! { DIRECT:
    captable_add: slot::TABLE, OfTable::CreateInvocation, |_| [pair(COMPONENT, SLOTS), PLACE, 7, 1], nothing, Fixture::empty;
    captable_copy: slot::TABLE, OfTable::Copy, |_| [SLOTS.into(), slot::PORTS.into(), 0, 0], nothing, Fixture::empty;
    captable_remove: slot::TABLE, OfTable::Remove, |_| [SLOTS.into(), 0, 0, 0], Fixture::copies, Fixture::quiesce;
    captable_graft: slot::TABLE, OfTable::Graft, |f| [LEAVES, f.frame(0), 0, 0], Fixture::clean, Fixture::prune_leaves;
    captable_prune: slot::TABLE, OfTable::Prune, |_| [LEAVES, 0, 0, 0], Fixture::graft_leaves, Fixture::quiesce;
    captable_create: slot::TABLE, OfTable::CreateTable, |f| [SLOTS.into(), f.frame(0), 0, 0], Fixture::clean, Fixture::reclaim;
    page_table_create: slot::TABLE, OfTable::CreatePageTable, |f| [SLOTS.into(), f.frame(0), 0, 0], Fixture::clean, Fixture::reclaim;
    component_create: slot::TABLE, OfTable::CreateComponent, Fixture::component, Fixture::clean, Fixture::end_components;
    thread_create: slot::TABLE, OfTable::CreateThread, |f| [SLOTS.into(), f.frame(0), pair(COMPONENT, 64), PLACE], Fixture::clean, Fixture::reclaim;
    ports_create: slot::TABLE, OfTable::CreatePorts, |_| [SLOTS.into(), slot::PORTS.into(), pair(0x80, 1), 0], nothing, Fixture::empty;
    receive_create: slot::TABLE, OfTable::CreateReceive, |_| [SLOTS.into(), THREAD.into(), 0, 0], nothing, Fixture::empty;
    send_create: slot::TABLE, OfTable::CreateSend, |_| [SLOTS.into(), RECEIVE.into(), 0, 0], nothing, Fixture::empty;
    interrupt_create: slot::TABLE, OfTable::CreateInterrupt, |_| [SLOTS.into(), slot::INTERRUPTS.into(), 5, 0], nothing, Fixture::empty;
    physical_range_create: slot::TABLE, OfTable::CreatePhysicalRange, |_| [SLOTS.into(), slot::DEVICES.into(), 0xe000_0000, 1], nothing, Fixture::empty;
    handled_level_create: slot::TABLE, OfTable::CreateHandledLevel, |_| [SLOTS.into(), 0, 0, 0], nothing, Fixture::empty;
    temporal_capability_create: slot::TABLE, OfTable::CreateTemporalCapability, Fixture::temporal, Fixture::clean, Fixture::reclaim;
    reclaim: slot::TABLE, OfTable::Reclaim, |_| [SLOTS.into(), 0, 0, 0], Fixture::tables, Fixture::quiesce;
    quiesce: slot::TABLE, OfTable::Quiesce, |f| [f.epoch(), 0, 0, 0], nothing, nothing;

    retype_map: slot::PAGE_TABLE, OfPageTable::Map, |f| [PLACES, f.frame(0), READ | WRITE, 0], Fixture::clean, Fixture::unmap;
    alias: slot::PAGE_TABLE, OfPageTable::Alias, |_| [PLACES, PLACE, READ, 0], nothing, Fixture::unmap;
    unmap: slot::PAGE_TABLE, OfPageTable::Unmap, |_| [PLACES, 0, 0, 0], Fixture::map, Fixture::quiesce;
    page_move: slot::PAGE_TABLE, OfPageTable::Move, |_| [OTHER_PLACES, PLACES, slot::PAGE_TABLE.into(), 0], Fixture::map, Fixture::unmap_others;
    page_name: slot::PAGE_TABLE, OfPageTable::Name, |f| [PLACES, f.frame(0), 0, 0], nothing, Fixture::unmap;
    page_table_graft: slot::PAGE_TABLE, OfPageTable::Graft, |f| [NODES, f.frame(0), 1, 0], Fixture::clean, Fixture::prune_nodes;
    page_table_prune: slot::PAGE_TABLE, OfPageTable::Prune, |_| [NODES, 1, 0, 0], Fixture::graft_nodes, Fixture::quiesce;
    map_device: slot::PAGE_TABLE, OfPageTable::MapDevice, |_| [PLACES, DEVICE.into(), READ, 0], nothing, Fixture::unmap;
    frame_clean: slot::PAGE_TABLE, OfPageTable::Clean, |f| [f.frame(0), 0, 0, 0], Fixture::dirty, nothing;

    component_name: COMPONENT, OfComponent::Name, |_| [0x656d_616e, 0, 0, 0], nothing, nothing;
    component_revoke: SLOTS, OfComponent::Revoke, |_| [0; 4], Fixture::components, Fixture::reclaim_revoked;
    thread_migrate: THREAD, ThreadOperation::Migrate, |_| [0; 4], nothing, nothing;
    thread_read_register: THREAD, ThreadOperation::ReadRegister, |_| [number::RIP, 0, 0, 0], nothing, nothing;
    thread_write_register: THREAD, ThreadOperation::WriteRegister, |_| [number::RIP, PLACE, 0, 0], nothing, nothing;
    frequency: RECEIVE, ReceiveOperation::Frequency, |_| [0; 4], nothing, nothing;
    ports_read: PORT, PortsOperation::Read, |_| [0; 4], nothing, nothing;
    ports_write: PORT, PortsOperation::Write, |_| [0; 4], nothing, nothing;
    debug_console_write: slot::DEBUG_CONSOLE, DebugConsoleOperation::Write, |_| [0; 4], nothing, nothing;
    temporal_capability_read: TIME, OfTime::Read, |_| [0; 4], nothing, nothing;
    temporal_capability_transfer: TIME, OfTime::Transfer, |_| [SPARE_TIME.into(), 1, 0, 0], nothing, nothing;
    temporal_capability_delegate: slot::TIME, OfTime::Delegate, |_| [TIME.into(), 1, 5, 0], nothing, nothing;
    temporal_capability_merge: SLOTS, OfTime::Merge, |_| [TIME.into(), 0, 0, 0], Fixture::temporals, Fixture::empty_merged;
}

#[rustfmt::skip]
operations! { OF_LINES:
    interrupt_attach: SLOTS, OfInterrupt::Attach, |_| [SEND.into(), 0, 0, 0], Fixture::lines, Fixture::detach;
    interrupt_mask: SLOTS, OfInterrupt::Mask, |_| [0; 4], Fixture::attached, Fixture::detach;
    interrupt_acknowledge: SLOTS, OfInterrupt::Acknowledge, |_| [0; 4], Fixture::masked, Fixture::detach;
    interrupt_detach: SLOTS, OfInterrupt::Detach, |_| [0; 4], Fixture::attached, Fixture::empty;
}

#[rustfmt::skip]
operations! { OF_LEVELS:
    level_read_register: LEVEL, OfLevel::ReadRegister, |_| [number::RBX, 0, 0, 0], nothing, nothing;
    level_write_register: LEVEL, OfLevel::WriteRegister, |_| [number::RBX, 1, 0, 0], nothing, nothing;
    level_read_memory: LEVEL, OfLevel::ReadMemory, |_| [PLACE, 0, 0, 0], nothing, nothing;
    level_write_memory: LEVEL, OfLevel::WriteMemory, |_| [PLACE, 1, 0, 0], nothing, nothing;
}

/// The loop that the handler runs, its words and its iterations.
static HANDLED: Handled = Handled {
    repeat: AtomicPtr::new(null_mut()),
    words: [const { AtomicU64::new(0) }; 5],
    iterations: AtomicU64::new(0),
};

#[repr(C)]
struct Handled {
    repeat: AtomicPtr<()>,
    words: [AtomicU64; 5],
    iterations: AtomicU64,
}

/// Says what the handler of a fault is to run.
pub fn let_handler_run(repeat: Loop, words: &Words, iterations: u64) {
    HANDLED.repeat.store(repeat as *mut (), Relaxed);
    HANDLED.words.iter().zip(words).for_each(|(place, word)| place.store(*word, Relaxed));
    HANDLED.iterations.store(iterations, Relaxed);
}

unsafe extern "C" {
    /// Where a thread starts that faults once.
    pub fn level_fault() -> !;
    /// Its handler, which runs a loop.
    pub fn level_handler() -> !;
}

global_asm!(
    ".set HANDLED, {handled}",
    ".set GATHERED, {status}",
    ".set GO_ON, {resume}",
    include_str!("operations.s"),
    handled = sym HANDLED,
    status = sym STATUS,
    resume = const Answer::Resume as u64,
);
