//! Temporal capabilities: time of a core, in cycles, as something that is held, given away and used up.
//!
//! A temporal capability belongs to a scheduler, and to that scheduler's core. Cycles come from the kernel's first
//! one, which is [`UNLIMITED`], and from nowhere else: to *delegate* moves them to another scheduler, to *transfer* moves them among the
//! capabilities of one, or back to a scheduler that they came through. So whoever delegates has been charged for all that is done
//! with it below, and need not ask what became of it.
//!
//! | word of the object | meaning |
//! |---|---|
//! | 0 | core |
//! | 1 | cycles left, or [`UNLIMITED`] |
//! | 2 | cycles used |
//! | 3 | number of schedulers that have a say in its priority: its own, and those through which its cycles came |
//! | 8, … | these, three words each: address and life of the thread, and the priority it has there; its own is the first |
//!
//! A lower number goes first. One [takes precedence](takes_precedence) over another if no scheduler that has a say in both sees it
//! otherwise. (Temporal capabilities, with priorities for each scheduler, are Composite's.)

use crate::frame::{self, Frame};
use crate::store::{Store, get, set};
use crate::thread;
use abi::error::Error;
use abi::time::{EVERYTHING, SCHEDULERS, UNLIMITED};

const CORE: usize = 0;
const LEFT: usize = 1;
const USED: usize = 2;
const COUNT: usize = 3;
const LIST: usize = 8;
const WORDS: usize = 3;

/// A kernel object in one of the lives of its frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Object {
    /// Address of its frame; 0 for no object.
    pub address: u64,
    /// Its life.
    pub life: u64,
}

impl Object {
    /// No object.
    pub const NONE: Self = Self { address: 0, life: frame::NO_LIFE };

    /// The object that lives in `frame`.
    pub fn living(store: &impl Store, frame: Frame) -> Self {
        Self { address: frame.address(), life: frame::life(store, frame) }
    }

    /// Its frame, if it still lives.
    pub fn frame(self, store: &impl Store) -> Option<Frame> {
        let frame = Frame::at(self.address);
        (self.address != 0 && frame::lives(store, frame, self.life)).then_some(frame)
    }
}

/// What a scheduler says of a temporal capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Say {
    scheduler: Object,
    priority: u64,
}

/// Makes the claimed frame `capability` an empty temporal capability of the thread `scheduler`.
pub fn create(store: &impl Store, capability: Frame, scheduler: Frame) {
    let words = store.words(capability);
    set(words, CORE, thread::core_of(store, scheduler).into());
    set(words, COUNT, 1);
    write(store, capability, 0, Say { scheduler: Object::living(store, scheduler), priority: 0 });
}

/// Makes the claimed frame `capability` the first of all, from which all cycles come.
pub fn create_unlimited(store: &impl Store, capability: Frame, scheduler: Frame) {
    create(store, capability, scheduler);
    set(store.words(capability), LEFT, UNLIMITED);
}

/// The core whose time it is.
pub fn core_of(store: &impl Store, capability: Frame) -> u64 {
    get(store.words(capability), CORE)
}

/// Cycles left, or [`UNLIMITED`].
pub fn left(store: &impl Store, capability: Frame) -> u64 {
    get(store.words(capability), LEFT)
}

/// Cycles used since it was made.
pub fn used(store: &impl Store, capability: Frame) -> u64 {
    get(store.words(capability), USED)
}

/// Notes that so many cycles have been used. More than are left cannot be taken back: then none are left.
pub fn charge(store: &impl Store, capability: Frame, cycles: u64) {
    let words = store.words(capability);
    set(words, USED, used(store, capability).saturating_add(cycles));
    if left(store, capability) != UNLIMITED {
        set(words, LEFT, left(store, capability).saturating_sub(cycles));
    }
}

/// Who is to get cycles.
#[derive(Clone, Copy, Debug)]
pub struct Recipient {
    /// Nothing, if it is about to be made.
    capability: Option<Frame>,
    owner: Object,
    core: u64,
    left: u64,
}

