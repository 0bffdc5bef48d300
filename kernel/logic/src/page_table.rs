//! Page tables: four levels, grown by frames that user level supplies.
//!
//! An entry is empty (0), or a node or mapping in the processor's format, or it
//! *names* untyped memory: not present, with [`NAMES_UNTYPED`] set. In a table of
//! level 1 such an entry names one frame; in one of level 2 the 512 frames that a
//! table below it would hold. Who can write a name into an instruction's operand
//! does not matter: a name is only ever used in an operation, through the page
//! table of the component that performs it. (Keeping untyped memory in page tables is Composite's idea.)

use crate::address_space;
use crate::component::Reference;
use crate::frame::{self, Frame};
use crate::store::{Store, get, set};
use abi::error::Error;
use abi::layout::{EXECUTE, PAGE, READ, USER_END, USER_START, WRITE, is_user};
use core::hint::cold_path;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{Acquire, Release, SeqCst};

/// The entry takes part in translation.
pub const PRESENT: u64 = 1;
/// Writes are permitted.
pub const WRITABLE: u64 = 1 << 1;
/// User level may use it.
pub const USER: u64 = 1 << 2;
/// In an entry that is not present: it names untyped memory.
pub const NAMES_UNTYPED: u64 = 1 << 9;
/// Whoever aliases this mapping may ask for writing.
pub const MAY_WRITE: u64 = 1 << 52;
/// Whoever aliases this mapping may ask for execution.
pub const MAY_EXECUTE: u64 = 1 << 53;
/// The mapping shows a device's registers: it is not counted in the retype table, and cannot be aliased.
pub const DEVICE: u64 = 1 << 54;
/// Alone in an entry: somebody is about to fill it, or its table is being given up. Nothing is mapped or named there.
const CLOSED: u64 = 1 << 10;
/// Instructions are not fetched from it.
pub const NO_EXECUTE: u64 = 1 << 63;

const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const NODE: u64 = PRESENT | WRITABLE | USER;
/// Neither reads nor writes are kept in caches.
const UNCACHED: u64 = 1 << 4 | 1 << 3;
const UPPER_HALF: usize = 256;

mod removal;

/// A page table, by its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageTable(pub Frame);

impl PageTable {
    /// Makes the claimed frame `root` a page table that maps the kernel and nothing else.
    pub fn create(store: &impl Store, root: Frame) -> Self {
        let (words, kernel) = (store.words(root), store.words(store.kernel_page_table()));
        for at in UPPER_HALF..words.len() {
            set(words, at, get(kernel, at));
        }
        Self(root)
    }

    /// The page table of the component `reference`.
    ///
    /// # Errors
    ///
    /// [`Error::Revoked`].
    pub fn of(store: &impl Store, reference: Reference) -> Result<Self, Error> {
        let descriptor = reference.live(store)?;
        Ok(Self(address_space::root(descriptor.page_table.load(Acquire))))
    }

    /// The untyped frame that this page table names at `address`.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`] if it is not a page of user level; [`Error::NoFrame`].
    #[inline(always)]
    pub fn untyped_at(self, store: &impl Store, address: u64) -> Result<Frame, Error> {
        const KIND: u64 = PRESENT | NAMES_UNTYPED;
        check_page(address)?;
        let above = self.entry(store, address, 2).map_err(|_| Error::NoFrame)?.load(Acquire);
        if above & KIND == NAMES_UNTYPED {
            return Ok(Frame::containing((above & ADDRESS) + address % span(2)));
        }
        if above & PRESENT == 0 {
            return Err(Error::NoFrame);
        }
        let entry = get(store.words(Frame::containing(above & ADDRESS)), index(address, 1));
        if entry & KIND != NAMES_UNTYPED {
            return Err(Error::NoFrame);
        }
        Ok(Frame::containing(entry & ADDRESS))
    }

    /// Makes the untyped `frame` user memory and maps it at `address`.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`]; [`Error::BadArgument`] if the rights are none, unknown, or writing and
    /// execution at once; [`Error::NoNode`]; [`Error::AlreadyMapped`]; [`Error::FrameState`]; [`Error::NotQuiescent`].
    #[inline(always)]
    pub fn map(self, store: &impl Store, address: u64, frame: Frame, rights: u64) -> Result<(), Error> {
        let entry = self.empty_entry(store, address, rights)?;
        frame::claim_user(store, frame, rights & WRITE != 0)?;
        fill_counted(store, entry, frame, mapping(frame, rights, MAY_WRITE | MAY_EXECUTE))
    }

