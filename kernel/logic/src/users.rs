//! How many components use a table, in a word of the table: while any does, the table is not reclaimed.
//!
//! The word of a page table lies in the upper half of its root, so that the count must not look like an entry
//! that is present; that of a capability table is where the address of one more leaf would be, so that speculation must find no
//! memory by it. It counts in steps of [`ONE`]: what is neither 0 nor [`CLOSED`] is no canonical address.

use abi::error::Error;
use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire};

/// One user.
const ONE: u64 = 1 << 47;

/// No user ever again: the table is being reclaimed.
const CLOSED: u64 = !(ONE - 1);

/// Counts one user more.
///
/// # Errors
///
/// [`Error::Revoked`] if the table is being reclaimed.
pub fn enter(word: &AtomicU64) -> Result<(), Error> {
    let more = |users| (users != CLOSED).then(|| users + ONE);
    word.fetch_update(AcqRel, Acquire, more).map_err(|_| Error::Revoked)?;
    Ok(())
}

/// Counts one user less.
pub fn leave(word: &AtomicU64) {
    word.fetch_sub(ONE, AcqRel);
}

/// Keeps users away for ever.
///
/// # Errors
///
/// [`Error::InUse`] if there is one.
pub fn close(word: &AtomicU64) -> Result<(), Error> {
    word.compare_exchange(0, CLOSED, AcqRel, Acquire).map_err(|_| Error::InUse)?;
    Ok(())
}

/// Takes a [`close`] back.
pub fn open(word: &AtomicU64) {
    word.store(0, core::sync::atomic::Ordering::Release);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_used_is_not_closed_and_who_is_closed_is_not_used() {
        let word = AtomicU64::new(0);
        (0..2).for_each(|_| enter(&word).unwrap());
        leave(&word);
        assert_eq!(close(&word), Err(Error::InUse));
        leave(&word);
        close(&word).unwrap();
        assert_eq!(enter(&word), Err(Error::Revoked));
        open(&word);
        assert_eq!(enter(&word), Ok(()));
    }

    #[test]
    fn no_count_looks_like_a_present_entry() {
        assert_eq!((ONE | CLOSED) & crate::page_table::PRESENT, 0);
    }

    #[test]
    fn no_count_looks_like_the_address_of_memory() {
        const COMPONENTS: u64 = 1 << 16;
        let is_canonical = |word: u64| word.cast_signed() << 16 >> 16 == word.cast_signed();
        assert!((1..=COMPONENTS).all(|users| !is_canonical(users * ONE)), "nor does it reach {CLOSED:#x}");
    }
}
