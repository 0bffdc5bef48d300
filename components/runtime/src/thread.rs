//! Threads that a component creates at run time: what they run.
//!
//! A scheduler creates a thread in a component and hands a word to its start. The words 0 and 1 are the phases of the
//! component's own thread; from [`FIRST`] on, a word names an entry of a small table in the component's own memory:
//! [`prepare`] puts a function there, the thread's start takes it out. So nobody else says what runs in a component, and
//! a word that was not prepared, or that comes a second time, starts nothing.
//!
//! Interfaces of schedulers use this; see `sched_interface::Threads` for what is called `spawn`.

use crate::Result;
use crate::capability::invoke;
use crate::internal::STACK_SPAN_BITS;
use crate::start::{Outcome, STACKS, UNKNOWN_PHASE};
use abi::crossing::CapabilityWord;
use core::num::NonZeroU32;
use core::ptr::null_mut;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicPtr, AtomicU64};

/// The core that executes this.
pub fn core() -> u32 {
    (identity() >> 32) as u32
}

/// The index of the thread of the kernel's that executes this, on whatever stack.
pub fn current() -> u64 {
    identity() & u64::from(u32::MAX)
}

/// Index of the thread that executes this | its core << 32, as [`Caller::new`](crate::Caller::new) takes them.
#[doc(hidden)]
pub fn identity() -> u64 {
    // SAFETY: asks, and changes nothing.
    let (_, [identity, _]) = unsafe { invoke(CapabilityWord::IDENTITY.0, [0; 4]) };
    identity
}

/// A number by which the thread that executes this can be told from all others that execute in this component: where its stack is.
/// Two instructions, no call.
#[inline(always)]
pub fn number() -> NonZeroU32 {
    let stack: u64;
    // SAFETY: reads a register, the part of which that counts is the same as long as a function runs.
    unsafe { core::arch::asm!("mov {}, rsp", out(reg) stack, options(pure, nomem, nostack, preserves_flags)) };
    // SAFETY: no stack lies below `USER_START`, which is the first address with this number, and none above `USER_END`.
    unsafe { NonZeroU32::new_unchecked((stack >> STACK_SPAN_BITS) as u32) }
}

/// The index of the thread with this number; of one that executes on a stack of its own making, an index that no thread has.
pub fn index(number: NonZeroU32) -> u64 {
    // SAFETY: an initialised static; the composer has written it, which the compiler does not know.
    let stacks = unsafe { (&raw const STACKS).read_volatile() };
    let first = stacks.wrapping_sub(1) >> STACK_SPAN_BITS;
    u64::from(number.get()).wrapping_sub(first)
}

/// Whether the thread that executes this is one of the component's own that nobody else's call has led here: then the word at the end of its
/// stack, which says how far down the stack was in use before, is 0. On a stack of its own making no thread is.
pub fn is_own() -> bool {
    // SAFETY: the word is there, and is this thread's. Volatile, because only assembly writes it.
    last_word().is_some_and(|word| unsafe { word.read_volatile() } == 0)
}

/// The word below the last one of the stack that the thread has here, which is for [`storage`](crate::storage) alone; `None` on another stack.
#[inline]
pub(crate) fn storage_word() -> Option<*mut usize> {
    last_word().map(|word| word.wrapping_sub(1))
}

#[inline]
fn last_word() -> Option<*mut usize> {
    let number = number();
    let end = (u64::from(number.get()) + 1) << STACK_SPAN_BITS;
    (index(number) < u64::from(abi::layout::THREADS))
        .then(|| core::ptr::with_exposed_provenance_mut::<usize>(end as usize).wrapping_sub(1))
}

/// Says what a thread of this component is called, by its index; the thread itself asks.
pub type Names = fn(u64) -> Option<&'static str>;

static NAMES: AtomicPtr<()> = AtomicPtr::new(null_mut());

/// From now on, threads that panic are called as `names` says.
pub fn named_by(names: Names) {
    NAMES.store(names as *mut (), Release);
}

/// What the thread that executes this is called; its index is `index`.
pub(crate) fn name_of(index: u64) -> Option<&'static str> {
    let names = NAMES.load(Acquire);
    // SAFETY: `named_by` alone puts anything but null there: a `Names`.
    (!names.is_null()).then(|| unsafe { core::mem::transmute::<*mut (), Names>(names) }).and_then(|names| names(index))
}