    /// Maps at `address` what `source` maps at `from`, with no more rights than that mapping's owner has.
    ///
    /// # Errors
    ///
    /// As [`map`](Self::map); [`Error::NoFrame`] if nothing is mapped at `from`;
    /// [`Error::RightsExceeded`].
    #[inline(always)]
    pub fn alias(
        self,
        store: &impl Store,
        address: u64,
        source: PageTable,
        from: u64,
        rights: u64,
    ) -> Result<(), Error> {
        let entry = self.empty_entry(store, address, rights)?;
        check_page(from)?;
        let original = source.entry(store, from, 1).map_err(|_| Error::NoFrame)?.load(Acquire);
        if original & PRESENT == 0 {
            return Err(Error::NoFrame);
        }
        let limit = permitted(original, rights)?;
        let frame = Frame::containing(original & ADDRESS);
        frame::share(store, frame, rights & WRITE != 0)?;
        fill_counted(store, entry, frame, mapping(frame, rights, limit))
    }

    /// Maps the device's page `frame` at `address`, uncached.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`]; [`Error::BadArgument`] if the rights are none, unknown, or execution;
    /// [`Error::NoNode`]; [`Error::AlreadyMapped`].
    pub fn map_device(self, store: &impl Store, address: u64, frame: Frame, rights: u64) -> Result<(), Error> {
        if rights & EXECUTE != 0 {
            return Err(Error::BadArgument);
        }
        let entry = self.empty_entry(store, address, rights)?;
        fill(entry, mapping(frame, rights, DEVICE | UNCACHED))
    }

    /// Names the untyped `frame` at `address` too.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`]; [`Error::NoNode`]; [`Error::AlreadyMapped`].
    pub fn name(self, store: &impl Store, address: u64, frame: Frame) -> Result<(), Error> {
        check_page(address)?;
        self.set(store, address, 1, frame.physical() | NAMES_UNTYPED)
    }

    /// Makes the untyped `frame` the table of `level` that covers `address`.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] if the level is not 1, 2 or 3; [`Error::BadAddress`];
    /// [`Error::NoNode`] if the level above is missing; [`Error::AlreadyMapped`]; [`Error::FrameState`].
    pub fn graft(self, store: &impl Store, address: u64, frame: Frame, level: u64) -> Result<(), Error> {
        check_table(address, level)?;
        let entry = self.entry(store, address, level + 1)?;
        if entry.load(Acquire) != 0 {
            return Err(Error::AlreadyMapped);
        }
        let root = frame::life(store, self.0);
        let life = frame::claim_kernel(store, frame)?;
        if fill(entry, frame.physical() | NODE).is_err() {
            frame::end(store, frame, life)?;
            return Err(Error::AlreadyMapped);
        }
        if !frame::lives(store, self.0, root) {
            // It was reclaimed meanwhile, and whoever did that may not have seen the table.
            entry.store(0, Release);
            frame::end(store, frame, life)?;
            return Err(Error::Revoked);
        }
        Ok(())
    }

    /// The word that user level finds at `address`; it must be one that it can write, if it is asked for to be written.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`] if there can be no such word; [`Error::NoFrame`] if there is no memory, or that of a
    /// device; [`Error::RightsExceeded`].
    pub fn word(self, store: &impl Store, address: u64, writes: bool) -> Result<&AtomicU64, Error> {
        if !is_user(address) || !address.is_multiple_of(8) {
            return Err(Error::BadAddress);
        }
        let entry = self.entry(store, address, 1).map_err(|_| Error::NoFrame)?.load(Acquire);
        let frame = Frame::containing(entry & ADDRESS);
        if entry & PRESENT == 0 || !frame::state(store, frame).0.contains(frame::State::USER) {
            return Err(Error::NoFrame);
        }
        if writes && entry & WRITABLE == 0 {
            return Err(Error::RightsExceeded);
        }
        store.words(frame).get((address % PAGE / 8) as usize).ok_or(Error::BadAddress)
    }

    /// Whether there is a table of `level` that covers `address`.
    pub fn has_table(self, store: &impl Store, address: u64, level: u64) -> bool {
        self.entry(store, address, level).is_ok()
    }

    /// Writes `value` into the empty entry of the table of `level` that covers `address`.
    ///
    /// For the kernel at boot, which names memory and maps what it hands to the booter.
    ///
    /// # Errors
    ///
    /// [`Error::NoNode`]; [`Error::AlreadyMapped`].
    pub fn set(self, store: &impl Store, address: u64, level: u64, value: u64) -> Result<(), Error> {
        fill(self.entry(store, address, level)?, value)
    }

