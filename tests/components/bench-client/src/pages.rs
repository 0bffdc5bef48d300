//! Calls by a page, between ends that trust each other; the client has its page served, by a flush.

use core::cell::RefCell;
use core::hint::black_box;

use pong_interface::PongPosts;
use runtime::Result;
use runtime::page::Ticket;

/// Tickets of calls that were posted.
#[derive(Default)]
pub struct Kept<'p>(RefCell<[Option<Ticket<'p, u64>>; Kept::ROOM as usize]>);

impl<'p> Kept<'p> {
    /// How many there can be: no more than a page has slots.
    pub const ROOM: u64 = 32;

    /// Has the calls served, and takes their results.
    pub fn take(&self, posts: &'p PongPosts<'p>) -> Result<()> {
        posts.flush()?;
        self.0.borrow_mut().iter_mut().filter_map(Option::take).try_for_each(|ticket| {
            black_box(ticket.take()?);
            Ok(())
        })
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

/// Batches of so many calls: each is posted, one flush has all served, each result is taken.
macro_rules! batches {
    ($($name:ident: $calls:literal),*) => {$(
        #[doc = concat!("Batches of ", $calls, ".")]
        #[unsafe(no_mangle)]
        #[inline(never)]
        pub fn $name(posts: &PongPosts<'_>, iterations: u64) -> Result<()> {
            (0..iterations).try_for_each(|_| batch::<$calls>(posts))
        }
    )*};
}

batches! { page_serve_b1: 1, page_serve_b8: 8, page_serve_b32: 32 }

#[inline(always)]
fn batch<const CALLS: usize>(posts: &PongPosts<'_>) -> Result<()> {
    let sums: [Result<Ticket<'_, u64>>; CALLS] = core::array::from_fn(|number| posts.post().add(number as u64, 1));
    posts.flush()?;
    sums.into_iter().try_for_each(|sum| {
        black_box(sum?.take()?);
        Ok(())
    })
}
