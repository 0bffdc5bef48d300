//! What the parts of a scheduler on several cores have in common.
//!
//! Each part has threads, queues and a critical section of its own, and looks at no other's. What one core wants of a thread
//! of another travels as *mail*: some bits at the thread, which also has the one link by which it can stand in its core's
//! [inbox](sched_sl::inbox). Whoever sets the first bit puts the thread in and sends to that core's part, both in its own core's section; more
//! bits are there by the time that it looks. So an inbox is never full, nothing is lost, and nobody waits for another core. What is said of a
//! blockpoint of another core travels in the same way: see [`sched_sl::triggers`].

use crate::Machine;
use crate::state::POINTS;
use abi::layout::THREADS;
use abi::plan::CORES;
use core::num::NonZeroU32;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize};
use runtime::scheduling::Thread;
use sched_interface::{Result, SchedError};
use sched_sl::{Epoch, Inbox, Notice, Past, PointId, Quiet, QuietCores, WaitError, Wakes};

/// What is said of the blockpoints of one core by the others.
pub type Triggers = sched_sl::Triggers<AtomicU64, POINTS>;

/// What a core can want of a thread of another.
pub mod mail {
    /// That it is woken.
    pub const WAKE: u8 = 1;
    /// That it starts.
    pub const START: u8 = 2;
    /// That it goes on here: it has come from another core.
    pub const ARRIVE: u8 = 4;
}

/// By number, what becomes of a thread that can be created.
mod created {
    pub const POSSIBLE: u8 = 0;
    /// It lives, or somebody is about to create it.
    pub const TAKEN: u8 = 1;
    /// It returned, and can start again.
    pub const ENDED: u8 = 2;
    /// It faulted: the kernel does not give it back.
    pub const LOST: u8 = 3;
}

/// What all cores know of a thread.
struct Known {
    /// 1 + its core, while it lives.
    home: AtomicU8,
    /// What its core has not taken in yet: bits of [`mail`].
    mail: Notice<AtomicU64>,
    created: AtomicU8,
    /// 1 + the number of its client.
    client: AtomicU8,
    /// Whether the system does not wait for its end, while it is on its way.
    is_background: AtomicBool,
    /// Whether somebody on another core may wait for its end.
    is_awaited: AtomicBool,
    /// Whether it wanted to go to another core, and cannot.
    stays: AtomicBool,
    /// The core of the kernel's thread.
    core: AtomicU8,
    /// The kernel's thread, once there is one.
    slot: AtomicU32,
    /// What it starts with.
    word: AtomicU32,
    /// What counts of its last life, or of its time on another core.
    past: [AtomicU64; 3],
}

impl Known {
    const fn new() -> Self {
        Self {
            home: AtomicU8::new(0),
            mail: Notice::new(AtomicU64::new(0), AtomicU64::new(0)),
            created: AtomicU8::new(created::POSSIBLE),
            client: AtomicU8::new(0),
            is_background: AtomicBool::new(false),
            is_awaited: AtomicBool::new(false),
            stays: AtomicBool::new(false),
            core: AtomicU8::new(0),
            slot: AtomicU32::new(0),
            word: AtomicU32::new(0),
            past: [const { AtomicU64::new(0) }; 3],
        }
    }
}

/// What the others know of a core.
#[repr(align(64))]
struct Core {
    /// Threads that there is mail for.
    inbox: Inbox<AtomicU64>,
    /// Whether a thread of another core has ended, for which somebody there may wait.
    is_told_of_end: AtomicBool,
    /// Threads that live there, or are about to.
    threads: AtomicUsize,
}

impl Core {
    const fn new() -> Self {
        Self {
            inbox: Inbox::new(AtomicU64::new(0)),
            is_told_of_end: AtomicBool::new(false),
            threads: AtomicUsize::new(0),
        }
    }
}

/// See the module.
pub struct Shared {
    threads: [Known; THREADS as usize],
    cores: [Core; CORES],
    /// What is said of the blockpoints of each core by the others.
    triggers: [Triggers; CORES],
    /// On which cores nothing can happen but what another brings about.
    quiet: QuietCores<AtomicU64>,
    /// Whether all were quiet.
    is_stuck: AtomicBool,
    /// Threads for whose end the system waits.
    awaited: AtomicUsize,
    /// The first status of a thread that was not 0.
    status: AtomicU16,
    /// Budgets that have been made.
    budgets: AtomicU64,
    /// From when on all parts count what comes again and again; 0 before the first of them starts.
    origin: AtomicU64,
}

