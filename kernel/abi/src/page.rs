//! Page edges: what the composer tells client, server and scheduler of a syscall page.
//!
//! A page is two frames, a *header frame* and an *entry frame*, that client and
//! server share. Each of the two is told in memory of its own where the frames
//! are and what the edge permits; nothing of that is in the frames themselves.
//!
//! # The client's slot
//!
//! At the first address of a [`PageImport`](crate::record::RecordKind::PageImport) record:
//!
//! | word | meaning |
//! |---|---|
//! | 0 | capability number << 16 of the server's batch entry, or of the server if the edge has no page |
//! | 1 | [`CLEAR_REGISTERS`](crate::record::CLEAR_REGISTERS) or 0 |
//! | 2, 3 | address of the header frame, and of the entry frame |
//! | 4 | permitted methods |
//! | 5 | the page's number in the scheduler's plan, by which it is registered there |
//! | 6 | 0, or one more than the core on which a thread of the client has the page served, or [`DIRECT`] |
//!
//! An image that would post can have an edge without a page: [`DIRECT`]. Then both frames are the client's alone, and it makes each
//! call that it finds there.
//!
//! # The server's table
//!
//! The word of a [`Pages`](crate::record::RecordKind::Pages) record receives the address of a table in the
//! server's memory, or stays 0 if no edge to the interface has a page. The
//! first word of the table is the number of its rows, the second how many threads the server may have to run
//! methods that may block, the third how many of them may be busy at once with calls of edges that have none of their own, the
//! fourth the server's own, zero at first; the rows start at
//! [`ROWS`], and each has [`ROW_WORDS`]:
//!
//! | word | meaning |
//! |---|---|
//! | 0, 1 | address of the header frame, and of the entry frame |
//! | 2 | permitted methods |
//! | 3 | the token that direct calls of the edge carry |
//! | 4–7 | the server's own, zero at first |
//!
//! If the image has such threads, its workers, there is more behind the rows, for each row again [`PARKED_WORDS`]:
//!
//! | word | meaning |
//! |---|---|
//! | 0 | capability number << 16 of the server's own entry, as direct calls of the edge come in |
//! | 1 | how many workers may be busy with calls of the edge at once |
//! | 2 | 0 if these are the edge's own, 1 if they are some of those that edges have together |
//! | others | the server's own, zero at first: a place for each entry of the page |
//!
//! The token with which a *batch entry* is entered is the number of a row: it is
//! the kernel's word for it, so nobody can have another edge's page served.
//!
//! # The batch entry
//!
//! It has one method, [`SERVE`], for the client (to flush) and for the scheduler
//! (to serve those that wait): it takes what was submitted, runs each call's
//! method and answers it. Answers word 0 = a bit for each slot whose call was
//! answered, word 1 = [`MORE`] if that applies.

/// The one method of a batch entry.
pub const SERVE: u16 = 0;

/// The mask that permits [`SERVE`].
pub const SERVE_ONLY: u64 = 1 << SERVE;

/// The bound of a pass was reached before there was nothing left to do.
pub const MORE: u64 = 1;

/// There is no page: calls are made directly.
pub const DIRECT: u64 = u64::MAX;

/// Words of a client's slot.
pub const SLOT_WORDS: usize = 7;

/// Words of a row of a server's table: one cache line.
pub const ROW_WORDS: usize = 8;

/// Calls that a page has room for.
pub const ENTRIES: usize = 64;

/// Words of what a server that has workers finds of an edge behind the rows.
pub const PARKED_WORDS: usize = 8 + 6 * ENTRIES;

/// Bytes before the first row.
pub const ROWS: u64 = 8 * ROW_WORDS as u64;

/// A page edge, as a scheduler's [plan](crate::plan) describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageEdge {
    /// The token that the client's invocations of the scheduler carry.
    pub client: u64,
    /// Slot of an invocation of the server's batch entry for this page, with
    /// [`CLEAR_REGISTERS`](crate::record::CLEAR_REGISTERS) if the client does so on its way there.
    pub serve: u64,
    /// Address of the header frame in the scheduler.
    pub header: u64,
}

impl PageEdge {
    /// Words of a page edge.
    pub const WORDS: usize = 3;

    /// The page edge at the front of `words`.
    pub fn from_words(words: &[u64]) -> Option<Self> {
        let [client, serve, header, ..] = *words else {
            return None;
        };
        Some(Self { client, serve, header })
    }

    /// The fields as words, in their order.
    pub const fn to_words(&self) -> [u64; Self::WORDS] {
        [self.client, self.serve, self.header]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_edges_round_trip() {
        let edge = PageEdge { client: 4, serve: 9, header: 0x7000 };
        assert_eq!(PageEdge::from_words(&edge.to_words()), Some(edge));
        assert_eq!(PageEdge::from_words(&[1, 2]), None);
    }
}
