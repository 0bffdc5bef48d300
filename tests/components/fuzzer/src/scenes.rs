//! What no player can cause: it takes the base constructor's own capabilities, another core, or chains of schedulers.

mod ended_while_handled;
mod migration;

use crate::neighbours::{CLIENT, INDEX, Neighbours, THREAD, make, pair};
use crate::stage::Guest;
use abi::boot::slot;
use abi::error::Error;
use abi::kind::Kind;
use abi::layout::{PAGE, READ};
use abi::operation::{
    InterruptOperation, PageTableOperation, SendOperation, TableOperation, TemporalCapabilityOperation, ThreadOperation,
};
use abi::rights;
use abi::time::SCHEDULERS;
use core::arch::naked_asm;
use core::hint::spin_loop;
use play::tally::operations;
use play::world::{FAR, LINE};

/// The director's leaves for these, behind that of the neighbours.
const LEAVES: [u32; 2] = [482, 483];
const FIRST_SLOT: u32 = LEAVES[0] * abi::crossing::LEAF_SLOTS;
/// A slot that stays empty.
const NOTHING: u32 = FIRST_SLOT;
/// Slots of a thread of the other core that faults, and of what is made of the one that works there.
const FAULTY: u32 = FIRST_SLOT + 1;
const RECEIVE_THERE: u32 = FIRST_SLOT + 2;
const TIME_THERE: u32 = FIRST_SLOT + 3;
/// Slots of schedulers' threads, end-points and temporal capabilities.
const TIMED: u32 = FIRST_SLOT + 8;
/// Slots that are filled and emptied again.
const MADE: u32 = FIRST_SLOT + 4;
const BARE: u32 = FIRST_SLOT + 5;
const LINE_OF_ALL: u32 = FIRST_SLOT + 6;
/// A table that stays.
const USED: u32 = FIRST_SLOT + 7;
/// Slots of a thread of the other core, and of what sends to it.
const SENT_THERE: [u32; 3] = {
    let last = (LEAVES[1] + 1) * abi::crossing::LEAF_SLOTS;
    [last - 1, last - 2, last - 3]
};
/// Indices of threads that nobody else uses.
const THREADS: u64 = INDEX + 8;
/// The other core.
const CORE: u64 = 1;
/// A line that the machine does not have, and a page of its memory.
const NO_LINE: u64 = 100;
const MEMORY: u64 = 16 << 20;
/// What is moved, where it does not matter.
const CYCLES: u64 = 1000;

/// What is played while the neighbours are at work.
pub fn play(neighbours: &mut Neighbours, guest: &mut Guest) -> Result<(), Error> {
    for leaf in LEAVES {
        make(guest, TableOperation::Graft, [leaf.into(), neighbours.frame(), 0, 0])?;
    }
    whole_ranges(guest);
    without_rights(guest)?;
    of_what_is_gone(neighbours, guest)?;
    of_what_is_used(neighbours, guest)?;
    time(neighbours, guest)?;
    ended_while_handled::play(neighbours, guest)?;
    other_core(neighbours, guest)
}

/// A capability to all lines is not one to a line; and not everything is there that it is for.
fn whole_ranges(guest: &mut Guest) {
    for operation in InterruptOperation::ALL {
        guest.refused(Error::BadArgument, Kind::Interrupt, slot::INTERRUPTS, *operation as u16, [0; 4]);
    }
    let to = u64::from(NOTHING);
    table(guest, Error::BadArgument, TableOperation::CreateInterrupt, [to, slot::INTERRUPTS.into(), NO_LINE, 0]);
    table(guest, Error::FrameState, TableOperation::CreatePhysicalRange, [to, slot::DEVICES.into(), MEMORY, 1]);
    let words = [FAR, slot::DEVICES.into(), READ, MEMORY / PAGE];
    guest.refused(Error::FrameState, Kind::PageTable, slot::PAGE_TABLE, PageTableOperation::MapDevice as u16, words);
}

/// Every operation, of a capability that permits nothing.
fn without_rights(guest: &mut Guest) -> Result<(), Error> {
    for (kind, capability) in [
        (Kind::CapabilityTable, slot::TABLE),
        (Kind::PageTable, slot::PAGE_TABLE),
        (Kind::Component, CLIENT),
        (Kind::Thread, THREAD),
        (Kind::Receive, slot::RECEIVE),
        (Kind::Ports, slot::PORTS),
        (Kind::Interrupt, slot::INTERRUPTS),
        (Kind::TemporalCapability, slot::TIME),
    ] {
        let of = if kind == Kind::Interrupt { one_line(guest)? } else { capability };
        make(guest, TableOperation::Copy, [BARE.into(), of.into(), rights::ALL, 0])?;
        every_operation(guest, Error::RightsExceeded, kind, BARE);
        empty(guest, BARE)?;
    }
    Ok(())
}

