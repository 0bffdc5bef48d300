//! Futures: event-driven code on one thread of the kernel's. Every call by a page is a future, and so is a point in time.
//!
//! ```ignore
//! static TASKS: Executor<8> = Executor::new(&SCHED);
//!
//! let (page, timers) = (OnPage::new(&posts, &PAGES), Timers::new());
//! let pong = PongPosts::asynchronous(&page);
//! let sums = TASKS.run(&Sources::new([&page, &timers], &SCHED), async {
//!     // Both are posted before either is served.
//!     let (one, other) = join(pong.add(1, 2), pong.add(3, 4)).await;
//!     // Whichever comes first; the other one is dropped, whenever its call ends.
//!     select(pin!(pong.later(5)), timers.sleep_until(soon)).await;
//!     Ok(one? + other?)
//! })?;
//! ```
//!
//! A future does nothing before it is polled for the first time: then it posts. It can be dropped at any time. What the server may
//! still write to is the page's entry, and that stays the call's until it has ended; there is no buffer beside it, as calls carry words.
//! A region that a word names is its owner's to keep for as long: one that is taken back earlier ends the call with `Faulted`.
//!
//! `join`, `select` and their like are those of the crate `futures-util`; others work as well, as all that is here are futures and wakers.

mod call;
mod executor;
#[cfg(test)]
mod tests;

use core::task::Waker;

pub use crate::waiting::{Idle, Sleep, Sleeper, Source, Sources};
pub use call::Call;
pub use executor::{Executor, ExecutorError};
pub use futures_util::future::{Either, join, join3, join4, select};

/// A page that tasks share.
pub type OnPage<'p, S> = crate::page::Shared<'p, S, Waker>;

/// Points in time that tasks wait for.
pub type Timers = crate::waiting::Timers<Waker>;
