//! A small world, and what is tried in it: groups of steps about the same few things, which together are every operation.

use abi::boot::slot;
use abi::crossing::FAULT_HANDLER;
use abi::fault::Answer;
use abi::layout;
use abi::operation::{
    ComponentOperation, DebugConsoleOperation, HandledLevelOperation, InterruptOperation, PageTableOperation,
    PortsOperation, PowerOperation, ReceiveOperation, SendOperation, TableOperation, TemporalCapabilityOperation,
    ThreadOperation,
};
use abi::register::number::RIP;
use abi::rights::RECLAIM;
use play::Call;
use play::world::{DEVICE, FIRST_FRAME, LINE, PORT};

/// How the kernel is entered.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// By a call.
    Call(Call),
    /// By a fault.
    Fault,
    /// By an interrupt: of the timer, or of the device that has [`LINE`].
    Interrupt(Option<u32>),
}

// What there is, beside what a base constructor starts with.
const THREAD: u32 = 20;
const RECEIVE: u32 = 21;
const COMPONENT: u32 = 22;
const OTHER_TIME: u32 = 23;
const SEND: u32 = 26;
/// A thread of a component with a table of its own, in which the first component handles its faults.
const FAULTING: u32 = 27;
const FAULTING_COMPONENT: u32 = 28;
const FAULTING_TABLE: u32 = 29;
const LEVEL: u32 = 30;
/// A line.
const INTERRUPT: u32 = 31;
/// Where calls put what they make.
const NEW: u32 = 24;
const COPY: u32 = 25;
/// A leaf that is not there, and a slot of it.
const LEAF: u64 = 3;
const FAR_SLOT: u64 = LEAF * abi::crossing::LEAF_SLOTS as u64;
/// A page with a table above it, the next one, and one that lacks that table alone.
const PAGE: u64 = 0x6800_0000_0000;
const NEXT: u64 = PAGE + layout::PAGE;
const APART: u64 = PAGE + (1 << 21);
/// A page of memory that stays.
const MEMORY: u64 = PAGE + 16 * layout::PAGE;
/// Where components are entered.
const ENTRY: u64 = 0x40_0000;
const INDEX: u64 = 77;

const fn frame(number: u64) -> u64 {
    FIRST_FRAME + (number << 12)
}

const fn pair(high: u32, low: u32) -> u64 {
    (high as u64) << 32 | low as u64
}

const fn step(capability: u32, operation: u16, words: [u64; 4]) -> Step {
    Step::Call(Call::new(capability, operation, words))
}

const fn in_table(table: u32, operation: TableOperation, words: [u64; 4]) -> Step {
    step(table, operation as u16, words)
}

const fn table(operation: TableOperation, words: [u64; 4]) -> Step {
    in_table(slot::TABLE, operation, words)
}

const fn pages(operation: PageTableOperation, words: [u64; 4]) -> Step {
    step(slot::PAGE_TABLE, operation as u16, words)
}

const fn thread(operation: ThreadOperation, words: [u64; 4]) -> Step {
    step(THREAD, operation as u16, words)
}

const fn level(operation: HandledLevelOperation, words: [u64; 4]) -> Step {
    step(LEVEL, operation as u16, words)
}

const fn time(operation: TemporalCapabilityOperation, words: [u64; 4]) -> Step {
    step(OTHER_TIME, operation as u16, words)
}

/// A return with success and these words: to whoever invoked, or of a fault's handler.
const fn returns(words: [u64; 2]) -> Step {
    step(0, 0, [words[0], words[1], 0, 0])
}