/// A capability to a line that no device uses.
fn one_line(guest: &mut Guest) -> Result<u32, Error> {
    make(guest, TableOperation::CreateInterrupt, [LINE_OF_ALL.into(), slot::INTERRUPTS.into(), LINE, 0])?;
    Ok(LINE_OF_ALL)
}

/// Every operation, of a copy of what has been reclaimed.
fn of_what_is_gone(neighbours: &mut Neighbours, guest: &mut Guest) -> Result<(), Error> {
    use TableOperation::*;
    let gone = |guest: &mut Guest, kind, operation, words: [u64; 3]| {
        make(guest, operation, [MADE.into(), words[0], words[1], words[2]])?;
        make(guest, Copy, [BARE.into(), MADE.into(), 0, 0])?;
        let ends = guest.ask(Kind::CapabilityTable, slot::TABLE, Reclaim as u16, [MADE.into(), 0, 0, 0]);
        every_operation(guest, Error::Revoked, kind, BARE);
        quiesce(guest, ends?[0])?;
        empty(guest, BARE)
    };
    gone(guest, Kind::CapabilityTable, CreateTable, [neighbours.frame(), 0, 0])?;
    gone(guest, Kind::PageTable, CreatePageTable, [neighbours.frame(), 0, 0])?;
    gone(guest, Kind::TemporalCapability, CreateTemporalCapability, [neighbours.frame(), pair(slot::RECEIVE, 0), 0])?;
    let thread = [neighbours.frame(), pair(CLIENT, THREADS), faults as *const () as u64];
    let thread = [FAULTY.into(), thread[0], thread[1], thread[2]];
    make(guest, CreateThread, thread)?;
    make(guest, CreateReceive, [RECEIVE_THERE.into(), FAULTY.into(), 0, 0])?;
    make(guest, CreateSend, [BARE.into(), RECEIVE_THERE.into(), 0, 0])?;
    let ends = guest.ask(Kind::CapabilityTable, slot::TABLE, Reclaim as u16, [FAULTY.into(), 0, 0, 0])?;
    every_operation(guest, Error::Revoked, Kind::Receive, RECEIVE_THERE);
    every_operation(guest, Error::Revoked, Kind::Send, BARE);
    quiesce(guest, ends[0])?;
    empty(guest, BARE)?;
    empty(guest, RECEIVE_THERE)
}

/// Asks for all that can be asked of a capability of this kind, which is refused with `expected`, as long as that comes first.
fn every_operation(guest: &mut Guest, expected: Error, kind: Kind, capability: u32) {
    for operation in 0..operations(kind) as u16 {
        let words = [FAR, slot::DEVICES.into(), slot::PAGE_TABLE.into(), 0];
        if expected == Error::RightsExceeded && needs_no_right(kind, operation) {
            let _ = guest.ask(kind, capability, operation, words);
        } else {
            let expected = comes_first(kind, operation).unwrap_or(expected);
            guest.refused(expected, kind, capability, operation, words);
        }
    }
}

/// Whether everybody may who has such a capability.
fn needs_no_right(kind: Kind, operation: u16) -> bool {
    [
        (Kind::Thread, ThreadOperation::Ended as u16),
        (Kind::TemporalCapability, TemporalCapabilityOperation::Read as u16),
    ]
    .contains(&(kind, operation))
}

/// What is wrong with those words for an operation that looks at them before it looks at what it is asked of.
fn comes_first(kind: Kind, operation: u16) -> Option<Error> {
    use TableOperation::*;
    let is = |other: TableOperation| kind == Kind::CapabilityTable && operation == other as u16;
    match kind {
        _ if [CreateComponent, CreateThread, CreateInvocation].into_iter().any(is) => Some(Error::Empty),
        _ if is(Quiesce) => Some(Error::BadArgument),
        Kind::TemporalCapability if operation == TemporalCapabilityOperation::Merge as u16 => Some(Error::OutOfRange),
        _ => None,
    }
}

