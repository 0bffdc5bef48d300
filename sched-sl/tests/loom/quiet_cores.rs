//! Cores that send each other things, and fall quiet in between: the system is not said to be stuck while anything is on its way, and it
//! is said in the end.

use crate::explore;
use crate::word::{Explored, SOUND, TORN_EXCHANGE};
use loom::sync::atomic::AtomicU64;
use loom::sync::atomic::Ordering::SeqCst;
use loom::sync::{Condvar, Mutex};
use loom::thread;
use sched_sl::{Quiet, QuietCores};
use std::sync::Arc;

const ALL: u64 = 0b11;

/// How cores agree about who is quiet. `is_empty` says whether there is nothing for the core.
trait Agreement: Send + Sync + 'static {
    fn new() -> Self;
    fn tell(&self, core: u32);
    fn look(&self, _: u32) {}
    fn rouse(&self, core: u32);
    fn fall_quiet(&self, core: u32, is_empty: impl Fn() -> bool) -> Quiet;
}

impl<const FAULT: u8> Agreement for QuietCores<Explored<FAULT>> {
    fn new() -> Self {
        Self::new(Explored::zero())
    }

    fn tell(&self, core: u32) {
        self.tell(core);
    }

    fn look(&self, core: u32) {
        self.look(core);
    }

    fn rouse(&self, core: u32) {
        self.rouse(core);
    }

    fn fall_quiet(&self, core: u32, _: impl Fn() -> bool) -> Quiet {
        self.fall_quiet(core, ALL)
    }
}

/// A flag for each core, and beside them how many are set.
struct FlagsAndCount {
    flags: [AtomicU64; 2],
    count: AtomicU64,
}

impl Agreement for FlagsAndCount {
    fn new() -> Self {
        Self { flags: [0, 0].map(AtomicU64::new), count: AtomicU64::new(0) }
    }

    fn tell(&self, core: u32) {
        self.rouse(core);
    }

    fn rouse(&self, core: u32) {
        if self.flags[core as usize].swap(0, SeqCst) == 1 {
            self.count.fetch_sub(1, SeqCst);
        }
    }

    fn fall_quiet(&self, core: u32, is_empty: impl Fn() -> bool) -> Quiet {
        if self.flags[core as usize].swap(1, SeqCst) == 0 {
            self.count.fetch_add(1, SeqCst);
        }
        if !is_empty() {
            self.rouse(core);
            return Quiet::No;
        }
        if self.count.load(SeqCst) == 2 { Quiet::ForEver } else { Quiet::Yes }
    }
}

/// A bit for each core in one word, set before it looks whether there is anything for it.
struct BitsAlone(AtomicU64);

impl Agreement for BitsAlone {
    fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    fn tell(&self, core: u32) {
        self.rouse(core);
    }

    fn rouse(&self, core: u32) {
        self.0.fetch_and(!(1 << core), SeqCst);
    }

    fn fall_quiet(&self, core: u32, is_empty: impl Fn() -> bool) -> Quiet {
        self.0.fetch_or(1 << core, SeqCst);
        if !is_empty() {
            self.rouse(core);
            return Quiet::No;
        }
        if self.0.load(SeqCst) == ALL { Quiet::ForEver } else { Quiet::Yes }
    }
}

/// The order of steps of who sends and who takes in.
#[derive(Clone, Copy, PartialEq)]
enum Steps {
    AsDocumented,
    /// Puts it there when it has told of it.
    TellsFirst,
    /// Takes in what is there, and then says that it looks.
    LooksLate,
}

/// Two cores, what each has for the other, and whether the kernel has interrupted it.
struct Cores<A> {
    agreement: A,
    there: [AtomicU64; 2],
    /// Things that are not taken in yet.
    on_the_way: AtomicU64,
    /// Interrupts of each, and whether the system cannot go on.
    called: Mutex<([u64; 2], bool)>,
    changed: Condvar,
    steps: Steps,
}