impl Shared {
    /// Nobody is known.
    pub const fn new() -> Self {
        Self {
            threads: [const { Known::new() }; THREADS as usize],
            cores: [const { Core::new() }; CORES],
            triggers: [const { Triggers::new() }; CORES],
            quiet: QuietCores::new(AtomicU64::new(0)),
            is_stuck: AtomicBool::new(false),
            awaited: AtomicUsize::new(0),
            status: AtomicU16::new(0),
            budgets: AtomicU64::new(0),
            origin: AtomicU64::new(0),
        }
    }

    fn known(&self, index: u64) -> Result<&Known> {
        usize::try_from(index).ok().and_then(|index| self.threads.get(index)).ok_or(SchedError::TooLarge)
    }

    fn core(&self, core: u32) -> Result<&Core> {
        self.cores.get(core as usize).ok_or(SchedError::TooLarge)
    }

    /// Notes whose thread this is.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooLarge`].
    pub fn learn(&self, index: u64, client: usize) -> Result<()> {
        let client = u8::try_from(client + 1).map_err(|_| SchedError::TooLarge)?;
        self.known(index)?.client.store(client, Relaxed);
        Ok(())
    }

    /// The number of the client whose thread this is.
    pub fn client(&self, index: u64) -> Option<usize> {
        usize::from(self.known(index).ok()?.client.load(Relaxed)).checked_sub(1)
    }

    /// The core of a thread, if it lives.
    pub fn home(&self, index: u64) -> Option<u32> {
        u32::from(self.known(index).ok()?.home.load(Acquire)).checked_sub(1)
    }

    /// Takes a thread that can be created and is not there. Answers the kernel's thread if there is one already.
    pub fn claim(&self, index: u64) -> Option<Option<Thread>> {
        let known = self.known(index).ok()?;
        let claim = |from| known.created.compare_exchange(from, created::TAKEN, AcqRel, Relaxed).is_ok();
        if claim(created::POSSIBLE) {
            return Some(None);
        }
        claim(created::ENDED).then(|| NonZeroU32::new(known.slot.load(Relaxed)).map(Thread::with_number))
    }

    /// Gives up a thread that was claimed, and could not be made or started.
    pub fn unclaim(&self, index: u64) {
        if let Ok(known) = self.known(index) {
            let is_there = known.slot.load(Relaxed) != 0;
            known.created.store(if is_there { created::ENDED } else { created::POSSIBLE }, Release);
        }
    }

    /// Notes the kernel's thread, and its core.
    pub fn keep(&self, index: u64, thread: Thread, core: u32) {
        let Ok(known) = self.known(index) else { return };
        known.core.store(core as u8, Relaxed);
        known.slot.store(thread.number().get(), Relaxed);
    }

    /// The core of the kernel's thread.
    pub fn kept_on(&self, index: u64) -> u32 {
        self.known(index).map_or(0, |known| known.core.load(Relaxed).into())
    }

    /// The kernel's thread, of one that was created.
    pub fn thread(&self, index: u64) -> Option<Thread> {
        NonZeroU32::new(self.known(index).ok()?.slot.load(Relaxed)).map(Thread::with_number)
    }

    /// Keeps a place on this core, if there is room.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooLarge`].
    pub fn reserve(&self, core: u32, room: usize) -> Result<()> {
        let more = |threads| (threads < room).then_some(threads + 1);
        self.core(core)?.threads.fetch_update(Relaxed, Relaxed, more).map_err(|_| SchedError::TooLarge)?;
        Ok(())
    }

    /// Gives up a place on this core.
    pub fn vacate(&self, core: u32) {
        let _ = self.core(core).map(|core| core.threads.fetch_sub(1, Relaxed));
    }

    /// Notes that a thread lives on this core.
    pub fn settle(&self, index: u64, core: u32) {
        let _ = self.known(index).map(|known| known.home.store(core as u8 + 1, Release));
    }

    /// Notes that a thread lives on this core, if there is room for it.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooLarge`].
    pub fn enter(&self, index: u64, core: u32, room: usize) -> Result<()> {
        self.reserve(core, room)?;
        self.settle(index, core);
        Ok(())
    }

