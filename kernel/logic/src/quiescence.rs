//! Quiescence: when nobody can hold on any more to what was given up.
//!
//! Time is counted in *epochs*. What is given up (a capability, a frame) is stamped with the epoch in which
//! that happened; it may be used again when that epoch is past on every core. Each core *acknowledges*
//! an epoch by storing it in a line of its own, after it has forgotten all translations. Kernel entries are not
//! interruptible, so a core that acknowledges has no entry under way that began before: what it has in hand
//! from now on it found after the epoch began, when what was given up before could not be found any more.
//!
//! A *round* moves the epoch on by one and interrupts all other cores. One round at a time: whoever asks while one is
//! under way is told to ask again. Nobody waits in the kernel.
//! (Quiescence as the condition of reuse is Composite's idea; acknowledged rounds in place of delays are ours.)

use crate::core_state::CoreState;
use crate::cross_core::{Cores, Line};
use crate::store::Store;
use abi::error::Error;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Release, SeqCst};

/// What a core that is not there has acknowledged: every epoch there will ever be.
pub const OFFLINE: u64 = u64::MAX;

/// The first epoch. Whatever is stamped with 0 was never given up.
pub const FIRST: u64 = 1;

/// The epoch, and how far all cores are. Both are read often and written once in a round.
#[derive(Debug)]
pub struct Epochs {
    current: Line,
    quiescent: Line,
}

impl Epochs {
    /// Before the first round.
    pub const fn new() -> Self {
        Self { current: Line::new(FIRST), quiescent: Line::new(FIRST) }
    }
}

impl Default for Epochs {
    fn default() -> Self {
        Self::new()
    }
}

/// The epoch with which to stamp what has *just* been given up.
///
/// To be asked after the atomic step from which on nobody can find it, never before: a round that began
/// in between would be counted as one that came after.
pub fn current(store: &impl Store) -> u64 {
    store.epochs().current.0.load(SeqCst)
}

/// Whether what was stamped with `epoch` may be used again.
pub fn is_quiescent(store: &impl Store, epoch: u64) -> bool {
    epoch < store.epochs().quiescent.0.load(Acquire)
}

/// What [`is_quiescent`] says, as an error.
///
/// # Errors
///
/// [`Error::NotQuiescent`].
pub fn check(store: &impl Store, epoch: u64) -> Result<(), Error> {
    if is_quiescent(store, epoch) { Ok(()) } else { Err(Error::NotQuiescent) }
}

/// How it stands with an epoch that somebody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// It is past everywhere.
    Past,
    /// A round is under way.
    UnderWay,
    /// A round has just begun: all cores that are [`behind`] have to be interrupted.
    Begun,
}

/// Says that `core` holds nothing that it found before `epoch` began.
///
/// The order is: read the [`current`] epoch; leave what is dead, its page table above all, and forget all
/// translations; acknowledge what was read. What dies after the first step asks for a later epoch.
pub fn acknowledge(store: &impl Store, core: u32, epoch: u64) {
    if let Some(shared) = store.shared(core) {
        shared.acknowledged.0.store(epoch, Release);
    }
}

/// Whether the core with this number takes part.
pub fn is_online(store: &impl Store, core: u32) -> bool {
    acknowledged(store, core).is_some_and(|epoch| epoch != OFFLINE)
}

/// Whether the core with this number takes part and has not acknowledged the current epoch.
pub fn is_behind(store: &impl Store, core: u32) -> bool {
    acknowledged(store, core).is_some_and(|epoch| epoch < current(store))
}

/// The cores that have not acknowledged the current epoch.
pub fn behind(store: &impl Store) -> impl Iterator<Item = u32> {
    let now = current(store);
    let all = (0..).map_while(move |core| acknowledged(store, core).map(|epoch| (core, epoch)));
    all.filter(move |(_, epoch)| *epoch < now).map(|(core, _)| core)
}

fn acknowledged(store: &impl Store, core: u32) -> Option<u64> {
    store.shared(core).map(|shared| shared.acknowledged.0.load(Acquire))
}

/// Asks that `epoch` be past on every core, for `core`, which acknowledges by asking: `forget` lets it
/// forget its translations, and says whether it may go on with the page table that it has.
///
/// # Errors
///
/// [`Error::BadArgument`] if the epoch has not begun.
pub fn ask(store: &impl Store, core: u32, epoch: u64, forget: impl FnOnce() -> bool) -> Result<Round, Error> {
    let now = current(store);
    if epoch > now {
        return Err(Error::BadArgument);
    }
    if advance(store) > epoch {
        return Ok(Round::Past);
    }
    let has_begun = is_complete(store, now) && begin(store, now);
    let now = current(store);
    if forget() {
        acknowledge(store, core, now);
    }
    match advance(store) > epoch {
        true => Ok(Round::Past),
        false if has_begun => Ok(Round::Begun),
        false => Ok(Round::UnderWay),
    }
}