/// Bytes of its stack, of `bytes` that it has, that the thread that executes this has used at most in this component: what
/// lies below has never been written to, and so is still zero.
///
/// # Safety
///
/// On a thread that runs in an image, on the stack that the booter made for it, of so many bytes.
pub unsafe fn stack_used(bytes: u64) -> u64 {
    let stack: u64;
    // SAFETY: reads a register.
    unsafe { core::arch::asm!("mov {}, rsp", out(reg) stack, options(nomem, nostack, preserves_flags)) };
    let end = (stack | (abi::layout::STACK_SPAN - 1)) + 1;
    let words = (end - bytes..end).step_by(8);
    // SAFETY: by the caller's promise this is the stack's memory. Volatile, because the compiler knows nothing of it.
    let mut words =
        words.map(|at| (at, unsafe { core::ptr::with_exposed_provenance::<u64>(at as usize).read_volatile() }));
    words.find(|(_, word)| *word != 0).map_or(0, |(at, _)| end - at)
}

/// What a thread runs, with the argument that it was given.
pub type Function = fn(u64) -> Result<()>;

/// The first word that stands for a function.
pub const FIRST: u64 = 2;

/// Functions that have been prepared and not been started, at most: as many threads as a component can create.
const ENTRIES: usize = abi::plan::CREATED;

struct Entry {
    /// A [`Function`]; null if the entry is free, [`CLAIMED`] while it is being filled in.
    function: AtomicPtr<()>,
    argument: AtomicU64,
}

/// No function lies there.
const CLAIMED: *mut () = core::ptr::without_provenance_mut(1);

static TABLE: [Entry; ENTRIES] =
    [const { Entry { function: AtomicPtr::new(null_mut()), argument: AtomicU64::new(0) } }; ENTRIES];

/// A function that waits for a thread to run it. Dropped, it does not wait any more.
#[derive(Debug)]
pub struct Prepared {
    at: usize,
}

impl Prepared {
    /// The word that starts it.
    pub const fn word(&self) -> u64 {
        FIRST + self.at as u64
    }

    /// There is a thread for it, which takes it from here on.
    pub fn started(self) {
        core::mem::forget(self);
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if let Some(entry) = TABLE.get(self.at) {
            entry.function.store(null_mut(), Release);
        }
    }
}

/// Keeps a function for a thread to run. `None` if as many as there can be are waiting already.
pub fn prepare(function: Function, argument: u64) -> Option<Prepared> {
    let claim = |entry: &Entry| entry.function.compare_exchange(null_mut(), CLAIMED, Acquire, Relaxed).is_ok();
    let (at, entry) = TABLE.iter().enumerate().find(|(_, entry)| claim(entry))?;
    entry.argument.store(argument, Relaxed);
    entry.function.store(function as *mut (), Release);
    Some(Prepared { at })
}

/// Runs what was prepared under `word`; the status is that of the thread.
#[doc(hidden)]
pub fn run(word: u64) -> u16 {
    match take(word) {
        Some((function, argument)) => function(argument).status(),
        None => UNKNOWN_PHASE,
    }
}

fn take(word: u64) -> Option<(Function, u64)> {
    let entry = TABLE.get(usize::try_from(word.checked_sub(FIRST)?).ok()?)?;
    let argument = entry.argument.load(Relaxed);
    let function = entry.function.load(Acquire);
    if function.is_null() || function == CLAIMED {
        return None;
    }
    entry.function.compare_exchange(function, null_mut(), Acquire, Relaxed).ok()?;
    // SAFETY: `prepare` alone puts anything but null and `CLAIMED` there: a `Function`.
    Some((unsafe { core::mem::transmute::<*mut (), Function>(function) }, argument))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn fails_with(argument: u64) -> Result<()> {
        Err(Error::numbered(argument as u16))
    }

    // One test: the table is the program's.
    #[test]
    fn a_function_is_started_once_and_by_its_word() {
        for word in [0, 1, FIRST, FIRST + 1, u64::MAX] {
            assert_eq!(run(word), UNKNOWN_PHASE, "nothing is prepared");
        }
        let prepared = prepare(fails_with, 7).unwrap();
        let word = prepared.word();
        prepared.started();
        assert_eq!(run(word), Error::numbered(7).status());
        assert_eq!(run(word), UNKNOWN_PHASE, "a second time");

        drop(prepare(fails_with, 8));
        assert_eq!(run(word), UNKNOWN_PHASE, "given up");

        let all: [Option<Prepared>; ENTRIES] = core::array::from_fn(|at| prepare(fails_with, at as u64));
        assert!(all.iter().all(Option::is_some));
        assert!(prepare(fails_with, 9).is_none(), "all are taken");
        for (at, prepared) in all.into_iter().flatten().enumerate() {
            let word = prepared.word();
            prepared.started();
            assert_eq!(run(word), Error::numbered(at as u16).status());
        }
        assert!(prepare(fails_with, 9).is_some(), "they come back");
    }
}