    /// Notes that it does not live there any more.
    pub fn leave(&self, index: u64, core: u32) {
        let _ = self.known(index).map(|known| known.home.store(0, SeqCst));
        self.vacate(core);
    }

    /// Notes how a thread has ended that was created.
    pub fn end(&self, index: u64, is_lost: bool) {
        let ended = if is_lost { created::LOST } else { created::ENDED };
        if let Ok(known) = self.known(index) {
            let _ = known.created.compare_exchange(created::TAKEN, ended, Release, Relaxed);
        }
    }

    /// Notes what the policy keeps of a thread that ends here, or goes elsewhere, which is said behind that.
    pub fn keep_past(&self, index: u64, Past(words): Past) {
        let _ = self
            .known(index)
            .map(|known| known.past.iter().zip(words).for_each(|(past, word)| past.store(word, Relaxed)));
    }

    /// What the policy has kept of a thread.
    pub fn past(&self, index: u64) -> Past {
        let known = self.known(index);
        Past(known.map_or([0; 3], |known| known.past.each_ref().map(|word| word.load(Relaxed))))
    }

    /// Somebody may wait for the end of a thread on another core than its own.
    pub fn expect_end(&self, index: u64) {
        let _ = self.known(index).map(|known| known.is_awaited.store(true, SeqCst));
    }

    /// Whether a thread that is scheduled somewhere has ended; one that is not, and that lives elsewhere, tells this core when it does.
    #[cold]
    #[inline(never)]
    pub fn has_ended(&self, index: u64) -> bool {
        self.expect_end(index);
        let Ok(known) = self.known(index) else { return false };
        known.client.load(Relaxed) != 0 && known.home.load(SeqCst) == 0
    }

    /// A thread has ended. If anybody may wait for it who has not been told, all other cores look, and this one is to: that is the answer.
    pub fn tell_of_end(&self, machine: &impl Machine, index: u64) -> bool {
        let is_awaited = self.known(index).is_ok_and(|known| known.is_awaited.swap(false, SeqCst));
        if is_awaited {
            let cores = (0..u64::BITS).filter(|core| machine.cores() >> core & 1 != 0);
            cores.for_each(|core| self.tell_core(machine, core));
        }
        is_awaited
    }

    fn tell_core(&self, machine: &impl Machine, number: u32) {
        let Ok(core) = self.core(number) else { return };
        if number != machine.core() {
            core.is_told_of_end.store(true, SeqCst);
            self.quiet.tell(number);
            // The part there may have come to its end.
            let _ = machine.call(number);
        }
    }

    /// Whether this core has been told of an end since it last asked.
    pub fn take_end(&self, core: u32) -> bool {
        self.core(core).is_ok_and(|core| core.is_told_of_end.swap(false, SeqCst))
    }

    /// Puts mail for a thread into its core's inbox.
    pub fn send(&self, machine: &impl Machine, index: u64, what: u8) {
        let (Some(home), Ok(known)) = (self.home(index), self.known(index)) else { return };
        let Ok(core) = self.core(home) else { return };
        if core.inbox.post(index as usize, &known.mail, |mail| mail | u64::from(what)) {
            self.call(machine, home);
        }
    }

    /// Has another core look at what there is for it.
    fn call(&self, machine: &impl Machine, core: u32) {
        self.quiet.tell(core);
        // The part there may have come to its end.
        let _ = machine.call(core);
    }

    /// What is said of the blockpoints of a core.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`]: there is no such core.
    pub fn triggers(&self, core: u32) -> Result<&Triggers> {
        self.triggers.get(core as usize).ok_or(SchedError::NoSuchPoint)
    }

    /// Says that an epoch has begun at a blockpoint of another core.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`].
    pub fn send_trigger(
        &self,
        machine: &impl Machine,
        home: u32,
        point: PointId,
        (epoch, wakes): (Epoch, Wakes),
    ) -> Result<()> {
        self.call_if(machine, home, self.triggers(home)?.tell(point, epoch, wakes))
    }

    /// Says that a blockpoint of another core is given up.
    ///
    /// # Errors
    ///
    /// [`SchedError::NoSuchPoint`].
    pub fn send_free(&self, machine: &impl Machine, home: u32, point: PointId) -> Result<()> {
        self.call_if(machine, home, self.triggers(home)?.tell_free(point))
    }

