//! One kind of object, made and destroyed again and again.

use crate::asking::{Asking, HOSTILE, PAGES, pair, words};
use crate::script::returns;
use abi::boot::slot::{DEVICES, FREE, INTERRUPTS, PAGE_TABLE, PORTS, TABLE, TIME};
use abi::error::Error;
use abi::layout::{PAGE, READ, WRITE};
use abi::operation::{
    ComponentOperation, PageTableOperation, TableOperation, TemporalCapabilityOperation, ThreadEnd, ThreadOperation,
};
use abi::rights;
use abi::time::EVERYTHING;

/// The slots of what is made.
const MADE: u32 = FREE;
const SECOND: u32 = FREE + 1;
const THIRD: u32 = FREE + 2;
const FOURTH: u32 = FREE + 3;
/// The descriptor, and the thread, of what is made.
const INDEX: u32 = 40;
/// Cycles of a temporal capability.
const CYCLES: u64 = 100;
/// One port: that to which a PC says how far it has started.
const PORT: u64 = 0x80 << 32 | 1;
/// A line that every machine of this kind has, and the page of a device: the text screen's.
const LINE: u64 = 4;
const DEVICE: u64 = 0xb_8000;

/// Capability tables with a leaf, whose frames become user memory in between: kernel, untyped, user, untyped, kernel.
pub fn tables(asking: &mut Asking, rounds: u64) {
    let (root, leaf) = (asking.frame(0), asking.frame(1));
    for _ in 0..rounds {
        asking.done(TABLE, TableOperation::CreateTable as u16, [MADE.into(), root, 0, 0]);
        asking.done(MADE, TableOperation::Graft as u16, [510, leaf, 0, 0]);
        asking.answered(TABLE, TableOperation::Reclaim as u16, [MADE.into(), 0, 0, 0], Err(Error::InUse));
        asking.done(MADE, TableOperation::Prune as u16, [510, 0, 0, 0]);
        let epoch = asking.done(TABLE, TableOperation::Reclaim as u16, [MADE.into(), 0, 0, 0]);
        asking.answered(PAGE_TABLE, PageTableOperation::Map as u16, [PAGES, root, READ, 0], Err(Error::NotQuiescent));
        asking.quiesce(epoch);
        use_as_memory(asking, root);
    }
}

/// Maps a frame, expects zeros, leaves hostile words, and unmaps it.
fn use_as_memory(asking: &mut Asking, frame: u64) {
    asking.done(PAGE_TABLE, PageTableOperation::Map as u16, [PAGES, frame, READ | WRITE, 0]);
    let page = words(PAGES);
    if page.iter().any(|word| *word != 0) {
        asking.complain(format_args!("a page shows what another owner left"));
    }
    page.fill(HOSTILE);
    let epoch = asking.done(PAGE_TABLE, PageTableOperation::Unmap as u16, [PAGES, 0, 0, 0]);
    asking.quiesce(epoch);
}

/// Page tables with tables of every level below them.
pub fn page_tables(asking: &mut Asking, rounds: u64) {
    for _ in 0..rounds {
        asking.done(TABLE, TableOperation::CreatePageTable as u16, [MADE.into(), asking.frame(0), 0, 0]);
        for level in [3, 2, 1] {
            asking.done(MADE, PageTableOperation::Graft as u16, [PAGES, asking.frame(level), level, 0]);
        }
        for level in [1, 2, 3] {
            asking.done(MADE, PageTableOperation::Prune as u16, [PAGES, level, 0, 0]);
        }
        let epoch = asking.done(TABLE, TableOperation::Reclaim as u16, [MADE.into(), 0, 0, 0]);
        asking.quiesce(epoch);
    }
}

