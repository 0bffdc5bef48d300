//! Calls by a page, between ends that trust each other; the client has its page served, by a flush.
//!
//! Some of what client and server do for a call they do for a whole round of the page's slots at once. So an iteration of
//! a batch row is a round, however many batches that takes; and in the row that only posts, the iterations lie
//! within one, at the start of which that was done.

use core::cell::RefCell;
use core::hint::black_box;

use pong_interface::PongPosts;
use runtime::Result;
use runtime::page::Ticket;

/// Slots of a page.
const ROUND: u64 = 64;

/// Tickets of calls that were posted, a round of them at most.
pub struct Kept<'p>(RefCell<[Option<Ticket<'p, u64>>; ROUND as usize]>);

impl<'p> Kept<'p> {
    /// How many there can be.
    pub const ROOM: u64 = ROUND;

    /// None yet.
    pub const fn new() -> Self {
        Self(RefCell::new([const { None }; ROUND as usize]))
    }

    /// Completes the round, has it served, and takes all results.
    pub fn settle(&self, posts: &'p PongPosts<'p>) -> Result<()> {
        let mut kept = self.0.borrow_mut();
        for ticket in kept.iter_mut().filter(|ticket| ticket.is_none()) {
            *ticket = Some(posts.post().add(0, 0)?);
        }
        posts.flush()?;
        kept.iter_mut().filter_map(Option::take).try_for_each(take)
    }
}

/// Posts calls, and keeps their tickets.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn page_post<'p>(posts: &'p PongPosts<'p>, kept: &Kept<'p>, iterations: u64) -> Result<()> {
    (0..iterations).zip(kept.0.borrow_mut().iter_mut()).try_for_each(|(number, ticket)| {
        *ticket = Some(posts.post().add(number, 1)?);
        Ok(())
    })
}

/// Rounds of batches of so many calls: each is posted, one flush has all served, each result is taken.
macro_rules! batches {
    ($($name:ident: $calls:literal),*) => {$(
        #[doc = concat!("Rounds of batches of ", $calls, ".")]
        #[unsafe(no_mangle)]
        #[inline(never)]
        pub fn $name(posts: &PongPosts<'_>, iterations: u64) -> Result<()> {
            (0..iterations * (ROUND / $calls)).try_for_each(|_| batch::<$calls>(posts))
        }
    )*};
}

batches! { page_flush_b1: 1, page_flush_b8: 8, page_flush_b32: 32 }

#[inline(always)]
fn batch<const CALLS: usize>(posts: &PongPosts<'_>) -> Result<()> {
    let sums: [_; CALLS] = core::array::from_fn(|number| posts.post().add(number as u64, 1));
    posts.flush()?;
    sums.into_iter().try_for_each(|sum| take(sum?))
}

#[inline(always)]
fn take(ticket: Ticket<'_, u64>) -> Result<()> {
    black_box(ticket.take()?);
    Ok(())
}
