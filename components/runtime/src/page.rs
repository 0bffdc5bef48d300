//! Calls by a syscall page: many are posted, one invocation has them served.
//!
//! ```ignore
//! runtime::import_page!(PONG: pong_interface::PongPage);
//!
//! let pong = PONG.open()?;               // one thread at a time owns the client's end
//! let sum = pong.post().add(2, 3)?;      // written to the page: no system call
//! pong.post().call()?;                   // nobody wants this one's result
//! pong.flush()?;                         // one invocation for both
//! info!("pong answered {}", sum.take()?);
//! ```
//!
//! Where the graph does not say `via = "page"`, there is no page, and all this makes direct calls.
//!
//! Who does not know beforehand whether calls come alone or together lets that be measured:
//!
//! ```ignore
//! let pong = PONG.adaptive()?;
//! let sum = pong.call().add(2, 3);       // directly, or by the page
//! info!("pong answered {}", sum.wait(&PAGES)?);
//! ```
//!
//! Where the graph says `core = 1` of the page's edge, calls are served there while this thread goes on, and whoever waits
//! sleeps. The client says by whom its thread there is scheduled, and nothing else changes:
//!
//! ```ignore
//! runtime::import_page!(PONG: pong_interface::PongPage, workers: SCHED);
//! ```
//!
//! The server's code knows nothing of all this: [`export!`](crate::export) serves
//! the same static by page as by direct call. Only for methods that are marked `#[may_block]` in the interface it
//! has to say where threads come from that wait in their stead:
//!
//! ```ignore
//! runtime::export!(pong_interface::PongServer => PONG, workers: SCHED);
//! ```

mod adaptive;
mod direct;
mod error;
mod import;
mod posts;
mod runner;
mod shared;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod ticket;
mod workers;

pub use adaptive::{Adaptive, Kept, Promise};
pub use error::PageError;
pub use import::PageImport;
pub use posts::{Posts, Scheduler};
pub use runner::{Runner, RunnerThreads, Service};
pub use shared::Shared;
pub use table::{BATCH_METHODS, Batch, PageTable, Posted};
pub use ticket::{Detached, Ticket};
pub use workers::{WorkerThreads, Workers};
