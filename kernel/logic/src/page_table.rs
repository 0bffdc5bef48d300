//! Page tables: four levels, grown by frames that user level supplies.
//!
//! An entry is empty (0), or a node or mapping in the processor's format, or it
//! *names* untyped memory: not present, with [`NAMES_UNTYPED`] set. In a table of
//! level 1 such an entry names one frame; in one of level 2 the 512 frames that a
//! table below it would hold. Who can write a name into an instruction's operand
//! does not matter: a name is only ever used in an operation, through the page
//! table of the component that performs it. (Keeping untyped memory in page tables is Composite's idea.)

use crate::component::Reference;
use crate::frame::{self, Frame};
use crate::store::{Store, get, set};
use abi::error::Error;
use abi::layout::{EXECUTE, PAGE, READ, USER_END, WRITE, is_user};
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire};

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
/// Instructions are not fetched from it.
pub const NO_EXECUTE: u64 = 1 << 63;

const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const NODE: u64 = PRESENT | WRITABLE | USER;
const UPPER_HALF: usize = 256;

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
        Ok(Self(Frame::containing(descriptor.page_table.load(Acquire))))
    }

    /// The untyped frame that this page table names at `address`.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`] if it is not a page of user level; [`Error::NoFrame`].
    pub fn untyped_at(self, store: &impl Store, address: u64) -> Result<Frame, Error> {
        check_page(address)?;
        for level in [2, 1] {
            let entry = self.entry(store, address, level).map_err(|_| Error::NoFrame)?.load(Acquire);
            if entry & PRESENT == 0 && entry & NAMES_UNTYPED != 0 {
                return Ok(Frame::containing((entry & ADDRESS) + address % span(level)));
            }
        }
        Err(Error::NoFrame)
    }

    /// Makes the untyped `frame` user memory and maps it at `address`.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`]; [`Error::BadArgument`] if the rights are none, unknown, or writing and
    /// execution at once; [`Error::NoNode`]; [`Error::AlreadyMapped`]; [`Error::FrameState`].
    pub fn map(self, store: &impl Store, address: u64, frame: Frame, rights: u64) -> Result<(), Error> {
        let entry = self.empty_entry(store, address, rights)?;
        frame::claim_user(store, frame)?;
        fill(entry, mapping(frame, rights, MAY_WRITE | MAY_EXECUTE))
    }

    /// Maps at `address` what `source` maps at `from`, with no more rights than that mapping's owner has.
    ///
    /// # Errors
    ///
    /// As [`map`](Self::map); [`Error::NoFrame`] if nothing is mapped at `from`;
    /// [`Error::RightsExceeded`].
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
        frame::share(store, frame)?;
        fill(entry, mapping(frame, rights, limit))
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
        if !(1..=3).contains(&level) {
            return Err(Error::BadArgument);
        }
        if address >= USER_END {
            return Err(Error::BadAddress);
        }
        let entry = self.entry(store, address, level + 1)?;
        if entry.load(Acquire) != 0 {
            return Err(Error::AlreadyMapped);
        }
        frame::claim_kernel(store, frame)?;
        fill(entry, frame.physical() | NODE)
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

    fn empty_entry(self, store: &impl Store, address: u64, rights: u64) -> Result<&AtomicU64, Error> {
        check_page(address)?;
        check_rights(rights)?;
        let entry = self.entry(store, address, 1)?;
        if entry.load(Acquire) != 0 {
            return Err(Error::AlreadyMapped);
        }
        Ok(entry)
    }

    /// The entry for `address` in the table of `level`.
    fn entry(self, store: &impl Store, address: u64, level: u64) -> Result<&AtomicU64, Error> {
        let mut table = self.0;
        for above in (level + 1..=4).rev() {
            let node = get(store.words(table), index(address, above));
            if node & PRESENT == 0 {
                return Err(Error::NoNode);
            }
            table = Frame::containing(node & ADDRESS);
        }
        store.words(table).get(index(address, level)).ok_or(Error::BadAddress)
    }
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

fn check_page(address: u64) -> Result<(), Error> {
    if !is_user(address) || !address.is_multiple_of(PAGE) {
        return Err(Error::BadAddress);
    }
    Ok(())
}

fn check_rights(rights: u64) -> Result<(), Error> {
    if [READ, READ | WRITE, READ | EXECUTE].contains(&rights) { Ok(()) } else { Err(Error::BadArgument) }
}

/// What an alias with `rights` may in turn permit: what the owner has, less what it was not given.
fn permitted(original: u64, rights: u64) -> Result<u64, Error> {
    let asked = if rights & WRITE != 0 { MAY_WRITE } else { 0 } | if rights & EXECUTE != 0 { MAY_EXECUTE } else { 0 };
    if original & asked != asked {
        return Err(Error::RightsExceeded);
    }
    Ok(asked)
}

fn fill(entry: &AtomicU64, value: u64) -> Result<(), Error> {
    entry.compare_exchange(0, value, AcqRel, Acquire).map_err(|_| Error::AlreadyMapped)?;
    Ok(())
}