/// Every object, of a frame that is one already.
fn of_what_is_used(neighbours: &mut Neighbours, guest: &mut Guest) -> Result<(), Error> {
    use TableOperation::*;
    let (to, frame) = (u64::from(NOTHING), neighbours.frame());
    make(guest, CreateTable, [USED.into(), frame, 0, 0])?;
    let tables = pair(slot::TABLE, slot::PAGE_TABLE.into());
    table(guest, Error::FrameState, CreateTable, [to, frame, 0, 0]);
    table(guest, Error::FrameState, CreatePageTable, [to, frame, 0, 0]);
    table(guest, Error::FrameState, CreateComponent, [to, frame, tables, INDEX + 9]);
    table(guest, Error::FrameState, CreateThread, [to, frame, pair(CLIENT, THREADS), faults as *const () as u64]);
    table(guest, Error::FrameState, CreateTemporalCapability, [to, frame, pair(slot::RECEIVE, 0), 0]);
    Ok(())
}

/// Empties a slot, to be filled again.
fn empty(guest: &mut Guest, slot: u32) -> Result<(), Error> {
    let [epoch, _] =
        guest.ask(Kind::CapabilityTable, slot::TABLE, TableOperation::Remove as u16, [slot.into(), 0, 0, 0])?;
    quiesce(guest, epoch)
}

fn quiesce(guest: &mut Guest, epoch: u64) -> Result<(), Error> {
    let mut ask = || guest.ask(Kind::CapabilityTable, slot::TABLE, TableOperation::Quiesce as u16, [epoch, 0, 0, 0]);
    let mut answer = ask();
    while answer == Err(Error::Pending) {
        spin_loop();
        answer = ask();
    }
    answer.map(|_| ())
}

/// What belongs to the other core is not this one's to use, nor to take away.
fn other_core(neighbours: &mut Neighbours, guest: &mut Guest) -> Result<(), Error> {
    let thread = THREAD + CORE as u32;
    table(guest, Error::WrongCore, TableOperation::Reclaim, [thread.into(), 0, 0, 0]);
    for operation in [ThreadOperation::Dispatch, ThreadOperation::ReadRegister, ThreadOperation::WriteRegister] {
        guest.refused(Error::WrongCore, Kind::Thread, thread, operation as u16, [0; 4]);
    }
    make(guest, TableOperation::CreateReceive, [RECEIVE_THERE.into(), thread.into(), 0, 0])?;
    let from = pair(RECEIVE_THERE, slot::TIME.into());
    make(guest, TableOperation::CreateTemporalCapability, [TIME_THERE.into(), neighbours.frame(), from, CYCLES])?;
    let from_here = pair(RECEIVE_THERE, (TIMED + 3).into());
    let words = [NOTHING.into(), neighbours.frame(), from_here, 1];
    table(guest, Error::WrongCore, TableOperation::CreateTemporalCapability, words);
    for operation in TemporalCapabilityOperation::ALL {
        let words = [slot::TIME.into(), CYCLES, 1, 0];
        guest.refused(Error::WrongCore, Kind::TemporalCapability, TIME_THERE, *operation as u16, words);
    }
    Ok(())
}

/// What is played when the other core runs nothing any more: a thread that has faulted there is not launched again.
pub fn after(neighbours: &mut Neighbours, guest: &mut Guest) -> Result<(), Error> {
    let of = pair(CLIENT, CORE << 16 | (THREADS + 40));
    make(guest, TableOperation::CreateThread, [FAULTY.into(), neighbours.frame(), of, faults as *const () as u64])?;
    let mut until_not = |error: Error, operation: ThreadOperation| {
        while guest.ask(Kind::Thread, FAULTY, operation as u16, [0; 4]) == Err(error) {
            spin_loop();
        }
    };
    until_not(Error::InUse, ThreadOperation::Launch);
    until_not(Error::Pending, ThreadOperation::Ended);
    until_not(Error::InUse, ThreadOperation::Launch);
    sent_there(neighbours, guest)?;
    migration::play(neighbours, guest)
}

/// A thread of a core that runs nothing is not taken away while what was sent to it is on its way. Where cores take turns, it is
/// on its way until this one pauses; where they do not, it may have come.
fn sent_there(neighbours: &mut Neighbours, guest: &mut Guest) -> Result<(), Error> {
    use TableOperation::{CreateReceive, CreateSend, CreateThread, Reclaim};
    let [thread, receive, send] = SENT_THERE;
    let of = pair(CLIENT, CORE << 16 | (THREADS + 39));
    make(guest, CreateThread, [thread.into(), neighbours.frame(), of, faults as *const () as u64])?;
    make(guest, CreateReceive, [receive.into(), thread.into(), 0, 0])?;
    make(guest, CreateSend, [send.into(), receive.into(), 0, 0])?;
    guest.ask(Kind::Send, send, SendOperation::Send as u16, [0; 4])?;
    let mut reclaim = || guest.ask(Kind::CapabilityTable, slot::TABLE, Reclaim as u16, [thread.into(), 0, 0, 0]);
    let mut answer = reclaim();
    while answer == Err(Error::Pending) {
        spin_loop();
        answer = reclaim();
    }
    answer.map(|_| ())
}

