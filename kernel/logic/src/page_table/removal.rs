//! What takes something away from a page table: unmapping, moving, pruning, reclaiming.
//!
//! A translation that is taken away here can be in use until its epoch is past everywhere: other cores may
//! have it in hand. This core forgets it at once.

use super::{
    ADDRESS, CLOSED, DEVICE, NAMES_UNTYPED, PRESENT, PageTable, UPPER_HALF, check_page, check_table, index, span,
};
use crate::frame::{self, Frame};
use crate::quiescence;
use crate::store::Store;
use crate::users;
use abi::error::Error;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release, SeqCst};

impl PageTable {
    /// Takes the mapping or the name at `address` away. Returns the epoch in which that was, and how many mappings
    /// of the frame are left.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`] if it is no page of user level, or not the first of those that one name stands for;
    /// [`Error::NoFrame`].
    #[inline(always)]
    pub fn unmap(self, store: &impl Store, address: u64) -> Result<[u64; 2], Error> {
        check_page(address)?;
        let above = self.entry(store, address, 2).map_err(|_| Error::NoFrame)?;
        let taken = match above.load(Acquire) {
            node if node & PRESENT != 0 => {
                let table = Frame::containing(node & ADDRESS);
                take(store.words(table).get(index(address, 1)).ok_or(Error::NoFrame)?)?
            }
            name if is_name(name) && !address.is_multiple_of(span(2)) => return Err(Error::BadAddress),
            _ => take(above)?,
        };
        let mut left = 0;
        if taken & PRESENT != 0 {
            store.invalidate(self.0, address);
            left = if taken & DEVICE != 0 { 0 } else { frame::unshare(store, Frame::containing(taken & ADDRESS)) };
        }
        Ok([quiescence::current(store), left])
    }

    /// Moves the mapping, or the name of one frame, at `from` in `source` to `address`. Returns the epoch in which it was
    /// taken away from there.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`]; here [`Error::NoNode`], [`Error::AlreadyMapped`]; there [`Error::NoFrame`].
    pub fn receive(self, store: &impl Store, address: u64, source: PageTable, from: u64) -> Result<u64, Error> {
        check_page(address)?;
        check_page(from)?;
        let entry = self.entry(store, address, 1)?;
        let original = source.entry(store, from, 1).map_err(|_| Error::NoFrame)?;
        entry.compare_exchange(0, CLOSED, AcqRel, Acquire).map_err(|_| Error::AlreadyMapped)?;
        match take(original) {
            Ok(taken) => entry.store(taken, Release),
            Err(error) => {
                entry.store(0, Release);
                return Err(error);
            }
        }
        store.invalidate(source.0, from);
        Ok(quiescence::current(store))
    }

    /// Takes the empty table of `level` that covers `address` away. Returns the epoch that must be past before its
    /// frame is used.
    ///
    /// # Errors
    ///
    /// [`Error::BadArgument`] if the level is not 1, 2 or 3; [`Error::BadAddress`]; [`Error::NoNode`]; [`Error::InUse`].
    pub fn prune(self, store: &impl Store, address: u64, level: u64) -> Result<u64, Error> {
        check_table(address, level)?;
        let entry = self.entry(store, address, level + 1)?;
        let word = entry.load(Acquire);
        if word & PRESENT == 0 {
            return Err(Error::NoNode);
        }
        let node = Frame::containing(word & ADDRESS);
        let life = frame::life(store, node);
        close(store.words(node))?;
        // Whoever closed the entries took the table: nobody else is here.
        entry.store(0, Release);
        store.invalidate(self.0, address);
        frame::end(store, node, life)
    }

    /// Ends the page table, whose life is `life`, if it maps and names nothing and has no users. Returns the epoch that
    /// must be past before its frame is used.
    ///
    /// # Errors
    ///
    /// [`Error::InUse`]; [`Error::Revoked`] if it has ended already.
    pub fn reclaim(self, store: &impl Store, life: u64) -> Result<u64, Error> {
        users::close(self.users(store))?;
        let entries = store.words(self.0).iter().take(UPPER_HALF);
        let is_empty = || entries.fold(0, |any, entry| any | entry.load(SeqCst)) == 0;
        frame::end_if(store, self.0, life, is_empty).inspect_err(|_| users::open(self.users(store)))
    }
}

const fn is_name(entry: u64) -> bool {
    entry & (PRESENT | NAMES_UNTYPED) == NAMES_UNTYPED
}

/// Empties an entry that maps or names. (The processor marks what it uses, so the entry may change meanwhile.)
#[inline(always)]
fn take(entry: &AtomicU64) -> Result<u64, Error> {
    let holds = |word: u64| (word & PRESENT != 0 || is_name(word)).then_some(0);
    entry.fetch_update(AcqRel, Acquire, holds).map_err(|_| Error::NoFrame)
}

/// Closes all entries of a table, so that nobody fills one; or none of them.
fn close(entries: &[AtomicU64]) -> Result<(), Error> {
    let close = |entry: &AtomicU64| entry.compare_exchange(0, CLOSED, AcqRel, Acquire).is_ok();
    let closed = entries.iter().take_while(|entry| close(entry)).count();
    if closed < entries.len() {
        entries.iter().take(closed).for_each(|entry| entry.store(0, Release));
        return Err(Error::InUse);
    }
    Ok(())
}