/// What makes the world.
pub const WORLD: [Step; 17] = [
    pages(PageTableOperation::Graft, [PAGE, frame(0), 3, 0]),
    pages(PageTableOperation::Graft, [PAGE, frame(1), 2, 0]),
    pages(PageTableOperation::Graft, [PAGE, frame(2), 1, 0]),
    table(TableOperation::CreateComponent, [COMPONENT as u64, frame(3), pair(slot::TABLE, slot::PAGE_TABLE), INDEX]),
    table(TableOperation::CreateThread, [THREAD as u64, frame(4), pair(COMPONENT, 9), ENTRY]),
    table(TableOperation::CreateReceive, [RECEIVE as u64, THREAD as u64, 0, 0]),
    table(TableOperation::CreateTemporalCapability, [OTHER_TIME as u64, frame(5), pair(RECEIVE, slot::TIME), 100]),
    table(TableOperation::CreateReceive, [19, THREAD as u64, 0, 0]),
    table(TableOperation::CreateSend, [SEND as u64, THREAD as u64, 0, 0]),
    pages(PageTableOperation::Map, [MEMORY, frame(6), 3, 0]),
    table(TableOperation::CreateTable, [FAULTING_TABLE as u64, frame(7), 0, 0]),
    in_table(FAULTING_TABLE, TableOperation::Graft, [0, frame(8), 0, 0]),
    table(
        TableOperation::CreateComponent,
        [FAULTING_COMPONENT as u64, frame(9), pair(FAULTING_TABLE, slot::PAGE_TABLE), INDEX + 2],
    ),
    table(TableOperation::CreateThread, [FAULTING as u64, frame(15), pair(FAULTING_COMPONENT, 11), ENTRY]),
    in_table(FAULTING_TABLE, TableOperation::CreateInvocation, [pair(COMPONENT, FAULT_HANDLER), ENTRY, 0, 1]),
    table(TableOperation::CreateHandledLevel, [LEVEL as u64, 0, 0, 0]),
    table(TableOperation::CreateInterrupt, [INTERRUPT as u64, slot::INTERRUPTS as u64, LINE, 0]),
];

/// Steps of which every sequence is tried.
pub const GROUPS: [&[Step]; 5] = [&OBJECTS, &TABLES, &PAGES, &DEVICES, &RUNNING];

/// Few things to make, and every way to end, copy, move or use them, over two slots and two frames.
const OBJECTS: [Step; 25] = [
    table(TableOperation::Copy, [COPY as u64, NEW as u64, RECLAIM | 1, 0]),
    table(TableOperation::Copy, [COPY as u64, THREAD as u64, 0, 0]),
    table(TableOperation::Remove, [NEW as u64, 0, 0, 0]),
    table(TableOperation::Remove, [COPY as u64, 0, 0, 0]),
    table(TableOperation::Reclaim, [NEW as u64, 0, 0, 0]),
    table(TableOperation::Reclaim, [COPY as u64, 0, 0, 0]),
    table(TableOperation::Reclaim, [COMPONENT as u64, 0, 0, 0]),
    table(TableOperation::CreateTable, [NEW as u64, frame(10), 0, 0]),
    table(TableOperation::CreateThread, [NEW as u64, frame(10), pair(COMPONENT, 10), ENTRY]),
    table(TableOperation::CreateInvocation, [pair(COMPONENT, NEW), ENTRY, 0, 3]),
    table(TableOperation::CreateTemporalCapability, [NEW as u64, frame(10), pair(RECEIVE, OTHER_TIME), 40]),
    table(TableOperation::CreateSend, [NEW as u64, RECEIVE as u64, 0, 0]),
    table(TableOperation::Quiesce, [1, 0, 0, 0]),
    step(COMPONENT, ComponentOperation::Revoke as u16, [0; 4]),
    // Whatever is in these slots.
    step(NEW, 0, [0; 4]),
    step(NEW, 1, [OTHER_TIME as u64, u64::MAX, 0, 0]),
    step(COPY, 0, [0, 0, 0, RECEIVE as u64]),
    time(TemporalCapabilityOperation::Delegate, [NEW as u64, 50, 3, 0]),
    time(TemporalCapabilityOperation::Merge, [NEW as u64, 0, 0, 0]),
    pages(PageTableOperation::Map, [PAGE, frame(10), 3, 0]),
    pages(PageTableOperation::Alias, [NEXT, PAGE, 1, 0]),
    pages(PageTableOperation::Alias, [PAGE + 8192, NEXT, 3, 0]),
    pages(PageTableOperation::Unmap, [PAGE, 0, 0, 0]),
    pages(PageTableOperation::Move, [NEXT, PAGE, slot::PAGE_TABLE as u64, 0]),
    returns([0, 0]),
];

