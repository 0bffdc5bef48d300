//! What can be asked of a page table.
//!
//! Each operation lists its checks and errors in [`PageTableOperation`].

use super::Caller;
use crate::capability::{self, Capability, Slot};
use crate::frame;
use crate::page_table::PageTable;
use crate::slot;
use crate::store::Store;
use abi::error::Error;
use abi::kind::Kind;
use abi::layout::WRITE;
use abi::operation::PageTableOperation;
use abi::rights::{page_table as right, physical_range};

/// Performs operation `number` of the page table in `held`; answers two words.
///
/// # Errors
///
/// See [`PageTableOperation`]; [`Error::UnknownOperation`].
pub fn operate(
    store: &impl Store,
    caller: Caller,
    held: &Slot,
    number: u16,
    words: [u64; 4],
) -> Result<[u64; 2], Error> {
    match PageTableOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        PageTableOperation::Map => map(store, caller, held, words).map(|()| [0; 2]),
        PageTableOperation::Alias => alias(store, caller, held, words).map(|()| [0; 2]),
        PageTableOperation::Unmap => {
            let [address, ..] = words;
            unmap(store, held, address)
        }
        _ => other(store, caller, held, number, words),
    }
}

/// Performs operation `number`, if it is not one of [`map`], [`alias`] and [`unmap`], which the entry paths know themselves.
///
/// # Errors
///
/// As [`operate`].
pub fn other(store: &impl Store, caller: Caller, held: &Slot, number: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
    use PageTableOperation::*;
    let [address, from, argument, page] = words;
    let with = |rights| of_other(store, held, rights);
    match PageTableOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        Map | Alias | Unmap => return Err(Error::UnknownOperation),
        Name => with(right::MAP)?.name(store, address, caller.untyped(store, from)?)?,
        Move => {
            let source = of_other(store, caller.slot(store, argument)?, right::UNMAP)?;
            return Ok([with(right::MAP)?.receive(store, address, source, from)?, 0]);
        }
        Graft => with(right::GROW)?.graft(store, address, caller.untyped(store, from)?, argument)?,
        Prune => return Ok([with(right::GROW)?.prune(store, address, from)?, 0]),
        Clean => {
            with(right::CLEAN)?;
            frame::clean(store, caller.untyped(store, address)?)?;
        }
        MapDevice => {
            let range = caller.slot(store, from)?;
            let written = if argument & WRITE != 0 { physical_range::WRITE } else { 0 };
            slot::check(range, Kind::PhysicalRange, physical_range::READ | written)?;
            let Capability::PhysicalRange(range) = capability::read(store, range)? else {
                return Err(Error::WrongKind);
            };
            with(right::MAP)?.map_device(store, address, range.page(store, page)?, argument)?;
        }
    }
    Ok([0; 2])
}

/// Maps a frame that the caller names.
///
/// # Errors
///
/// See [`PageTableOperation::Map`].
#[inline(always)]
pub fn map(store: &impl Store, caller: Caller, held: &Slot, [address, from, rights, _]: [u64; 4]) -> Result<(), Error> {
    of(store, held, right::MAP)?.map(store, address, caller.untyped(store, from)?, rights)
}

/// Maps what the caller has mapped.
///
/// # Errors
///
/// See [`PageTableOperation::Alias`].
#[inline(always)]
pub fn alias(
    store: &impl Store,
    caller: Caller,
    held: &Slot,
    [address, from, rights, _]: [u64; 4],
) -> Result<(), Error> {
    of(store, held, right::MAP)?.alias(store, address, caller.page_table(), from, rights)
}

/// Takes a mapping or a name away.
///
/// # Errors
///
/// See [`PageTableOperation::Unmap`].
#[inline(always)]
pub fn unmap(store: &impl Store, held: &Slot, address: u64) -> Result<[u64; 2], Error> {
    of(store, held, right::UNMAP)?.unmap(store, address)
}

/// As [`of`], for what is rarely asked.
#[inline(never)]
fn of_other(store: &impl Store, slot: &Slot, rights: u64) -> Result<PageTable, Error> {
    of(store, slot, rights)
}

/// The page table in `slot`, if the capability has `rights`.
#[inline(always)]
fn of(store: &impl Store, slot: &Slot, rights: u64) -> Result<PageTable, Error> {
    slot::object(store, slot, Kind::PageTable, rights).map(PageTable)
}