impl<A: Agreement> Cores<A> {
    fn new(things: u64, steps: Steps) -> Arc<Self> {
        let there = [0, 0].map(AtomicU64::new);
        let (on_the_way, called) = (AtomicU64::new(things), Mutex::new(([0, 0], false)));
        Arc::new(Self { agreement: A::new(), there, on_the_way, called, changed: Condvar::new(), steps })
    }

    fn send(&self, to: u32) {
        let put = || self.there[to as usize].fetch_add(1, SeqCst);
        if self.steps == Steps::TellsFirst {
            self.agreement.tell(to);
            put();
        } else {
            put();
            self.agreement.tell(to);
        }
        self.called.lock().unwrap().0[to as usize] += 1;
        self.changed.notify_all();
    }

    fn take_in(&self, core: u32) -> u64 {
        if self.steps != Steps::LooksLate {
            self.agreement.look(core);
        }
        let taken = self.there[core as usize].swap(0, SeqCst);
        if self.steps == Steps::LooksLate {
            self.agreement.look(core);
        }
        self.on_the_way.fetch_sub(taken, SeqCst);
        taken
    }

    /// Takes in what comes, and sends something back for the first `answers` things, until nothing will ever happen.
    fn run(&self, core: u32, mut answers: u64) {
        loop {
            let now = self.take_in(core).min(answers);
            answers -= now;
            (0..now).for_each(|_| self.send(1 - core));
            match self.agreement.fall_quiet(core, || self.there[core as usize].load(SeqCst) == 0) {
                Quiet::No => continue,
                Quiet::ForEver => return self.say_that_it_is_stuck(),
                Quiet::Yes => {}
            }
            if self.wait(core) {
                return;
            }
            self.agreement.rouse(core);
        }
    }

    fn say_that_it_is_stuck(&self) {
        assert_eq!(self.on_the_way.load(SeqCst), 0, "something is on its way");
        self.called.lock().unwrap().1 = true;
        self.changed.notify_all();
    }

    /// Waits to be interrupted. Answers whether the system cannot go on.
    fn wait(&self, core: u32) -> bool {
        let mut called = self.called.lock().unwrap();
        while called.0[core as usize] == 0 && !called.1 {
            called = self.changed.wait(called).unwrap();
        }
        called.0[core as usize] = 0;
        called.1
    }
}

/// One core sends so many things, of which the other answers the first few.
fn cores_meet<A: Agreement>(sent: u64, answers: u64, steps: Steps) {
    explore(move || {
        let cores = Cores::<A>::new(sent + answers, steps);
        let other = cores.clone();
        let sender = thread::spawn(move || {
            (0..sent).for_each(|_| other.send(0));
            other.run(1, 0);
        });
        cores.run(0, answers);
        sender.join().unwrap();
        assert_eq!(cores.on_the_way.load(SeqCst), 0);
    });
}

type Sound = QuietCores<Explored<SOUND>>;

#[test]
fn a_system_is_stuck_when_nothing_is_on_its_way_between_cores_and_not_before() {
    cores_meet::<Sound>(2, 0, Steps::AsDocumented);
    cores_meet::<Sound>(1, 1, Steps::AsDocumented);
}

/// What there was before: who roused a core and was overtaken in between let it be counted twice.
#[test]
#[should_panic(expected = "something is on its way")]
fn a_count_beside_flags_is_found_out() {
    cores_meet::<FlagsAndCount>(2, 1, Steps::AsDocumented);
}

/// And after that: a core that has something, and is about to find out, is taken to be quiet.
#[test]
#[should_panic(expected = "something is on its way")]
fn bits_that_are_set_before_a_look_are_found_out() {
    cores_meet::<BitsAlone>(1, 0, Steps::AsDocumented);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_word_that_is_changed_in_two_steps_is_found_out() {
    cores_meet::<QuietCores<Explored<TORN_EXCHANGE>>>(1, 1, Steps::AsDocumented);
}

#[test]
#[should_panic]
fn who_tells_before_there_is_anything_is_found_out() {
    cores_meet::<Sound>(1, 0, Steps::TellsFirst);
}

#[test]
#[should_panic]
fn who_looks_after_it_has_taken_in_is_found_out() {
    cores_meet::<Sound>(2, 0, Steps::LooksLate);
}
