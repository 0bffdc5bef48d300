//! Scheduling in user level: who runs next is decided here, in a library.
//!
//! The kernel can do three things about time: switch to a thread, set one
//! timer, and say what happened meanwhile. Everything else — who is ready, who
//! sleeps until when, who has used up its turn — is ordinary data, kept in a
//! [`Scheduler`] and decided by a [`Policy`]. So it is tested on the host, with
//! a kernel made of a few lines, and runs unchanged in a scheduler component.
//!
//! ```text
//!            create block wake yield sleep exit              a thread's life
//!  threads ────────────────────────────────────▶ Scheduler ◀── thread
//!                                                 │  │  │
//!                    who is next, for how long?  ─┘  │  └─ what is due?
//!                             Policy                 │       Timers
//!                                                    ▼
//!                                     Decision: run this thread until then
//!                                                    │
//!  kernel  ◀──────────────────────────────── reschedule ─── stale? decide again
//! ```
//!
//! # One decision, without disabling interrupts
//!
//! [`reschedule()`] asks the kernel for a *token*, then decides, then asks the
//! kernel to dispatch with that token. Whatever happened in between — an
//! interrupt woke somebody, another thread entered the scheduler — made the
//! token stale or left events pending; the kernel refuses, and the decision is
//! made again on what is known by then. Nothing is ever dispatched on old
//! knowledge, and nothing needs interrupts off.
//!
//! # Nothing is allocated, nothing is lost
//!
//! Capacity is a const generic; what does not fit is an error, and what ends
//! gives its place back. A [`ThreadId`] carries the generation of its place, so
//! that the name of a thread that has ended never means a newer one.
//!
//! | question | module |
//! |---|---|
//! | what states does a thread have, and why *woken* before *blocked*? | [`state`] |
//! | what can be asked of the scheduler? | [`scheduler`] |
//! | who runs next? | [`policy`] |
//! | who wakes when? | [`timers`] |
//! | what must a kernel provide? | [`kernel`] |
//! | how do decision and kernel come together? | [`mod@reschedule`] |
//! | how do threads wait for something without a call when it is there? | [`blockpoint`], [`lock`] |
//! | how do the two ends of a queue tell each other? | [`position`] |
//! | who waits at a blockpoint? | [`waiting`] |
//! | who is inside the scheduler? | [`occupancy`] |
//! | how do cores leave each other something, and never find it full? | [`inbox`] |
//! | what do they leave about blockpoints? | [`triggers`] |
//! | which cores have nothing to do, and will any of them ever? | [`quiet`] |
//! | whose time does a thread run on that others wait for? | [`inherit`] |
//! | what can be refused? | [`error`] |
#![no_std]
#![forbid(unsafe_code)]

pub mod blockpoint;
pub mod error;
mod heap;
pub mod inbox;
pub mod inherit;
pub mod kernel;
pub mod lock;
pub mod occupancy;
pub mod policy;
pub mod position;
pub mod quiet;
pub mod reschedule;
pub mod scheduler;
pub mod state;
mod table;
pub mod thread;
pub mod time;
pub mod timers;
pub mod triggers;
pub mod waiting;
pub mod word;

pub use blockpoint::{Blockpoint, Epoch};
pub use error::{CreateError, ScheduleError, ThreadError};
pub use inbox::{Inbox, Notice};
pub use kernel::{DispatchError, Event, Kernel, Payer, Token};
pub use lock::Lock;
pub use occupancy::Occupancy;
pub use policy::any::AnyPolicy;
pub use policy::fixed_priority_round_robin::FixedPriorityRoundRobin;
pub use policy::{Parameters, Past, Policy};
pub use position::Position;
pub use quiet::{Quiet, QuietCores};
pub use reschedule::{Exclusive, Ran, carry_out, receive_all, recover, reschedule};
pub use scheduler::{Block, Decision, Quick, Scheduler, Turn};
pub use state::{State, Wakeup};
pub use thread::ThreadId;
pub use time::{Duration, Instant};
pub use timers::Timers;
pub use timers::heap::HeapTimers;
pub use timers::wheel::WheelTimers;
pub use triggers::{Said, Triggers};
pub use waiting::{Answer, PointId, Points, Wait, WaitError, Waits, Wakes};
pub use word::Word;
