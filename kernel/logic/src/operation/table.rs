//! What can be asked of a capability table: filling slots, emptying them, growing it, and making objects.
//!
//! Each operation lists its checks and errors in [`TableOperation`].

use super::{Caller, Machine, check_entry, high, low, time};
use crate::capability::{self, Capability, Slot, word};
use crate::capability_table::CapabilityTable;
use crate::component;
use crate::core_state::CoreState;
use crate::frame::{self, Frame};
use crate::page_table::PageTable;
use crate::quiescence;
use crate::reclaim;
use crate::slot;
use crate::store::Store;
use crate::thread;
use abi::error::Error;
use abi::kind::Kind;
use abi::operation::{FOREIGN, TableOperation};
use abi::rights;

/// Performs operation `number` of the capability table in `held`; answers two words.
///
/// # Errors
///
/// See [`TableOperation`]; [`Error::UnknownOperation`].
#[inline]
pub fn operate(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    caller: Caller,
    held: &Slot,
    number: u16,
    words: [u64; 4],
) -> Result<[u64; 2], Error> {
    use TableOperation::*;
    let [slot, ..] = words;
    match TableOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        Copy => copy(store, caller, held, words).map(|()| DONE),
        CreateInvocation => create_invocation(store, caller, held, words).map(|()| DONE),
        Remove => Ok([remove(store, held, slot)?, 0]),
        CreateComponent => create_component(store, caller, held, words).map(|()| DONE),
        CreateThread => create_thread(store, caller, held, words).map(|()| DONE),
        _ => other(store, machine, core, caller, held, number, words),
    }
}

const DONE: [u64; 2] = [0; 2];

/// Performs operation `number`, if it is not one of [`copy`], [`create_invocation`], [`remove`], [`create_component`] and
/// [`create_thread`], which the entry paths know themselves.
///
/// # Errors
///
/// As [`operate`].
#[inline]
pub fn other(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    caller: Caller,
    held: &Slot,
    number: u16,
    words: [u64; 4],
) -> Result<[u64; 2], Error> {
    use TableOperation::*;
    let [slot, a, ..] = words;
    let with = |rights| of_other(store, held, rights);
    let adding = || of_other(store, held, rights::table::ADD);
    match TableOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        Copy | CreateInvocation | Remove | CreateComponent | CreateThread => return Err(Error::UnknownOperation),
        Graft => with(rights::table::GROW)?.graft(store, slot, caller.untyped(store, a)?)?,
        Prune => return Ok([with(rights::table::GROW)?.prune(store, slot)?, 0]),
        CreateTable => make(store, caller, adding()?, Kind::CapabilityTable, [slot, a], |frame| {
            CapabilityTable::create(store, frame);
            Ok(())
        })?,
        CreatePageTable => make(store, caller, adding()?, Kind::PageTable, [slot, a], |frame| {
            PageTable::create(store, frame);
            Ok(())
        })?,
        CreateReceive => {
            let target = adding()?.target(store, slot)?;
            derive(store, caller.slot(store, a)?, target, Kind::Receive)?;
        }
        CreateSend => {
            let target = adding()?.target(store, slot)?;
            derive(store, caller.slot(store, a)?, target, Kind::Send)?;
        }
        Reclaim => return Ok([reclaim_in(store, core, with(rights::table::REMOVE)?, slot)?, 0]),
        CreateTemporalCapability => time::create(store, machine, core, caller, adding()?, words)?,
        Quiesce => return quiescence::quiesce(store, machine, core, slot),
        CreatePorts | CreateInterrupt | CreatePhysicalRange | CreateHandledLevel => {
            create_device(store, machine, caller, adding()?, number, words)?;
        }
    }
    Ok(DONE)
}

/// Puts a copy of the caller's capability `number` into `slot` of the table in `held`, less what is left out.
///
/// # Errors
///
/// See [`TableOperation::Copy`].
#[inline(always)]
pub fn copy(
    store: &impl Store,
    caller: Caller,
    held: &Slot,
    [slot, number, left_out, _]: [u64; 4],
) -> Result<(), Error> {
    let target = to_fill(store, held)?.target(store, slot)?;
    slot::copy(store, caller.slot(store, number)?, target, left_out)
}