/// A thread that comes to nothing.
#[unsafe(naked)]
unsafe extern "C" fn faults() {
    naked_asm!("ud2")
}

/// Moves more time than there can be, and by way of more schedulers than there can be.
fn time(neighbours: &mut Neighbours, guest: &mut Guest) -> Result<(), Error> {
    use TemporalCapabilityOperation::{Delegate, Merge, Transfer};
    let mut schedulers = Schedulers { neighbours, guest, made: 0 };
    // Each is the one's below, until there is room for no more: the base constructor's thread has a say as well.
    let (mut receive, mut last) = schedulers.make()?;
    schedulers.give(slot::TIME, last, CYCLES)?;
    for _ in 2..SCHEDULERS {
        let (below, time) = schedulers.make()?;
        schedulers.give(last, time, CYCLES)?;
        (receive, last) = (below, time);
    }
    let (other, apart) = schedulers.make()?;
    let more = schedulers.time(receive)?;
    schedulers.give(slot::TIME, apart, u64::MAX - CYCLES)?;
    schedulers.give(apart, more, u64::MAX / 2)?;
    // One scheduler too many, by each of the ways.
    let words = [NOTHING.into(), schedulers.neighbours.frame(), pair(other, last.into()), CYCLES];
    table(schedulers.guest, Error::TooManySchedulers, TableOperation::CreateTemporalCapability, words);
    for (operation, to) in [(Delegate, apart), (Transfer, more), (Merge, more)] {
        schedulers.refused(Error::TooManySchedulers, operation, last, [to.into(), CYCLES, 1, 0]);
    }
    // More cycles than there can be.
    let (much, least) = (schedulers.time(other)?, schedulers.time(other)?);
    schedulers.give(slot::TIME, much, u64::MAX - CYCLES)?;
    schedulers.give(slot::TIME, least, 2 * CYCLES)?;
    for operation in [Delegate, Transfer, Merge] {
        schedulers.refused(Error::BudgetOverflow, operation, least, [much.into(), 2 * CYCLES, 1, 0]);
    }
    Ok(())
}

/// Schedulers that are made one after another.
struct Schedulers<'a> {
    neighbours: &'a mut Neighbours,
    guest: &'a mut Guest,
    made: u32,
}

impl Schedulers<'_> {
    /// One more, with time of its own, of which there is none yet: its end-point and that.
    fn make(&mut self) -> Result<(u32, u32), Error> {
        let [thread, receive] = [self.slot(), self.slot()];
        let of = pair(CLIENT, THREADS + u64::from(self.made));
        make(
            self.guest,
            TableOperation::CreateThread,
            [thread.into(), self.neighbours.frame(), of, faults as *const () as u64],
        )?;
        make(self.guest, TableOperation::CreateReceive, [receive.into(), thread.into(), 0, 0])?;
        Ok((receive, self.time(receive)?))
    }

    /// More time of the scheduler with this end-point.
    fn time(&mut self, receive: u32) -> Result<u32, Error> {
        let time = self.slot();
        let words = [time.into(), self.neighbours.frame(), pair(receive, 0), 0];
        make(self.guest, TableOperation::CreateTemporalCapability, words)?;
        Ok(time)
    }

    fn give(&mut self, from: u32, to: u32, cycles: u64) -> Result<(), Error> {
        let delegate = TemporalCapabilityOperation::Delegate as u16;
        self.guest.ask(Kind::TemporalCapability, from, delegate, [to.into(), cycles, 1, 0]).map(|_| ())
    }

    fn refused(&mut self, expected: Error, operation: TemporalCapabilityOperation, from: u32, words: [u64; 4]) {
        self.guest.refused(expected, Kind::TemporalCapability, from, operation as u16, words);
    }

    fn slot(&mut self) -> u32 {
        self.made += 1;
        TIMED + self.made
    }
}

/// Asks the base constructor's table for what is refused.
fn table(guest: &mut Guest, expected: Error, operation: TableOperation, words: [u64; 4]) {
    guest.refused(expected, Kind::CapabilityTable, slot::TABLE, operation as u16, words);
}
