//! Switches between two threads of a component that the kernel hears of later.
//!
//! A thread that has *joined* can be left for another of its component without the kernel: the component keeps what it goes on with, and loads
//! that of the other. The stack pointer says whose registers there are at every instruction, and so nothing has to be told. The kernel
//! *hears* of it where it would otherwise keep them as another's: at an interrupt, at a fault, and when the thread says that it is [`here`],
//! which it does before it calls anybody. Whoever was left then is *at its start*, as any thread that nothing is kept of; joining has said
//! where that is, and the component loads there what it has kept. `tests/unheard_switches.rs` shows why this is enough.
//!
//! What it hears is believed only of threads of the same component, core, scheduler and temporal capability, neither with an invocation in progress, one of which
//! runs while nothing is kept of the other. A component that lies confuses its own threads, and could do so without the kernel.
//!
//! | word of the thread | meaning |
//! |---|---|
//! | 54 | number of the span in which its stack lies, where it has joined; 0 before |

use crate::budget;
use crate::core_state::CoreState;
use crate::frame::Frame;
use crate::outcome::Outcome;
use crate::store::{Store, get, set};
use crate::thread::{self, State, saved};
use abi::error::Error;
use abi::layout::{STACK_SPAN, is_user};
use core::sync::atomic::Ordering::{Acquire, Relaxed};

/// The word of a thread that says on which stack it is.
pub const SPAN: usize = 54;

/// The current level says whose stack it is on: that thread is the current one from now on. With an address, which is where it starts from
/// now on, the current thread joins.
///
/// # Errors
///
/// [`Error::NotDispatchable`] if it is not believed, or the thread has not joined; [`Error::BadArgument`] if it cannot:
/// it is in another's component, has no scheduler, or could not start there.
pub fn here(store: &impl Store, core: &mut CoreState, start: u64) -> Result<Outcome, Error> {
    let [_, stack, ..] = store.level(core.top);
    let span = stack.load(Relaxed) / STACK_SPAN;
    if start == 0 {
        hear(store, core);
    } else if is_user(start) && thread::is_at_first_entry(core) && thread::above(store, core.thread()).is_some() {
        set(store.words(core.thread()), SPAN, span);
        thread::set_start(store, core.thread(), start);
    } else {
        return Err(Error::BadArgument);
    }
    if get(store.words(core.thread()), SPAN) == span { Ok(Outcome::DONE) } else { Err(Error::NotDispatchable) }
}

/// Whether `thread` has joined, and so has to stay on its core: what others of its component keep of it says nothing of cores.
pub fn has_joined(store: &impl Store, thread: Frame) -> bool {
    get(store.words(thread), SPAN) != 0
}

/// Hears of a switch before the current thread is taken from the core, or its fault handled; what has been kept of it in `area` is the other's.
#[inline(always)]
pub fn look(store: &impl Store, core: &mut CoreState, area: saved::Area) {
    if has_joined(store, core.thread()) {
        look_at_stack(store, core, area);
    }
}

#[cold]
#[inline(never)]
fn look_at_stack(store: &impl Store, core: &mut CoreState, area: saved::Area) {
    let left = core.thread();
    if hear(store, core) {
        thread::move_saved(store, left, core.thread(), area);
    }
}

/// Makes that thread the current one on whose stack the current level is, if that is another, and left is who was it. Answers whether so.
#[cold]
#[inline(never)]
fn hear(store: &impl Store, core: &mut CoreState) -> bool {
    let Some(named) = named(store, core) else { return false };
    let [address, stack, ..] = store.level(core.top);
    thread::set_state(store, core.thread(), State::AtStart);
    thread::switch(store, core, named);
    let [own_address, own_stack, ..] = store.level(core.top);
    own_address.store(address.load(Relaxed), Relaxed);
    own_stack.store(stack.load(Relaxed), Relaxed);
    true
}

/// The thread on whose stack the current level is, if it can run in place of the current one.
fn named(store: &impl Store, core: &CoreState) -> Option<Frame> {
    let (me, [_, stack, descriptor, epoch]) = (store.words(core.thread()), store.level(core.top));
    let span = stack.load(Relaxed) / STACK_SPAN;
    // Stacks lie in the order of the threads' indices. It is of the same core if that is in its identity, too.
    let identity = core.identity.wrapping_add(span).wrapping_sub(get(me, SPAN));
    let named = store.thread_entry(identity as u32)?.load(Acquire);
    if named == 0 || !thread::is_at_first_entry(core) {
        return None;
    }
    let (named, other) = (Frame::at(named), store.words(Frame::at(named)));
    let [_, kept, other_descriptor, other_epoch] = thread::first_level(store, named);
    let is_vacant = match thread::state(store, named) {
        State::AtStart => true,
        // It lost the core while nobody's registers were there.
        State::Preempted => kept.load(Relaxed) == 0 && thread::is_at_first(store, named),
        _ => false,
    };
    let is_equal = is_vacant
        && thread::identity(store, named) == identity
        && get(other, SPAN) == span
        && descriptor.load(Relaxed) == other_descriptor.load(Relaxed)
        && epoch.load(Relaxed) == other_epoch.load(Relaxed)
        && thread::has_same_scheduler(store, named, core.thread())
        && budget::of(store, named) == core.account.runs_on();
    is_equal.then_some(named)
}

#[cfg(test)]
mod tests;
