//! What can be asked of a temporal capability.
//!
//! Each operation lists its checks and errors in [`TemporalCapabilityOperation`].

use super::table::make;
use super::{Caller, Machine, high, low};
use crate::budget;
use crate::capability::{Slot, word};
use crate::capability_table::CapabilityTable;
use crate::core_state::CoreState;
use crate::frame::Frame;
use crate::slot;
use crate::store::Store;
use crate::temporal_capability::{self as temporal, Gift, Recipient};
use abi::crossing::RETURN;
use abi::error::Error;
use abi::kind::Kind;
use abi::operation::TemporalCapabilityOperation;
use abi::rights;
use abi::rights::temporal_capability::{GIVE, RUN, TAKE};
use abi::time::EVERYTHING;

/// Performs operation `number` of the temporal capability in `held`; answers two words.
///
/// # Errors
///
/// See [`TemporalCapabilityOperation`]; [`Error::UnknownOperation`].
pub fn operate(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    caller: Caller,
    held: &Slot,
    number: u16,
    words: [u64; 4],
) -> Result<[u64; 2], Error> {
    use TemporalCapabilityOperation::*;
    let operation = TemporalCapabilityOperation::from_number(number).ok_or(Error::UnknownOperation)?;
    // Whatever is said of cycles from here on holds now.
    budget::account(store, core, machine.now());
    let [to, cycles, priority, _] = words;
    let answer = match operation {
        Read => read(store, core, slot::object(store, held, Kind::TemporalCapability, 0)?),
        Transfer | Delegate => {
            let from = slot::object(store, held, Kind::TemporalCapability, GIVE)?;
            let to = recipient(store, caller, to)?;
            let recipient = Recipient::of(store, to);
            let gift = match operation {
                Transfer => temporal::transfer(store, core.number, from, recipient, cycles),
                _ => temporal::delegate(store, core.number, from, recipient, cycles, priority),
            };
            Ok([gift?.hand_over(store, to), 0])
        }
        Merge => merge(store, core, held, recipient(store, caller, to)?),
    };
    budget::refresh(store, core);
    answer
}

/// Makes a temporal capability, with cycles or without.
///
/// # Errors
///
/// See [`CreateTemporalCapability`](abi::operation::TableOperation::CreateTemporalCapability).
#[inline(never)]
pub fn create(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    caller: Caller,
    table: CapabilityTable,
    [slot, at, peers, cycles]: [u64; 4],
) -> Result<(), Error> {
    let scheduler = caller.slot(store, high(peers).into())?;
    let scheduler = slot::object(store, scheduler, Kind::Receive, rights::receive::SCHEDULE)?;
    budget::account(store, core, machine.now());
    let gift = first_gift(store, core, caller, (low(peers), high(slot)), Recipient::new(store, scheduler), cycles)?;
    make(store, caller, table, Kind::TemporalCapability, [low(slot).into(), at], |frame| {
        temporal::create(store, frame, scheduler);
        gift.map(|gift| gift.hand_over(store, frame));
        Ok(())
    })?;
    budget::refresh(store, core);
    Ok(())
}

fn first_gift(
    store: &impl Store,
    core: &CoreState,
    caller: Caller,
    (from, priority): (u32, u32),
    to: Recipient,
    cycles: u64,
) -> Result<Option<Gift>, Error> {
    if from == 0 {
        return if cycles == 0 { Ok(None) } else { Err(Error::BadArgument) };
    }
    let from = slot::object(store, caller.slot(store, from.into())?, Kind::TemporalCapability, GIVE)?;
    temporal::delegate(store, core.number, from, to, cycles, priority.into()).map(Some)
}

fn read(store: &impl Store, core: &CoreState, capability: Frame) -> Result<[u64; 2], Error> {
    if temporal::core_of(store, capability) != core.number {
        return Err(Error::WrongCore);
    }
    Ok([temporal::left(store, capability), temporal::used(store, capability)])
}

fn merge(store: &impl Store, core: &CoreState, held: &Slot, to: Frame) -> Result<[u64; 2], Error> {
    let from = slot::object(store, held, Kind::TemporalCapability, GIVE | rights::RECLAIM)?;
    budget::check_unused(store, core, from)?;
    let recipient = Recipient::of(store, to);
    match temporal::transfer(store, core.number, from, recipient, EVERYTHING) {
        Ok(gift) => gift.hand_over(store, to),
        // There is nothing to be moved.
        Err(Error::BudgetExhausted) => 0,
        Err(error) => return Err(error),
    };
    Ok([budget::reclaim(store, core, from, slot::get(held, word::LIFE))?, 0])
}

/// The temporal capability with number `number`, to dispatch a thread with; none for 0.
///
/// # Errors
///
/// Those of a capability looked up; [`Error::RightsExceeded`].
#[inline(always)]
pub fn to_run_on(store: &impl Store, table: CapabilityTable, number: u32) -> Result<Option<Frame>, Error> {
    if number == RETURN {
        return Ok(None);
    }
    slot::object(store, table.slot(store, number.into())?, Kind::TemporalCapability, RUN).map(Some)
}

fn recipient(store: &impl Store, caller: Caller, number: u64) -> Result<Frame, Error> {
    slot::object(store, caller.slot(store, number)?, Kind::TemporalCapability, TAKE)
}

#[cfg(test)]
mod tests;