/// Empties `slot` of the table in `held`. Returns the epoch that must be past before it is filled again.
///
/// # Errors
///
/// See [`TableOperation::Remove`].
#[inline(always)]
pub fn remove(store: &impl Store, held: &Slot, slot: u64) -> Result<u64, Error> {
    let table = slot::object(store, held, Kind::CapabilityTable, rights::table::REMOVE).map(CapabilityTable)?;
    table.remove(store, slot)
}

/// The table in `held`, if the capability has `rights`, for what is rarely asked.
#[inline(never)]
fn of_other(store: &impl Store, held: &Slot, rights: u64) -> Result<CapabilityTable, Error> {
    slot::object(store, held, Kind::CapabilityTable, rights).map(CapabilityTable)
}

/// The table in `held`, to put something into it.
#[inline(always)]
fn to_fill(store: &impl Store, held: &Slot) -> Result<CapabilityTable, Error> {
    slot::object(store, held, Kind::CapabilityTable, rights::table::ADD).map(CapabilityTable)
}

/// Capabilities to parts of the machine, which nobody makes.
#[inline(never)]
fn create_device(
    store: &impl Store,
    machine: &impl Machine,
    caller: Caller,
    table: CapabilityTable,
    number: u16,
    [slot, whole, a, b]: [u64; 4],
) -> Result<(), Error> {
    if number == TableOperation::CreateHandledLevel as u16 {
        return table.add(store, slot, Capability::HandledLevel);
    }
    let source = caller.slot(store, whole)?;
    let header = slot::fresh(store, source)?;
    let part = match (TableOperation::from_number(number), capability::read(store, source)?) {
        (Some(TableOperation::CreatePorts), Capability::Ports(range)) => {
            Capability::Ports(range.part(high(a), low(a))?)
        }
        (Some(TableOperation::CreateInterrupt), Capability::Interrupt(lines)) => {
            Capability::Interrupt(lines.line(machine, a)?)
        }
        (Some(TableOperation::CreatePhysicalRange), Capability::PhysicalRange(range)) => {
            Capability::PhysicalRange(range.part(store, a, b)?)
        }
        _ => return Err(Error::WrongKind),
    };
    // What the whole does not permit, no part of it does.
    capability::commit_with(store, table.claim(store, slot)?, part, header >> slot::KIND_BITS);
    Ok(())
}

/// Fills `target` with an end-point of kind `made` of the thread behind `source`.
///
/// A thread capability can make both kinds; a receive end-point can make those to send there.
#[inline]
fn derive(store: &impl Store, source: &Slot, target: &Slot, made: Kind) -> Result<(), Error> {
    let is_receive = made == Kind::Send && slot::kind(source) == Kind::Receive as u8;
    let (kind, rights) = match is_receive {
        true => (Kind::Receive, rights::receive::MAKE_SEND),
        false => (Kind::Thread, rights::thread::MAKE_RECEIVE),
    };
    let thread = slot::object(store, source, kind, rights)?;
    let life = slot::get(source, word::LIFE);
    slot::claim(store, target)?;
    slot::fill(store, target, made, thread, life);
    Ok(())
}

/// Puts an invocation of a component into the table in `held`.
///
/// # Errors
///
/// See [`TableOperation::CreateInvocation`].
#[inline(always)]
pub fn create_invocation(
    store: &impl Store,
    caller: Caller,
    held: &Slot,
    [packed, entry, token, methods]: [u64; 4],
) -> Result<(), Error> {
    let source = caller.slot(store, high(packed).into())?;
    let server = slot::component(store, source, rights::component::MAKE_INVOCATIONS)?;
    if server.is_foreign() {
        return Err(Error::BadArgument);
    }
    check_entry(entry)?;
    let slot = to_fill(store, held)?.claim(store, low(packed).into())?;
    let words = [server.offset(), server.epoch, entry, token, methods];
    for (at, value) in (word::DESCRIPTOR..).zip(words) {
        slot::set(slot, at, value);
    }
    slot::publish(slot, slot::header(Kind::Invocation));
    Ok(())
}

