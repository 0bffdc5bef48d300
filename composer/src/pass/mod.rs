//! The passes, in the order in which they run.

pub mod draft;
pub mod shape;

pub mod parse;

pub mod expand;

pub mod defaults;

mod devices;

mod spaces;

mod threads;

pub mod resolve;

pub mod check;

pub mod order;

pub mod build;

pub mod schema;

pub mod stack;

pub mod pages;

pub mod layout;

pub mod plan;

pub mod files;

pub mod memory;

pub mod manage;

pub mod capabilities;

pub mod bind;

pub mod disk;

pub mod image;

pub mod report;

#[cfg(test)]
mod tests;
