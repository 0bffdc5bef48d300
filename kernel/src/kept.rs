//! What is kept of a level that the core was taken from, in the thread's own frame.

use core::sync::atomic::Ordering::Relaxed;
use logic::core_state::CoreState;
use logic::store::Store;
use logic::thread::saved;

/// Where a level goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResumePoint {
    /// Address of the next instruction.
    pub address: u64,
    /// Stack pointer.
    pub stack: u64,
}

/// Keeps where the current level goes on.
pub fn keep_resume_point(memory: &impl Store, core: &CoreState, point: ResumePoint) {
    let [address, stack, ..] = memory.level(core.top);
    address.store(point.address, Relaxed);
    stack.store(point.stack, Relaxed);
}

/// Keeps the general registers and RFLAGS of the current thread; the entry has kept the bases, and the x87 and SSE state.
pub fn keep_registers(
    memory: &impl Store,
    core: &CoreState,
    area: saved::Area,
    registers: &[u64; saved::COUNT],
    flags: u64,
) {
    let kept = memory.words(core.thread()).iter().skip(area.registers);
    for (word, value) in kept.zip(registers) {
        word.store(*value, Relaxed);
    }
    keep(memory, core, [(area.flags, flags)]);
}

fn keep(memory: &impl Store, core: &CoreState, values: impl IntoIterator<Item = (usize, u64)>) {
    let words = memory.words(core.thread());
    for (at, value) in values {
        if let Some(word) = words.get(at) {
            word.store(value, Relaxed);
        }
    }
}