/// What a component does that asks: answers the current epoch when `epoch` is past everywhere.
///
/// # Errors
///
/// [`Error::BadArgument`] if the epoch has not begun; [`Error::Pending`] until it is past.
pub fn quiesce(store: &impl Store, cores: &mut impl Cores, core: &CoreState, epoch: u64) -> Result<[u64; 2], Error> {
    let forget = || {
        cores.forget_translations();
        core.component(store).live(store).is_ok()
    };
    let round = ask(store, core.number as u32, epoch, forget)?;
    if round == Round::Begun {
        behind(store).for_each(|other| cores.interrupt(other));
    }
    if round == Round::Past { Ok([current(store), 0]) } else { Err(Error::Pending) }
}

/// Whether all cores have acknowledged `epoch`, so that a new round may begin.
fn is_complete(store: &impl Store, epoch: u64) -> bool {
    store.epochs().quiescent.0.load(Acquire) >= epoch
}

fn begin(store: &impl Store, epoch: u64) -> bool {
    store.epochs().current.0.compare_exchange(epoch, epoch + 1, SeqCst, SeqCst).is_ok()
}

/// Finds out how far all cores are.
fn advance(store: &impl Store) -> u64 {
    let everywhere = (0..).map_while(|core| acknowledged(store, core));
    let least = everywhere.min().unwrap_or(FIRST).min(current(store));
    store.epochs().quiescent.0.fetch_max(least, AcqRel).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Memory;

    fn ask(memory: &Memory, core: u32, epoch: u64) -> Result<Round, Error> {
        super::ask(memory, core, epoch, || true)
    }

    fn acknowledge(memory: &Memory, core: u32) {
        super::acknowledge(memory, core, current(memory));
    }

    fn with_cores(cores: u32) -> Memory {
        let memory = Memory::new();
        (0..cores).for_each(|core| super::acknowledge(&memory, core, FIRST));
        memory
    }

    #[test]
    fn one_core_needs_nobody() {
        let memory = Memory::new();
        let epoch = current(&memory);
        assert_eq!(check(&memory, epoch), Err(Error::NotQuiescent));
        assert_eq!(ask(&memory, 0, epoch), Ok(Round::Past));
        assert_eq!(check(&memory, epoch), Ok(()));
        assert_eq!(current(&memory), epoch + 1);
    }

    #[test]
    fn what_was_never_given_up_is_quiescent() {
        assert!(is_quiescent(&Memory::new(), 0));
    }

    #[test]
    fn an_epoch_is_past_when_the_last_core_has_acknowledged() {
        let memory = with_cores(3);
        let epoch = current(&memory);
        assert_eq!(ask(&memory, 1, epoch), Ok(Round::Begun));
        assert!(behind(&memory).eq([0, 2]));
        assert_eq!(ask(&memory, 1, epoch), Ok(Round::UnderWay), "a round is not begun twice");
        acknowledge(&memory, 0);
        assert_eq!(ask(&memory, 0, epoch), Ok(Round::UnderWay));
        assert!(!is_quiescent(&memory, epoch));
        acknowledge(&memory, 2);
        assert_eq!(ask(&memory, 1, epoch), Ok(Round::Past));
        assert!(is_quiescent(&memory, epoch));
    }

    #[test]
    fn what_is_given_up_during_a_round_needs_the_next() {
        let memory = with_cores(2);
        ask(&memory, 0, current(&memory)).unwrap();
        let stamp = current(&memory);
        assert_eq!(ask(&memory, 0, stamp), Ok(Round::UnderWay), "one round at a time");
        acknowledge(&memory, 1);
        assert_eq!(ask(&memory, 0, stamp), Ok(Round::Begun));
        assert!(!is_quiescent(&memory, stamp));
        acknowledge(&memory, 1);
        assert_eq!(ask(&memory, 0, stamp), Ok(Round::Past));
    }

    #[test]
    fn a_core_that_cannot_forget_does_not_acknowledge() {
        let memory = Memory::new();
        let epoch = current(&memory);
        assert_eq!(super::ask(&memory, 0, epoch, || false), Ok(Round::Begun));
        assert!(!is_quiescent(&memory, epoch));
        assert!(behind(&memory).eq([0]));
    }

    #[test]
    fn no_epoch_of_the_future_is_waited_for() {
        let memory = Memory::new();
        assert_eq!(ask(&memory, 0, current(&memory) + 1), Err(Error::BadArgument));
        assert_eq!(ask(&memory, 0, u64::MAX), Err(Error::BadArgument));
    }

    #[test]
    fn an_epoch_of_long_ago_costs_no_round() {
        let memory = with_cores(2);
        let before = current(&memory);
        assert_eq!(ask(&memory, 0, 0), Ok(Round::Past));
        assert_eq!(current(&memory), before);
    }
}
