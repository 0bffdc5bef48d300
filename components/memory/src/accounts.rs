//! The accounts: who has which frames, at which pages, and what of it is offered to whom.

use crate::books::{Books, Use};
use crate::kernel::{Client, Frames, Kernel, address, page};
use crate::offers::Offers;
use abi::error::Error as KernelError;
use abi::management::{MOST_FRAMES, word};
use core::ops::Range;
use memory_interface::{MemoryError, Result};

/// Who has what.
pub struct Accounts {
    /// The frames.
    pub books: Books,
    /// What is offered of them.
    pub offers: Offers,
    /// Whether no core reaches what was given away any more.
    pub is_settled: bool,
}

impl Accounts {
    /// Accounts in which nobody has anything.
    pub const fn new() -> Self {
        Self { books: Books::new(), offers: Offers::new(), is_settled: true }
    }

    /// Takes frames for `pages` pages in a row; `place` maps or names each. All of them, or none.
    pub fn take<K: Kernel>(
        &mut self,
        kernel: &K,
        client: Client,
        pages: u64,
        what: Use,
        place: impl Fn(
            &mut Frames<'_, K, &mut dyn FnMut(u64) -> Option<u64>>,
            u64,
            u64,
        ) -> core::result::Result<(), KernelError>,
    ) -> Result<u64> {
        let first = self.room(kernel, client, pages)?;
        for page in first..first + pages {
            let limit = kernel.word(word::FRAMES);
            let placed =
                self.books.take(limit, client.number, what, page).ok_or(MemoryError::NoMemory).and_then(|frame| {
                    let mut node = |table| self.books.take(limit, client.number, use_of_node(table, client), page);
                    let placed = place(&mut Frames { kernel, node: &mut node }, page, frame);
                    placed.map_err(|error| {
                        self.books.free(frame);
                        error_of(error)
                    })
                });
            if let Err(error) = placed {
                self.free(kernel, client, what, first..page);
                return Err(error);
            }
        }
        Ok(address(first))
    }

    /// Where so many more pages of the client's own can lie, if it may have them.
    pub fn room(&self, kernel: &impl Kernel, client: Client, pages: u64) -> Result<u64> {
        let left = client.quota.saturating_sub(self.books.count(client.number));
        let gap = self.gap(kernel, client, pages);
        gap.filter(|_| (1..=left).contains(&pages)).ok_or(MemoryError::NoMemory)
    }

    /// Page numbers in a row at which nothing is in the client's address space, which others may share.
    pub fn gap(&self, kernel: &impl Kernel, client: Client, pages: u64) -> Option<u64> {
        let has_same = |other: usize| kernel.managed(other).is_some_and(|other| other.page_table == client.page_table);
        let shares = |other: usize| other == client.number || has_same(other);
        self.books.gap(shares, pages, self.offers.mapped(shares))
    }

    /// Makes frames free that the client has at these pages.
    pub fn free(&mut self, kernel: &impl Kernel, client: Client, what: Use, pages: Range<u64>) {
        let frames = Frames { kernel, node: |_| None };
        for page in pages {
            let Some(frame) = self.books.frame(client.number, what, page) else { continue };
            frames.unmap(client, page);
            if what != Use::Lent {
                frames.free(frame);
            }
            self.books.free(frame);
        }
    }

    /// The page numbers from `address` on, if the client uses all of them so.
    pub fn owned(&self, client: Client, address: u64, pages: u64, what: Use) -> Result<Range<u64>> {
        let first = page(address).ok_or(MemoryError::NotYours)?;
        let pages = first..first.checked_add(pages).filter(|end| *end > first).ok_or(MemoryError::NotYours)?;
        let most = pages.end - pages.start <= MOST_FRAMES;
        let owned = most && pages.clone().all(|page| self.books.frame(client.number, what, page).is_some());
        if owned { Ok(pages) } else { Err(MemoryError::NotYours) }
    }
}

/// What a node is used for: where memory is granted, the manager's own page table needs one, too.
const fn use_of_node(table: u64, client: Client) -> Use {
    if table == client.page_table { Use::Node } else { Use::OwnNode }
}

/// What the kernel refused, to a client: without memory for page tables there is none for pages.
pub fn error_of(error: KernelError) -> MemoryError {
    if error == KernelError::NoFrame { MemoryError::NoMemory } else { MemoryError::Call(error.into()) }
}