    /// The word that counts the components that use the page table: the last entry but one, where the kernel has nothing.
    pub fn users(self, store: &impl Store) -> &AtomicU64 {
        let [.., users, _] = store.words(self.0);
        users
    }

    #[inline(always)]
    fn empty_entry(self, store: &impl Store, address: u64, rights: u64) -> Result<&AtomicU64, Error> {
        check_page(address)?;
        check_rights(rights)?;
        let entry = self.entry(store, address, 1)?;
        if entry.load(Acquire) != 0 {
            return Err(Error::AlreadyMapped);
        }
        Ok(entry)
    }

    /// The entry for `address` in the table of `level`. (Written out: where the level is a constant, so is the way.)
    #[inline(always)]
    fn entry(self, store: &impl Store, address: u64, level: u64) -> Result<&AtomicU64, Error> {
        let mut table = self.0;
        if level < 4 {
            table = child(store, table, address, 4)?;
        }
        if level < 3 {
            table = child(store, table, address, 3)?;
        }
        if level < 2 {
            table = child(store, table, address, 2)?;
        }
        store.words(table).get(index(address, level)).ok_or(Error::BadAddress)
    }
}

/// The table below the entry for `address` in `table`, which is one of `level`.
#[inline(always)]
fn child(store: &impl Store, table: Frame, address: u64, level: u64) -> Result<Frame, Error> {
    let node = get(store.words(table), index(address, level));
    if node & PRESENT == 0 { Err(Error::NoNode) } else { Ok(Frame::containing(node & ADDRESS)) }
}

/// The entry that maps `frame` with `rights`; `limit` is what aliases may ask for.
pub const fn mapping(frame: Frame, rights: u64, limit: u64) -> u64 {
    let writable = if rights & WRITE != 0 { WRITABLE } else { 0 };
    let no_execute = if rights & EXECUTE == 0 { NO_EXECUTE } else { 0 };
    frame.physical() | PRESENT | USER | writable | no_execute | limit
}

/// Bytes that an entry of a table of `level` covers.
pub const fn span(level: u64) -> u64 {
    PAGE << (9 * (level - 1))
}

const fn index(address: u64, level: u64) -> usize {
    (address / span(level) % 512) as usize
}

/// Whether `address` is that of a page of user level. Rotated, one that is not aligned is far behind the last page.
#[inline(always)]
fn check_page(address: u64) -> Result<(), Error> {
    const FIRST: u64 = USER_START / PAGE;
    const PAGES: u64 = USER_END / PAGE - FIRST;
    let page = address.rotate_right(PAGE.trailing_zeros());
    if page.wrapping_sub(FIRST) < PAGES {
        return Ok(());
    }
    cold_path();
    Err(Error::BadAddress)
}

fn check_table(address: u64, level: u64) -> Result<(), Error> {
    if !(1..=3).contains(&level) {
        return Err(Error::BadArgument);
    }
    if address >= USER_END { Err(Error::BadAddress) } else { Ok(()) }
}

/// Reading, and perhaps one of writing and executing.
#[inline(always)]
fn check_rights(rights: u64) -> Result<(), Error> {
    const { assert!(READ == 1 && WRITE == 2 && EXECUTE == 4) };
    // Without reading, and rotated, the others are 0, 1 and 2; without reading to take away, they are far behind.
    if rights.wrapping_sub(READ).rotate_right(1) <= EXECUTE >> 1 { Ok(()) } else { Err(Error::BadArgument) }
}

/// What turns a right into the permission to alias with it.
const MAY_SHIFT: u32 = 51;
const _: () = assert!(WRITE << MAY_SHIFT == MAY_WRITE && EXECUTE << MAY_SHIFT == MAY_EXECUTE);

/// What an alias with `rights` may in turn permit: what the owner has, less what it was not given.
fn permitted(original: u64, rights: u64) -> Result<u64, Error> {
    let asked = (rights & (WRITE | EXECUTE)) << MAY_SHIFT;
    if original & asked != asked {
        return Err(Error::RightsExceeded);
    }
    Ok(asked)
}

#[inline]
fn fill(entry: &AtomicU64, value: u64) -> Result<(), Error> {
    entry.compare_exchange(0, value, SeqCst, Acquire).map_err(|_| Error::AlreadyMapped)?;
    Ok(())
}

/// Fills the entry with a mapping of `frame` that has been counted already.
#[inline]
fn fill_counted(store: &impl Store, entry: &AtomicU64, frame: Frame, value: u64) -> Result<(), Error> {
    fill(entry, value).inspect_err(|_| {
        frame::unshare(store, frame);
    })
}

#[cfg(test)]
mod tests;