    /// Has another core look, if something was said for which it is to.
    fn call_if(&self, machine: &impl Machine, core: u32, said: core::result::Result<bool, WaitError>) -> Result<()> {
        if said.map_err(|_| SchedError::NoSuchPoint)? {
            self.call(machine, core);
        }
        Ok(())
    }

    /// Has a thread start with a word on its core.
    pub fn send_start(&self, machine: &impl Machine, index: u64, word: u32) {
        let _ = self.known(index).map(|known| known.word.store(word, Relaxed));
        self.send(machine, index, mail::START);
    }

    /// What a thread starts with.
    pub fn word(&self, index: u64) -> u32 {
        self.known(index).map_or(0, |known| known.word.load(Relaxed))
    }

    /// Has a thread that was taken from another core go on at its new home; it may have been woken meanwhile.
    ///
    /// That it arrives is said before it is known to live there: who wakes it there finds that, and nobody takes in a wake-up of one that
    /// is not there yet. Where something is on its way to its old home, that goes along.
    pub fn send_arrival(&self, machine: &impl Machine, (index, home): (u64, u32), is_background: bool, is_woken: bool) {
        let (Ok(known), Ok(core)) = (self.known(index), self.core(home)) else { return };
        known.is_background.store(is_background, Relaxed);
        let what = mail::ARRIVE | if is_woken { mail::WAKE } else { 0 };
        let is_first = known.mail.add(|mail| mail | u64::from(what));
        self.settle(index, home);
        if is_first {
            core.inbox.put(index as usize, &known.mail);
            self.call(machine, home);
        }
    }

    /// Notes that a thread that wanted to go to another core cannot.
    pub fn stay(&self, index: u64) {
        let _ = self.known(index).map(|known| known.stays.store(true, Release));
    }

    /// Whether that was noted of a thread since it last asked.
    pub fn take_stay(&self, index: u64) -> bool {
        self.known(index).is_ok_and(|known| known.stays.swap(false, AcqRel))
    }

    /// Whether the system does not wait for the end of a thread that has arrived.
    pub fn is_background(&self, index: u64) -> bool {
        self.known(index).is_ok_and(|known| known.is_background.load(Relaxed))
    }

    /// Takes all mail of this core: calls `deliver` with each thread's index and what is wanted of it.
    pub fn take(&self, core: u32, mut deliver: impl FnMut(u64, u8)) {
        let Ok(core) = self.core(core) else { return };
        let mail = |index: usize| self.threads.get(index).map(|known| &known.mail);
        core.inbox.take(mail, |index, what| deliver(index as u64, what as u8));
    }

    /// This core takes in all that there is for it, from now on.
    pub fn look(&self, core: u32) {
        self.quiet.look(core);
    }

    /// Notes that this core waits for nothing of its own.
    pub fn fall_quiet(&self, core: u32, cores: u64) -> Quiet {
        let quiet = self.quiet.fall_quiet(core, cores);
        if quiet == Quiet::ForEver {
            self.is_stuck.store(true, Release);
        }
        quiet
    }

    /// Notes that this core may have something to do.
    pub fn rouse(&self, core: u32) {
        self.quiet.rouse(core);
    }

    /// Whether all cores were quiet: nothing will ever happen.
    pub fn is_stuck(&self) -> bool {
        self.is_stuck.load(Acquire)
    }

    /// The system waits for the end of one more thread.
    pub fn await_one(&self) {
        self.awaited.fetch_add(1, AcqRel);
    }

    /// It waits for one less.
    pub fn await_less(&self) {
        self.awaited.fetch_sub(1, AcqRel);
    }

    /// Notes the status of a thread that has ended.
    pub fn note(&self, status: u16) {
        let _ = self.status.compare_exchange(0, status, Relaxed, Relaxed);
    }

    /// Once all threads have ended but those in the background: the first status that was not 0, or 0. One part alone is told it,
    /// the others are told 0.
    pub fn outcome(&self) -> Option<u16> {
        (self.awaited.load(Acquire) == 0).then(|| self.status.swap(0, Relaxed))
    }

    /// From when on all parts count what comes again and again: when the first of them asks, which is `now`.
    pub fn origin(&self, now: u64) -> u64 {
        self.origin.compare_exchange(0, now.max(1), AcqRel, Acquire).map_or_else(|first| first, |_| now.max(1))
    }

    /// A number for one more budget.
    pub fn next_budget(&self) -> u64 {
        self.budgets.fetch_add(1, Relaxed)
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self::new()
    }
}