/// Tables that grow and shrink, and components that hold them.
const TABLES: [Step; 22] = [
    table(TableOperation::Graft, [LEAF, frame(10), 0, 0]),
    table(TableOperation::Graft, [LEAF, frame(11), 0, 0]),
    table(TableOperation::Prune, [LEAF, 0, 0, 0]),
    table(TableOperation::Copy, [FAR_SLOT, THREAD as u64, 0, 0]),
    table(TableOperation::Remove, [FAR_SLOT, 0, 0, 0]),
    table(TableOperation::CreateTable, [NEW as u64, frame(12), 0, 0]),
    table(TableOperation::CreateTable, [FAR_SLOT, frame(10), 0, 0]),
    in_table(NEW, TableOperation::Graft, [0, frame(13), 0, 0]),
    in_table(NEW, TableOperation::Copy, [5, THREAD as u64, 0, 0]),
    in_table(NEW, TableOperation::Prune, [0, 0, 0, 0]),
    table(TableOperation::CreateComponent, [COPY as u64, frame(14), pair(NEW, slot::PAGE_TABLE), INDEX + 1]),
    table(TableOperation::CreateComponent, [COPY as u64, frame(14), pair(slot::TABLE, slot::PAGE_TABLE), INDEX]),
    table(TableOperation::CreateComponent, [COPY as u64, frame(10), pair(slot::TABLE, slot::PAGE_TABLE), INDEX + 1]),
    step(COPY, ComponentOperation::Name as u16, [0x61, 0, 0, 0]),
    step(COPY, ComponentOperation::Revoke as u16, [0; 4]),
    table(TableOperation::Reclaim, [COPY as u64, 0, 0, 0]),
    table(TableOperation::Reclaim, [NEW as u64, 0, 0, 0]),
    table(TableOperation::CreateHandledLevel, [NEW as u64, 0, 0, 0]),
    table(TableOperation::CreateReceive, [COPY as u64, NEW as u64, 0, 0]),
    table(TableOperation::CreateThread, [NEW as u64, frame(14), pair(COPY, 10), ENTRY]),
    table(TableOperation::Quiesce, [1, 0, 0, 0]),
    table(TableOperation::Quiesce, [2, 0, 0, 0]),
];

/// Frames, under every name, in tables that grow and shrink.
const PAGES: [Step; 22] = [
    pages(PageTableOperation::Graft, [APART, frame(10), 1, 0]),
    pages(PageTableOperation::Graft, [APART, frame(11), 1, 0]),
    pages(PageTableOperation::Prune, [APART, 1, 0, 0]),
    pages(PageTableOperation::Prune, [PAGE, 1, 0, 0]),
    pages(PageTableOperation::Map, [PAGE, frame(10), 3, 0]),
    pages(PageTableOperation::Map, [APART, frame(12), 1, 0]),
    pages(PageTableOperation::Map, [NEXT, frame(12), 3, 0]),
    pages(PageTableOperation::Name, [PAGE, frame(10), 0, 0]),
    pages(PageTableOperation::Name, [APART, frame(12), 0, 0]),
    pages(PageTableOperation::Map, [NEXT, PAGE, 3, 0]),
    pages(PageTableOperation::Move, [APART, PAGE, slot::PAGE_TABLE as u64, 0]),
    pages(PageTableOperation::Move, [PAGE, APART, slot::PAGE_TABLE as u64, 0]),
    pages(PageTableOperation::Move, [PAGE, PAGE, NEW as u64, 0]),
    pages(PageTableOperation::Alias, [NEXT, PAGE, 1, 0]),
    pages(PageTableOperation::Alias, [APART, PAGE, 3, 0]),
    pages(PageTableOperation::Unmap, [PAGE, 0, 0, 0]),
    pages(PageTableOperation::Unmap, [APART, 0, 0, 0]),
    pages(PageTableOperation::Clean, [frame(10), 0, 0, 0]),
    pages(PageTableOperation::Clean, [frame(12), 0, 0, 0]),
    table(TableOperation::CreatePageTable, [NEW as u64, frame(10), 0, 0]),
    step(NEW, PageTableOperation::Graft as u16, [PAGE, frame(12), 3, 0]),
    table(TableOperation::Reclaim, [NEW as u64, 0, 0, 0]),
];

