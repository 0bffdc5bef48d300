//! Calls without exceptions: a client writes its calls into a page that it
//! shares with a server, and one invocation has all of them served.
//!
//! ```text
//!  client's memory            shared page                      server's memory
//! ┌───────────────┐   ┌──────────────────────────┐   ┌─────────────────────────────┐
//! │ Client        │   │ header frame             │   │ Server                      │
//! │  which slots  │──▶│  submitted hints         │──▶│  permitted methods          │
//! │  it posted,   │   │  done hints              │   │  which slots it has taken   │
//! │  their tokens │◀──│  wake word               │◀──│  where it goes on           │
//! └───────────────┘   │ entry frame: 64 × 64 B   │   └─────────────────────────────┘
//!                     │  status method flags     │
//!                     │  args ret token          │
//!                     └──────────────────────────┘
//! ```
//!
//! An entry's life is a circle, and each edge of it belongs to one side:
//!
//! ```text
//!  free ──▶ submitted ══▶ busy ═════════════▶ done ──▶ free
//!                          ╚════▶ blocked ══════╝
//!  ──▶ the client's step      ══▶ the server's step
//! ```
//!
//! That a slot is allocated is in the client's books and nowhere else. By which models each of these steps is gone through, with every
//! end that there can be, says `tests/loom/main.rs`.
//!
//! # Nobody believes the page
//!
//! The other side can write anything into the page at any time. So whatever
//! one side decides with is in its *own* memory, and the page only carries
//! values. Each word is read once, into a local. The client gives out a slot
//! because its own books say that the slot is free; the server runs a method
//! because its own mask permits it. The bitmaps are hints: a wrong one costs
//! a look, a missing one delays nobody but the side that should have set it.
//! Nothing that is found in a page makes this crate panic or loop.
//!
//! # A first call
//!
//! ```text
//! let mut client = Client::new(page);                   // in the client
//! let ticket = client.post(&Request::new(ADD, [2, 3, 0, 0]), 0)?;
//!
//! let server = Server::new(page, permitted, edge);      // in the server
//! server.pass(64, |call| {
//!     let [left, right, ..] = call.request().args;
//!     call.answer(&Reply::success([left + right, 0]))
//! });
//!
//! let reply = client.poll(ticket)?;                     // Some([5, 0])
//! ```
//!
//! `tests/walkthrough.rs` is the same as a program that runs.
//!
//! | question | module |
//! |---|---|
//! | what is where in the page? | [`layout`], [`entry`], [`header`], [`status`] |
//! | what is a call, what is its result? | [`request`] |
//! | how does a client post, and get results back? | [`client`] |
//! | how does a server take and answer calls? | [`server`] |
//! | what becomes of calls that may block? | [`backlog`], [`workers`] |
//! | how does a client sleep without missing its wake-up? | [`header`] |
//! | how is a page served on another core? | [`relay`] |
//! | how does memory become a page? | [`mapped`], the one file with `unsafe` |
//! | why is everything generic over [`Word`]? | [`word`] |
#![no_std]
#![deny(unsafe_code)]

pub mod backlog;
mod books;
pub mod client;
pub mod entry;
pub mod header;
pub mod layout;
// A reference to a frame that was mapped at run time is made from its address. Why that is sound, the module says.
#[allow(unsafe_code)]
pub mod mapped;
pub mod page;
pub mod relay;
pub mod request;
pub mod server;
pub mod status;
pub mod word;
pub mod workers;

pub use backlog::{Backlog, Work};
pub use client::{Client, Completion, Next, PollError, PostError, Ticket};
pub use entry::Entry;
pub use header::{Header, Sleep};
pub use page::Page;
pub use relay::Relay;
pub use request::{Reply, Request};
pub use server::{
    Arguments, Blocked, Call, Claimed, CompleteError, Completed, Outcome, Parked, Pass, QuietPass, Server, Unread,
};
pub use status::{State, Status};
pub use word::Word;