impl Recipient {
    /// The temporal capability in `capability`.
    pub fn of(store: &impl Store, capability: Frame) -> Self {
        let (owner, core) = (owner(store, capability), core_of(store, capability));
        Self { capability: Some(capability), owner, core, left: left(store, capability) }
    }

    /// One that is about to be made for `scheduler`.
    pub fn new(store: &impl Store, scheduler: Frame) -> Self {
        let (owner, core) = (Object::living(store, scheduler), thread::core_of(store, scheduler).into());
        Self { capability: None, owner, core, left: 0 }
    }

    /// Whether `scheduler` has a say in what it has.
    fn knows(&self, store: &impl Store, scheduler: Object) -> bool {
        let mut known = self.capability.into_iter().flat_map(|to| says(store, to).take(says_kept(store, to)));
        scheduler == self.owner || known.any(|say| say.scheduler == scheduler)
    }
}

/// Cycles that can be moved from one temporal capability: all has been checked.
#[derive(Clone, Copy, Debug)]
pub struct Gift {
    from: Frame,
    cycles: u64,
    own: Option<Say>,
}

/// `cycles`, or with [`EVERYTHING`] all that are left, for another temporal capability of the same scheduler, or of one
/// through which they came.
///
/// # Errors
///
/// [`Error::BadArgument`] if the two are the same, if no cycles are to be moved, if all of an unlimited one are, or if they did not come
/// through the other's scheduler; [`Error::Revoked`] if that one is dead; [`Error::WrongCore`] if one of the two belongs to another core
/// than the caller, unless it is an unlimited source, or a recipient that nobody knows yet; [`Error::BudgetExhausted`] if there
/// are fewer left; [`Error::BudgetOverflow`] if the other would be unlimited then; [`Error::TooManySchedulers`] if more than
/// [`SCHEDULERS`] would have a say in it.
pub fn transfer(store: &impl Store, core: u64, from: Frame, to: Recipient, cycles: u64) -> Result<Gift, Error> {
    let cycles = check(store, core, from, &to, cycles)?;
    let is_way_back = says(store, from).any(|say| say.scheduler == to.owner);
    if !is_way_back {
        return Err(Error::BadArgument);
    }
    check_room(store, Gift { from, cycles, own: None }, &to)
}

/// `cycles` as in [`transfer`], but for a scheduler that they did not come through, or for another of the same one. Their own
/// scheduler gives them this `priority`.
///
/// # Errors
///
/// Those of [`transfer`], but [`Error::BadArgument`] if they did come through the other's scheduler: delegation goes
/// in no circles.
pub fn delegate(
    store: &impl Store,
    core: u64,
    from: Frame,
    to: Recipient,
    cycles: u64,
    priority: u64,
) -> Result<Gift, Error> {
    let cycles = check(store, core, from, &to, cycles)?;
    let came_through = says(store, from).skip(1).any(|say| say.scheduler == to.owner);
    if came_through {
        return Err(Error::BadArgument);
    }
    let own = Say { scheduler: owner(store, from), priority };
    check_room(store, Gift { from, cycles, own: Some(own) }, &to)
}

impl Gift {
    /// Moves the cycles to `to`, for which they were checked. Answers how many.
    pub fn hand_over(self, store: &impl Store, to: Frame) -> u64 {
        receive_says(store, self.from, to);
        if let Some(own) = self.own {
            put(store, to, own);
        }
        let (has, had) = (left(store, self.from), left(store, to));
        if has != UNLIMITED {
            set(store.words(self.from), LEFT, has.saturating_sub(self.cycles));
        }
        if had != UNLIMITED {
            set(store.words(to), LEFT, had.saturating_add(self.cycles));
        }
        self.cycles
    }
}

/// Whether a thread that runs on `one` takes the core from a thread that runs on `other`: one has cycles, some scheduler has a say
/// in both, and none of these sees it otherwise.
pub fn takes_precedence(store: &impl Store, one: Frame, other: Frame) -> bool {
    let mut is_before = false;
    for say in says(store, one) {
        match find(store, other, say.scheduler) {
            Some((_, theirs)) if theirs.priority < say.priority => return false,
            Some((_, theirs)) => is_before |= say.priority < theirs.priority,
            None => {}
        }
    }
    is_before && left(store, one) != 0
}

