//! Regions that are one component's alone.

use crate::lent::take_back;
use crate::mapped::{Extent, Mapped};
use crate::name::MOST;
use crate::{Gift, Loan, Memory, Peer, Plain, Shared, Source};
use core::fmt;
use core::mem;
use core::ops::{Deref, DerefMut};
use memory_interface::{MemoryClient, MemoryError, Result};

/// A region that nobody else can write to: values in whole pages. Dropped, it goes back to the memory manager, and whoever it is lent to
/// has it no more.
pub struct Owned<T: Plain, M: Memory + 'static = MemoryClient> {
    values: Mapped<T>,
    source: &'static Source<M>,
}

impl<T: Plain, M: Memory> Owned<T, M> {
    /// A region of `count` values, all of whose bytes are zero.
    ///
    /// # Errors
    ///
    /// [`NoMemory`](memory_interface::MemoryError::NoMemory); [`MemoryError::WrongSize`] for none, or for more than a region can have.
    pub fn new(source: &'static Source<M>, count: usize) -> Result<Self> {
        let bytes = count
            .checked_mul(size_of::<T>())
            .filter(|bytes| (1..=MOST).contains(bytes))
            .ok_or(MemoryError::WrongSize)?;
        let pages = Extent { address: 0, bytes }.pages();
        let address = source.ask(|memory| memory.grant(pages))?;
        // SAFETY: so many pages have just been granted.
        Ok(unsafe { Self::at(source, Extent { address, bytes }) })
    }

    /// Takes what `from` gave to this component; from this component itself, what it gave away and nobody has taken yet.
    ///
    /// # Errors
    ///
    /// [`NotYours`](memory_interface::MemoryError::NotYours) if that one gives nothing of this name to this component;
    /// [`NoMemory`](memory_interface::MemoryError::NoMemory) if it is more than it may have; [`MemoryError::WrongSize`] if the name is of more than was given, which
    /// then goes back to the memory manager.
    pub fn take(source: &'static Source<M>, from: Peer, gift: Gift<T>) -> Result<Self> {
        let named = gift.extent()?;
        let (address, pages) = source.ask(|memory| memory.take(from.token(), named.address))?;
        if pages != named.pages() {
            let _ = source.ask(|memory| memory.give_back(address, pages));
            return Err(MemoryError::WrongSize);
        }
        // SAFETY: it has just been taken, and is as long as that.
        Ok(unsafe { Self::at(source, Extent { address, ..named }) })
    }

    /// Gives the region to another component: from now on it is not here any more. What is answered is what that one takes it by.
    ///
    /// # Errors
    ///
    /// The memory manager's, with the region: [`NotPermitted`](memory_interface::MemoryError::NotPermitted) if the graph has no such edge.
    pub fn give(self, to: Peer) -> core::result::Result<Gift<T>, (MemoryError, Self)> {
        let extent = self.values.extent();
        match self.source.ask(|memory| memory.give(extent.address, extent.pages(), to.token())) {
            Ok(()) => {
                mem::forget(self);
                Ok(Gift::new(extent))
            }
            Err(error) => Err((error, self)),
        }
    }

    /// Lets another component read the region, for as long as it is this one's, or until it is [revoked](Self::revoke).
    ///
    /// # Errors
    ///
    /// The memory manager's: [`NotPermitted`](memory_interface::MemoryError::NotPermitted) if the graph has no such edge.
    pub fn lend(&self, to: Peer) -> Result<Loan<T>> {
        self.offer(to, false).map(|()| Loan::new(self.values.extent()))
    }

    /// Ends all loans of the region: who has it mapped has it no more. Nobody has to: to whom it was lent may have ended.
    ///
    /// # Errors
    ///
    /// The memory manager's.
    pub fn revoke(&self) -> Result<()> {
        take_back(self.source, self.values.extent())
    }

    /// Shares the region with another component, so that both write to it.
    ///
    /// # Errors
    ///
    /// The memory manager's, with the region: [`NotPermitted`](memory_interface::MemoryError::NotPermitted) if the graph has no such edge.
    pub fn share(self, to: Peer) -> core::result::Result<Shared<T, M>, (MemoryError, Self)> {
        match self.offer(to, true) {
            Ok(()) => {
                let (extent, source) = (self.values.extent(), self.source);
                mem::forget(self);
                // SAFETY: it was this region's memory, and is now that one's.
                Ok(Shared::of_owner(unsafe { Mapped::new(extent) }, source))
            }
            Err(error) => Err((error, self)),
        }
    }

    fn offer(&self, to: Peer, writable: bool) -> Result<()> {
        let extent = self.values.extent();
        self.source.ask(|memory| memory.offer(extent.address, extent.pages(), to.token(), writable))
    }

    /// The region there.
    ///
    /// # Safety
    ///
    /// The memory manager has just made it this component's, and nobody else's.
    pub(crate) const unsafe fn at(source: &'static Source<M>, extent: Extent) -> Self {
        // SAFETY: the caller says so, and the source that it stays so until it is given back (`Source::of`).
        Self { values: unsafe { Mapped::new(extent) }, source }
    }
}

impl<T: Plain, M: Memory> Deref for Owned<T, M> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: nobody else can write to it; here, `&mut self` alone does.
        unsafe { self.values.slice() }
    }
}

impl<T: Plain, M: Memory> DerefMut for Owned<T, M> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: nobody else can write to it, and here this is the only reference. Others that read copy values out.
        unsafe { self.values.slice_mut() }
    }
}

impl<T: Plain, M: Memory> Drop for Owned<T, M> {
    fn drop(&mut self) {
        let extent = self.values.extent();
        // What the memory manager does not take back stays as it is, and nobody uses it.
        let _ = self.source.ask(|memory| memory.give_back(extent.address, extent.pages()));
    }
}

shown!(Owned);
