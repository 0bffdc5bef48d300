//! Calls by a page, between ends that trust each other; the client has its page served, by a flush.
//!
//! Some of what client and server do for a call they do for a whole round of the page's slots at once. So an iteration of
//! a batch row is a round, however many batches that takes; and in the row that only posts, the iterations lie
//! within one, at the start of which that was done.

use core::cell::RefCell;

use pong_interface::{PongError, PongPosts};
use runtime::Result;
use runtime::page::Detached;

/// Slots of a page.
const ROUND: u64 = 64;

/// Tickets of calls that were posted, a round of them at most.
pub struct Kept(RefCell<Option<[Detached<(), PongError>; ROUND as usize]>>);

impl Kept {
    /// How many groups there can be.
    pub const ROOM: u64 = ROUND / GROUP as u64;

    /// None yet.
    pub const fn new() -> Self {
        Self(RefCell::new(None))
    }

    /// Makes room for tickets: it holds such of a call that is over.
    pub fn prepare(&self, posts: &PongPosts<'_>) -> Result<()> {
        let ticket = posts.post().call()?.detach();
        *self.0.borrow_mut() = Some([ticket; ROUND as usize]);
        Ok(ticket.attach(posts).take()?)
    }

    /// Has served what was posted, and takes all results.
    pub fn settle(&self, posts: &PongPosts<'_>, groups: u64) -> Result<()> {
        posts.flush()?;
        let kept = self.0.take().into_iter().flatten().take(groups as usize * GROUP);
        Ok(kept.into_iter().try_for_each(|ticket| ticket.attach(posts).take())?)
    }
}

/// Calls in an iteration of the row that only posts.
const GROUP: usize = 8;

/// Posts groups of calls, and keeps their tickets.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn page_post(posts: &PongPosts<'_>, kept: &Kept, iterations: u64) -> Result<()> {
    let mut kept = kept.0.borrow_mut();
    let Some(tickets) = &mut *kept else { return Ok(()) };
    for (group, _) in tickets.as_chunks_mut::<GROUP>().0.iter_mut().zip(0..iterations) {
        for ticket in group {
            *ticket = posts.post().call()?.detach();
        }
    }
    Ok(())
}

/// Rounds of batches of so many calls: each is posted, one flush has all served, each result is taken.
macro_rules! batches {
    ($($name:ident: $calls:literal),*) => {$(
        #[doc = concat!("Rounds of batches of ", $calls, ".")]
        #[unsafe(no_mangle)]
        #[inline(never)]
        pub fn $name(posts: &PongPosts<'_>, iterations: u64) -> Result<()> {
            Ok((0..iterations * (ROUND / $calls)).try_for_each(|_| batch::<$calls>(posts))?)
        }
    )*};
}

batches! { page_flush_b1: 1, page_flush_b8: 8, page_flush_b32: 32, page_flush_b64: 64 }

#[inline(always)]
fn batch<const CALLS: usize>(posts: &PongPosts<'_>) -> pong_interface::Result<()> {
    let mut calls = [posts.post().call()?.detach(); CALLS];
    for call in calls.iter_mut().skip(1) {
        *call = posts.post().call()?.detach();
    }
    posts.flush()?;
    calls.iter().try_for_each(|call| call.attach(posts).take())
}