/// What both ways of giving cycles check. Answers how many there are to be moved.
fn check(store: &impl Store, core: u64, from: Frame, to: &Recipient, cycles: u64) -> Result<u64, Error> {
    let has = left(store, from);
    if to.capability == Some(from) || cycles == 0 || (cycles == EVERYTHING && has == UNLIMITED) {
        return Err(Error::BadArgument);
    }
    to.owner.frame(store).ok_or(Error::Revoked)?;
    let are_here = has == UNLIMITED || (core_of(store, from) == core && to.core == core);
    if !are_here || (to.capability.is_some() && to.core != core) {
        return Err(Error::WrongCore);
    }
    let amount = if cycles == EVERYTHING { has } else { cycles };
    if amount == 0 || amount > has {
        return Err(Error::BudgetExhausted);
    }
    let becomes_unlimited = to.left.checked_add(amount).is_none_or(|sum| sum == UNLIMITED);
    if becomes_unlimited && to.left != UNLIMITED {
        return Err(Error::BudgetOverflow);
    }
    Ok(amount)
}

/// Whether there is room for all that would have a say in what `to` has.
fn check_room(store: &impl Store, gift: Gift, to: &Recipient) -> Result<Gift, Error> {
    let before = to.capability.map_or(1, |to| says_kept(store, to));
    let new = says(store, gift.from).skip(1).chain(gift.own).filter(|say| !to.knows(store, say.scheduler));
    if before + new.count() > SCHEDULERS { Err(Error::TooManySchedulers) } else { Ok(gift) }
}

/// Lets all those through which the cycles of `from` came have a say in `to`: the less urgent of two priorities counts.
fn receive_says(store: &impl Store, from: Frame, to: Frame) {
    set(store.words(to), COUNT, says_kept(store, to) as u64);
    let own = owner(store, to);
    for say in says(store, from).skip(1).filter(|say| say.scheduler != own) {
        let known = find(store, to, say.scheduler).map_or(0, |(_, known)| known.priority);
        put(store, to, Say { priority: say.priority.max(known), ..say });
    }
}

/// How many have a say in what is left: where nothing is left, its own scheduler alone.
fn says_kept(store: &impl Store, capability: Frame) -> usize {
    if left(store, capability) == 0 { 1 } else { count(store, capability) }
}

fn put(store: &impl Store, capability: Frame, say: Say) {
    let at = find(store, capability, say.scheduler).map(|(at, _)| at).unwrap_or_else(|| {
        let at = count(store, capability);
        set(store.words(capability), COUNT, at as u64 + 1);
        at
    });
    write(store, capability, at, say);
}

fn find(store: &impl Store, capability: Frame, scheduler: Object) -> Option<(usize, Say)> {
    says(store, capability).enumerate().find(|(_, say)| say.scheduler == scheduler)
}

fn owner(store: &impl Store, capability: Frame) -> Object {
    read(store, capability, 0).scheduler
}

fn count(store: &impl Store, capability: Frame) -> usize {
    (get(store.words(capability), COUNT) as usize).min(SCHEDULERS)
}

fn says(store: &impl Store, capability: Frame) -> impl Iterator<Item = Say> {
    (0..count(store, capability)).map(move |at| read(store, capability, at))
}

fn read(store: &impl Store, capability: Frame, at: usize) -> Say {
    let words = store.words(capability);
    let [address, life, priority] = [0, 1, 2].map(|word| get(words, LIST + WORDS * at + word));
    Say { scheduler: Object { address, life }, priority }
}

fn write(store: &impl Store, capability: Frame, at: usize, say: Say) {
    let words = store.words(capability);
    let values = [say.scheduler.address, say.scheduler.life, say.priority];
    for (word, value) in values.into_iter().enumerate() {
        set(words, LIST + WORDS * at + word, value);
    }
}

#[cfg(test)]
mod tests;
