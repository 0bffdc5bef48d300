//! What the kernel, the components and the composer agree on: numbers, the
//! register contract and the layouts of everything that crosses between them.
//!
//! No dependencies, no `unsafe`, no allocation. A change here is a change of
//! the contract: the versions in [`bundle`] and [`record`] exist so that an old
//! artefact is refused by name instead of being misread.
//!
//! | question | module |
//! |---|---|
//! | which register holds what when a protection boundary is crossed? | [`crossing`] |
//! | what can a capability refer to, and what can be asked of it? | [`kind`], [`operation`], [`rights`] |
//! | what can go wrong? | [`error`] |
//! | what does a fault handler learn, and what can it answer? | [`fault`] |
//! | what does a scheduler learn of its threads? | [`event`] |
//! | how is time counted that threads use up? | [`time`] |
//! | which registers of a thread can be read and written? | [`register`] |
//! | where do things lie in a component's address space? | [`layout`] |
//! | what does the composer hand to the kernel and the booter? | [`bundle`], [`boot`] |
//! | what is a component's thread told when it starts? | [`phase`] |
//! | what does an interface crate tell the composer? | [`record`] |
//! | how does a component find the files that it starts with? | [`files`] |
//! | what must one know to look into a running kernel? | [`inspection`] |
//! | what does hand-written code tell it of the stack? | [`stack`] |
//! | what does the composer tell a scheduler? | [`plan`] |
//! | what does it tell the ends of a syscall page? | [`page`] |
#![no_std]
#![forbid(unsafe_code)]

pub mod boot;
pub mod bundle;
pub mod crossing;
pub mod error;
pub mod event;
pub mod fault;
pub mod files;
pub mod inspection;
pub mod kind;
pub mod layout;
pub mod management;
pub mod operation;
pub mod page;
pub mod phase;
pub mod plan;
pub mod record;
pub mod register;
pub mod rights;
pub mod setting;
pub mod stack;
pub mod time;