/// Memory that two pages show, named elsewhere and moved.
pub fn memory(asking: &mut Asking, rounds: u64) {
    let (name, moved, alias) = (PAGES + 8 * PAGE, PAGES + PAGE, PAGES + 2 * PAGE);
    for _ in 0..rounds {
        asking.done(PAGE_TABLE, PageTableOperation::Name as u16, [name, asking.frame(0), 0, 0]);
        use_as_memory(asking, name);
        asking.done(PAGE_TABLE, PageTableOperation::Map as u16, [PAGES, name, READ | WRITE, 0]);
        asking.done(PAGE_TABLE, PageTableOperation::Alias as u16, [alias, PAGES, READ, 0]);
        asking.done(PAGE_TABLE, PageTableOperation::Move as u16, [moved, PAGES, PAGE_TABLE.into(), 0]);
        words(moved).fill(HOSTILE);
        asking.answered(PAGE_TABLE, PageTableOperation::Unmap as u16, [PAGES, 0, 0, 0], Err(Error::NoFrame));
        asking.done(PAGE_TABLE, PageTableOperation::Unmap as u16, [moved, 0, 0, 0]);
        asking.done(PAGE_TABLE, PageTableOperation::Unmap as u16, [alias, 0, 0, 0]);
        let epoch = asking.done(PAGE_TABLE, PageTableOperation::Unmap as u16, [name, 0, 0, 0]);
        asking.quiesce(epoch);
    }
}

/// Threads that run and end.
pub fn threads(asking: &mut Asking, rounds: u64) {
    make_component(asking, SECOND);
    let create = [MADE.into(), asking.frame(0), pair(SECOND, INDEX), returns()];
    for _ in 0..rounds {
        asking.done(TABLE, TableOperation::CreateThread as u16, create);
        let ended = Ok([ThreadEnd::Returned as u64, 0]);
        asking.answered(MADE, ThreadOperation::Dispatch as u16, [0; 4], ended);
        let epoch = asking.done(TABLE, TableOperation::Reclaim as u16, [MADE.into(), 0, 0, 0]);
        asking.quiesce(epoch);
    }
    give_up_component(asking, SECOND);
}

/// What only takes a slot: invocations, end-points, copies.
pub fn slots(asking: &mut Asking, rounds: u64) {
    make_component(asking, SECOND);
    let thread = [THIRD.into(), asking.frame(0), pair(SECOND, INDEX), returns()];
    asking.done(TABLE, TableOperation::CreateThread as u16, thread);
    for _ in 0..rounds {
        let invocation = [pair(SECOND, MADE), returns(), 0, 1];
        for (operation, words) in [
            (TableOperation::CreateInvocation, invocation),
            (TableOperation::CreateReceive, [FOURTH.into(), THIRD.into(), 0, 0]),
            (TableOperation::CreateSend, [u64::from(FOURTH) + 1, FOURTH.into(), 0, 0]),
            (TableOperation::Copy, [u64::from(FOURTH) + 2, THIRD.into(), rights::RECLAIM, 0]),
        ] {
            asking.done(TABLE, operation as u16, words);
        }
        asking.answered(MADE, 0, [3, 4, 5, 6], Ok([3, 4]));
        let mut epoch = 0;
        for slot in [MADE, FOURTH, FOURTH + 1, FOURTH + 2] {
            epoch = asking.done(TABLE, TableOperation::Remove as u16, [slot.into(), 0, 0, 0]);
        }
        asking.quiesce(epoch);
    }
    let epoch = asking.done(TABLE, TableOperation::Reclaim as u16, [THIRD.into(), 0, 0, 0]);
    asking.quiesce(epoch);
    give_up_component(asking, SECOND);
}

/// Components that share the constructor's own tables; each is entered once.
pub fn components(asking: &mut Asking, rounds: u64) {
    for _ in 0..rounds {
        make_component(asking, MADE);
        asking.done(TABLE, TableOperation::CreateInvocation as u16, [pair(MADE, SECOND), returns(), 0, 1]);
        asking.answered(SECOND, 0, [3, 4, 5, 6], Ok([3, 4]));
        asking.answered(TABLE, TableOperation::Reclaim as u16, [MADE.into(), 0, 0, 0], Err(Error::InUse));
        give_up_component(asking, MADE);
        asking.answered(SECOND, 0, [0; 4], Err(Error::Revoked));
        let epoch = asking.done(TABLE, TableOperation::Remove as u16, [SECOND.into(), 0, 0, 0]);
        asking.quiesce(epoch);
    }
}