/// Parts of the machine: ports, lines, pages, the console and the end.
const DEVICES: [Step; 23] = [
    table(TableOperation::CreatePorts, [NEW as u64, slot::PORTS as u64, PORT << 32 | 1, 0]),
    table(TableOperation::CreatePorts, [COPY as u64, NEW as u64, PORT << 32 | 2, 0]),
    step(NEW, PortsOperation::Read as u16, [0; 4]),
    step(NEW, PortsOperation::Write as u16, [0, 0x55, 0, 0]),
    step(NEW, PortsOperation::Write as u16, [1, 0x55, 0, 0]),
    table(TableOperation::CreateInterrupt, [NEW as u64, slot::INTERRUPTS as u64, LINE, 0]),
    table(TableOperation::CreateInterrupt, [COPY as u64, INTERRUPT as u64, LINE + 1, 0]),
    step(INTERRUPT, InterruptOperation::Attach as u16, [SEND as u64, 0, 0, 0]),
    step(INTERRUPT, InterruptOperation::Acknowledge as u16, [0; 4]),
    step(INTERRUPT, InterruptOperation::Mask as u16, [0; 4]),
    step(INTERRUPT, InterruptOperation::Detach as u16, [0; 4]),
    Step::Interrupt(Some(LINE as u32)),
    table(TableOperation::CreatePhysicalRange, [NEW as u64, slot::DEVICES as u64, DEVICE, 1]),
    table(TableOperation::CreatePhysicalRange, [COPY as u64, slot::DEVICES as u64, DEVICE + 0x10_0000, 1]),
    pages(PageTableOperation::MapDevice, [PAGE, NEW as u64, 3, 0]),
    pages(PageTableOperation::MapDevice, [PAGE, COPY as u64, 3, 0]),
    pages(PageTableOperation::MapDevice, [PAGE, NEW as u64, 5, 1]),
    pages(PageTableOperation::Unmap, [PAGE, 0, 0, 0]),
    table(TableOperation::Copy, [COPY as u64, INTERRUPT as u64, 1, 0]),
    table(TableOperation::Remove, [NEW as u64, 0, 0, 0]),
    step(COPY, InterruptOperation::Attach as u16, [SEND as u64, 0, 0, 0]),
    step(slot::DEBUG_CONSOLE, DebugConsoleOperation::Write as u16, [0; 4]),
    step(slot::POWER, PowerOperation::End as u16, [7, 0, 0, 0]),
];

/// Who runs, on what, and what others see of it.
const RUNNING: [Step; 26] = [
    thread(ThreadOperation::Dispatch, [0; 4]),
    thread(ThreadOperation::Dispatch, [0, 0, u64::MAX, RECEIVE as u64]),
    thread(ThreadOperation::ReadRegister, [RIP, 0, 0, 0]),
    thread(ThreadOperation::WriteRegister, [RIP, ENTRY + 64, 0, 0]),
    thread(ThreadOperation::WriteRegister, [RIP, 1 << 63, 0, 0]),
    thread(ThreadOperation::Launch, [0; 4]),
    thread(ThreadOperation::Ended, [0; 4]),
    thread(ThreadOperation::Migrate, [0; 4]),
    thread(ThreadOperation::Migrate, [1, 0, 0, 0]),
    step(RECEIVE, ReceiveOperation::Receive as u16, [1, 0, 0, 0]),
    step(RECEIVE, ReceiveOperation::Receive as u16, [0, 50, 0, 0]),
    step(RECEIVE, ReceiveOperation::Frequency as u16, [0; 4]),
    step(SEND, SendOperation::Send as u16, [0; 4]),
    table(TableOperation::CreateReceive, [COPY as u64, FAULTING as u64, 0, 0]),
    time(TemporalCapabilityOperation::Read, [0; 4]),
    time(TemporalCapabilityOperation::Transfer, [slot::TIME as u64, 40, 3, 0]),
    time(TemporalCapabilityOperation::Delegate, [slot::TIME as u64, 101, 3, 0]),
    step(FAULTING, ThreadOperation::Dispatch as u16, [0; 4]),
    Step::Fault,
    level(HandledLevelOperation::ReadRegister, [RIP, 0, 0, 0]),
    level(HandledLevelOperation::WriteRegister, [RIP, ENTRY, 0, 0]),
    level(HandledLevelOperation::ReadMemory, [MEMORY, 0, 0, 0]),
    level(HandledLevelOperation::WriteMemory, [MEMORY, 7, 0, 0]),
    returns([Answer::Retry as u64, 0]),
    returns([Answer::Unwind as u64, 0]),
    Step::Interrupt(None),
];
