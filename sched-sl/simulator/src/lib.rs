//! Scheduling on the host: the library that images link, driven by discrete events, and the theory that says what it must do.
//!
//! A [`Simulation`] lets tasks run under a [`sched_sl::Scheduler`], with its policies and its timers as they are: all that is
//! simulated is the clock, and how much work a task has. So what a policy promises is checked on thousands of sets of
//! tasks in a second, and not on the few that fit into a test that boots.
//!
//! | question | module |
//! |---|---|
//! | what does a task ask for, and when? | [`task`] |
//! | who runs when, and who is late? | [`simulation`], [`trace`] |
//! | will anybody be late, whatever happens? | [`analysis`] |
//! | which sets of tasks are there? | [`random`] |
//!
//! Time is in ticks of any length.
#![forbid(unsafe_code)]

pub mod analysis;
pub mod random;
pub mod simulation;
pub mod task;
pub mod trace;

pub use simulation::{Refused, Simulation};
pub use task::{Arrivals, Task};
pub use trace::{Job, Span, Trace};
