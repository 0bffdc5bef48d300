//! The commands, one file each.

pub mod backtrace;
pub mod build;
pub mod check;
pub mod completions;
pub mod debug;
pub mod diff;
pub mod explain;
pub mod graph;
pub mod inspect;
pub mod new;
pub mod report;
pub mod run;
pub mod schema;
pub mod timeline;
pub mod trace;