/// Makes a component, and puts a capability to it into the table in `held`.
///
/// # Errors
///
/// See [`TableOperation`].
#[inline]
pub fn create_component(
    store: &impl Store,
    caller: Caller,
    held: &Slot,
    [slot, at, tables, index]: [u64; 4],
) -> Result<(), Error> {
    let (capabilities, mappings) = (caller.slot(store, high(tables).into())?, caller.slot(store, low(tables).into())?);
    let capabilities = slot::object(store, capabilities, Kind::CapabilityTable, rights::table::HOLD)?;
    let mappings = slot::object(store, mappings, Kind::PageTable, rights::page_table::HOLD)?;
    let flags = index & FOREIGN;
    let index = u32::try_from(index & !FOREIGN).map_err(|_| Error::BadArgument)?;
    component::free_descriptor(store, index)?;
    let (slot, frame, life) = claim(store, caller, to_fill(store, held)?, [slot, at])?;
    let establish = if flags == 0 { component::create } else { component::create_foreign };
    let reference =
        establish(store, frame, index, capabilities, mappings).inspect_err(|_| give_up(store, slot, frame, life))?;
    slot::set(slot, word::COMPONENT, reference.offset());
    slot::set(slot, word::COMPONENT_EPOCH, reference.epoch);
    slot::fill(store, slot, Kind::Component, frame, life);
    Ok(())
}

/// Makes a thread, and puts a capability to it into the table in `held`.
///
/// # Errors
///
/// See [`TableOperation`].
#[inline]
pub fn create_thread(
    store: &impl Store,
    caller: Caller,
    held: &Slot,
    [slot, at, packed, start]: [u64; 4],
) -> Result<(), Error> {
    let component = caller.slot(store, high(packed).into())?;
    let component = slot::component(store, component, rights::component::MAKE_THREADS)?;
    let (core, index) = (low(packed) >> 16, low(packed) & 0xffff);
    thread::check_index(store, index)?;
    if !quiescence::is_online(store, core) {
        return Err(Error::BadArgument);
    }
    check_entry(start)?;
    make(store, caller, to_fill(store, held)?, Kind::Thread, [slot, at], |frame| {
        thread::create(store, frame, index, core, component, start)
    })
}

/// Makes an object of `kind` in the frame named at `at`, and puts a capability to it into `slot`; or changes nothing.
///
/// Everything that can be checked has been checked: what still fails in `create` lost a race against another core.
#[inline]
pub(super) fn make(
    store: &impl Store,
    caller: Caller,
    table: CapabilityTable,
    kind: Kind,
    [slot, at]: [u64; 2],
    create: impl FnOnce(Frame) -> Result<(), Error>,
) -> Result<(), Error> {
    let (slot, frame, life) = claim(store, caller, table, [slot, at])?;
    create(frame).inspect_err(|_| give_up(store, slot, frame, life))?;
    slot::fill(store, slot, kind, frame, life);
    Ok(())
}

/// Claims a slot and a frame, or neither. The frame has a life from here on.
#[inline]
fn claim<'s>(
    store: &'s impl Store,
    caller: Caller,
    table: CapabilityTable,
    [slot, at]: [u64; 2],
) -> Result<(&'s Slot, Frame, u64), Error> {
    let frame = caller.untyped(store, at)?;
    let slot = table.claim(store, slot)?;
    match frame::claim_kernel(store, frame) {
        Ok(life) => Ok((slot, frame, life)),
        Err(error) => {
            slot::abandon(slot);
            Err(error)
        }
    }
}

#[cold]
fn give_up(store: &impl Store, slot: &Slot, frame: Frame, life: u64) {
    // It is ours alone, so it ends.
    let _ = frame::end(store, frame, life);
    slot::abandon(slot);
}

/// Ends the object in slot `number` of `table`, and empties the slot.
#[inline(never)]
fn reclaim_in(store: &impl Store, core: &CoreState, table: CapabilityTable, number: u64) -> Result<u64, Error> {
    let slot = table.slot(store, number)?;
    let epoch = reclaim::object(store, core, slot)?;
    // Another core may have emptied it meanwhile: then it is done.
    let _ = slot::remove(store, slot);
    Ok(epoch)
}
