//! This crate.

#[path = "subject.rs"]
mod subject;
#[path = "suite.rs"]
pub mod suite;
