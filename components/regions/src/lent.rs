//! Regions that two components reach: one reads, or both write.

use crate::mapped::{Extent, Mapped};
use crate::{Loan, Memory, Owned, Peer, Plain, Share, Source};
use core::{fmt, mem};
use memory_interface::{MemoryClient, MemoryError, Result};

/// A region that another component lends: that one may write to it at any time, and take it back. Dropped, it is unmapped here.
pub struct View<T: Plain, M: Memory + 'static = MemoryClient> {
    values: Mapped<T>,
    source: &'static Source<M>,
}

impl<T: Plain, M: Memory> View<T, M> {
    /// Maps what `from` lends.
    ///
    /// # Errors
    ///
    /// [`NotYours`](memory_interface::MemoryError::NotYours) if that one lends nothing of this name to this component, or no more;
    /// [`Accepted`](memory_interface::MemoryError::Accepted) if it is mapped already; [`TooManyOffers`](memory_interface::MemoryError::TooManyOffers)
    /// if too much of that one's is here, what is over and was not dropped included; [`MemoryError::WrongSize`] if the name is of more than is lent.
    pub fn open(source: &'static Source<M>, from: Peer, loan: Loan<T>) -> Result<Self> {
        Ok(Self { values: accept(source, from, loan.extent()?, false)?, source })
    }
}

impl<T: Plain, M: Memory> Drop for View<T, M> {
    fn drop(&mut self) {
        release(self.source, &self.values);
    }
}

/// A region that two components write to.
pub struct Shared<T: Plain, M: Memory + 'static = MemoryClient> {
    values: Mapped<T>,
    source: &'static Source<M>,
    is_owner: bool,
}

impl<T: Plain, M: Memory> Shared<T, M> {
    /// What its owner shares from now on.
    pub(crate) const fn of_owner(values: Mapped<T>, source: &'static Source<M>) -> Self {
        Self { values, source, is_owner: true }
    }

    /// Maps what `from` shares.
    ///
    /// # Errors
    ///
    /// As of [`View::open`]; [`NotPermitted`](memory_interface::MemoryError::NotPermitted) of what is lent to be read.
    pub fn open(source: &'static Source<M>, from: Peer, share: Share<T>) -> Result<Self> {
        Ok(Self { values: accept(source, from, share.extent()?, true)?, source, is_owner: false })
    }

    /// The name by which the other opens it, if this is its owner.
    pub fn name(&self) -> Share<T> {
        Share::new(self.values.extent())
    }

    /// Takes it back from whoever has it: from now on nobody else reaches it, also if that one lives no more.
    ///
    /// # Errors
    ///
    /// With the region: [`NotYours`](memory_interface::MemoryError::NotYours) if another owns it; the memory manager's.
    pub fn reclaim(self) -> core::result::Result<Owned<T, M>, (MemoryError, Self)> {
        let (extent, source) = (self.values.extent(), self.source);
        let taken = if self.is_owner { take_back(source, extent) } else { Err(MemoryError::NotYours) };
        match taken {
            Ok(()) => {
                mem::forget(self);
                // SAFETY: it was shared by its owner, and is not any more.
                Ok(unsafe { Owned::at(source, extent) })
            }
            Err(error) => Err((error, self)),
        }
    }

    /// Copies values in, from number `at` on; `None` if there is not as much room.
    pub fn write(&mut self, at: usize, from: &[T]) -> Option<()> {
        // SAFETY: it is mapped to be written, and `&mut self` is the only way in this component.
        unsafe { self.values.write(at, from) }
    }

    /// The values themselves, for what is built on them.
    pub(crate) const fn mapped(&self) -> &Mapped<T> {
        &self.values
    }
}

impl<T: Plain, M: Memory> Drop for Shared<T, M> {
    fn drop(&mut self) {
        if self.is_owner {
            let extent = self.values.extent();
            let _ = self.source.ask(|memory| memory.give_back(extent.address, extent.pages()));
        } else {
            release(self.source, &self.values);
        }
    }
}

shown!(View Shared);

/// What others can write to is copied out.
macro_rules! read {
    ($($region:ident)*) => {$(
        impl<T: Plain, M: Memory> $region<T, M> {
            /// How many values.
            pub const fn len(&self) -> usize {
                self.values.len()
            }

            /// Whether there are none, which is never so.
            pub const fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// A copy of value number `at`.
            pub fn get(&self, at: usize) -> Option<T> {
                get(&self.values, at)
            }

            /// Copies values out, from number `at` on; `None` if there are not as many.
            pub fn read(&self, at: usize, to: &mut [T]) -> Option<()> {
                self.values.read(at, to)
            }
        }
    )*};
}

read!(View Shared);

/// Maps what `from` lends or shares under this name, if it is as long as that says.
fn accept<T: Plain, M: Memory>(source: &Source<M>, from: Peer, named: Extent, write: bool) -> Result<Mapped<T>> {
    let (address, pages) = source.ask(|memory| memory.accept(from.token(), named.address, write))?;
    if pages != named.pages() {
        let _ = source.ask(|memory| memory.release(address));
        return Err(MemoryError::WrongSize);
    }
    // SAFETY: it has just been mapped, where nothing else was, and stays so until it is released (`Source::of`).
    Ok(unsafe { Mapped::new(Extent { address, ..named }) })
}

/// Takes what this component owns from whoever it is offered to. Offers end with whom they are made to, so that there may be none.
pub fn take_back<M: Memory>(source: &Source<M>, region: Extent) -> Result<()> {
    match source.ask(|memory| memory.take_back(region.address)) {
        Err(MemoryError::NotYours) => Ok(()),
        answer => answer,
    }
}

fn release<T: Plain, M: Memory>(source: &Source<M>, values: &Mapped<T>) {
    // What was taken back meanwhile is not there to be released.
    let _ = source.ask(|memory| memory.release(values.extent().address));
}

fn get<T: Plain>(values: &Mapped<T>, at: usize) -> Option<T> {
    let mut value = [T::new_zeroed()];
    values.read(at, &mut value)?;
    let [value] = value;
    Some(value)
}
