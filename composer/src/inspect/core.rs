//! What each processor does: its own words, and through them the kernel's table of threads.

use std::mem::offset_of;

use abi::inspection::Places;
use abi::layout::THREADS;
use logic::core_state::CoreState;
use logic::frame::Frame;
use serde::Serialize;

use super::dump;
use super::memory::Memory;

/// A processor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Processor {
    /// Its number.
    pub number: usize,
    /// The thread that it runs, if it has ever run one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<u32>,
    /// Whether it executes the kernel.
    pub in_kernel: bool,
    /// Address of its next instruction.
    pub instruction: u64,
    /// The function there, if it is the kernel's and known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

/// A core's own words, where the kernel has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// Where they are.
    address: u64,
    /// The thread that it runs; none if it has run none.
    pub thread: Option<Frame>,
    /// The top of that one's invocation stack.
    pub top: u64,
}

/// The own words of the core that `processor` is. `None` if the kernel has not made them yet.
pub fn own(memory: &Memory, places: &Places, processor: &dump::Processor) -> Option<Own> {
    // Between the two instructions of a crossing it is the other one, whatever the privilege level says.
    let points_at_itself =
        |address: &u64| memory.kernel_word(address.wrapping_add(places.own_address)) == Some(*address);
    let address = [processor.gs_base, processor.other_gs_base].into_iter().find(points_at_itself)?;
    let state = address.wrapping_add(places.state);
    let word = |at: usize| memory.kernel_word(state.wrapping_add(at as u64));
    let thread = word(offset_of!(CoreState, thread))?;
    let thread = (thread != 0).then_some(Frame::at(thread));
    Some(Own { address, thread, top: word(offset_of!(CoreState, top))? })
}

/// All threads, by the kernel's table.
pub fn threads(memory: &Memory, places: &Places, own: &Own) -> Vec<Frame> {
    let at = |base: u64, offset: u64| memory.kernel_word(base.wrapping_add(offset));
    let table = at(own.address, places.store).and_then(|store| at(store, places.threads));
    let entries = table.into_iter().flat_map(|table| (0..u64::from(THREADS)).map(move |index| table + 8 * index));
    let threads = entries.filter_map(|entry| memory.kernel_word(entry)).filter(|thread| *thread != 0);
    threads.map(Frame::at).collect()
}