/// Temporal capabilities of another scheduler: filled, emptied into each other in every way, and ended in both.
pub fn temporal_capabilities(asking: &mut Asking, rounds: u64) {
    make_component(asking, SECOND);
    let thread = [THIRD.into(), asking.frame(0), pair(SECOND, INDEX), returns()];
    asking.done(TABLE, TableOperation::CreateThread as u16, thread);
    asking.done(TABLE, TableOperation::CreateReceive as u16, [FOURTH.into(), THIRD.into(), 0, 0]);
    (0..rounds).for_each(|_| give_and_take(asking));
    let epoch = asking.done(TABLE, TableOperation::Remove as u16, [FOURTH.into(), 0, 0, 0]);
    asking.quiesce(epoch);
    let epoch = asking.done(TABLE, TableOperation::Reclaim as u16, [THIRD.into(), 0, 0, 0]);
    asking.quiesce(epoch);
    give_up_component(asking, SECOND);
}

/// Two that have the cycles of one, for the scheduler that receives at [`FOURTH`].
fn give_and_take(asking: &mut Asking) {
    use TemporalCapabilityOperation::*;
    let other = FOURTH + 1;
    for (slot, frame, from, cycles) in [(MADE, 1, TIME, CYCLES), (other, 2, 0, 0)] {
        let words = [slot.into(), asking.frame(frame), pair(FOURTH, from), cycles];
        asking.done(TABLE, TableOperation::CreateTemporalCapability as u16, words);
        asking.answered(slot, Read as u16, [0; 4], Ok([cycles, 0]));
    }
    asking.done(MADE, Delegate as u16, [other.into(), CYCLES / 2, 3, 0]);
    asking.done(other, Transfer as u16, [MADE.into(), CYCLES / 4, 0, 0]);
    asking.answered(MADE, Read as u16, [0; 4], Ok([CYCLES - CYCLES / 4, 0]));
    let merged = asking.done(MADE, Merge as u16, [other.into(), 0, 0, 0]);
    asking.answered(MADE, Read as u16, [0; 4], Err(Error::Revoked));
    asking.answered(other, Transfer as u16, [TIME.into(), EVERYTHING, 0, 0], Ok([CYCLES, 0]));
    let removed = asking.done(TABLE, TableOperation::Remove as u16, [MADE.into(), 0, 0, 0]);
    let epoch = asking.done(TABLE, TableOperation::Reclaim as u16, [other.into(), 0, 0, 0]);
    asking.quiesce(epoch.max(merged).max(removed));
}

/// Slots with what has no object: a part of the lines, of the I/O ports, of the devices' memory, which is mapped, and a level.
pub fn parts(asking: &mut Asking, rounds: u64) {
    use TableOperation::*;
    for _ in 0..rounds {
        asking.done(TABLE, CreateInterrupt as u16, [MADE.into(), INTERRUPTS.into(), LINE, 0]);
        asking.done(TABLE, CreatePhysicalRange as u16, [SECOND.into(), DEVICES.into(), DEVICE, 1]);
        asking.done(TABLE, CreateHandledLevel as u16, [THIRD.into(), 0, 0, 0]);
        asking.done(TABLE, CreatePorts as u16, [FOURTH.into(), PORTS.into(), PORT, 0]);
        asking.done(PAGE_TABLE, PageTableOperation::MapDevice as u16, [PAGES, SECOND.into(), READ, 0]);
        let mut epoch = asking.done(PAGE_TABLE, PageTableOperation::Unmap as u16, [PAGES, 0, 0, 0]);
        for slot in [MADE, SECOND, THIRD, FOURTH] {
            epoch = epoch.max(asking.done(TABLE, Remove as u16, [slot.into(), 0, 0, 0]));
            let copy = [slot.into(), TIME.into(), 0, 0];
            asking.answered(TABLE, Copy as u16, copy, Err(Error::NotQuiescent));
        }
        asking.quiesce(epoch);
    }
}

fn make_component(asking: &mut Asking, to: u32) {
    let words = [to.into(), asking.frame(32), pair(TABLE, PAGE_TABLE), INDEX.into()];
    asking.done(TABLE, TableOperation::CreateComponent as u16, words);
}

fn give_up_component(asking: &mut Asking, slot: u32) {
    let epoch = asking.done(slot, ComponentOperation::Revoke as u16, [0; 4]);
    asking.quiesce(epoch);
    let epoch = asking.done(TABLE, TableOperation::Reclaim as u16, [slot.into(), 0, 0, 0]);
    asking.quiesce(epoch);
}
