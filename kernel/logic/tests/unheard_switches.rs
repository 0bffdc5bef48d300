//! Switches between threads of a component that the kernel hears of later, as a model: which rules it takes so that the kernel is not
//! mistaken about who runs, and what happens without each of them. `logic::unheard` is what the kernel does of it.
//!
//! A thread that hands over *parks*: it exchanges its stack pointer for 0 with a word of the component's memory, and takes another's the same
//! way. Each exchange is one instruction, and between the two nobody's registers are in the processor: it is *empty*. So the stack pointer
//! says whose registers they are, at every instruction, and the kernel has nothing to ask. All sequences of steps of three threads are walked through.

use std::collections::HashSet;

/// A thread of the component, by its number.
type Thread = usize;
const THREADS: usize = 3;

/// What is done so that the kernel is not mistaken.
#[derive(Clone, Copy)]
struct Rules {
    /// An interrupt looks whose stack it is.
    interrupts_look: bool,
    /// Whoever was handed over to says so before it calls.
    calls_report: bool,
    /// To find somebody parked and to take it is one step.
    takes_at_once: bool,
    /// A thread that lost the core while it was empty can be handed over to.
    empty_is_vacant: bool,
    /// A thread can be handed over to only if nothing of it is elsewhere.
    others_are_kept: bool,
    /// The component lies: it goes on with threads that are not parked.
    lies: bool,
}

const ALL: Rules = Rules {
    interrupts_look: true,
    calls_report: true,
    takes_at_once: true,
    empty_is_vacant: true,
    others_are_kept: true,
    lies: false,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// Parks, to hand over to this thread.
    Park(Thread),
    /// Parks, to leave the choice to the scheduler.
    Leave,
    /// The next instruction of one that is empty.
    GoOn,
    /// The kernel is told that one that is empty leaves; this one is dispatched.
    Left(Thread),
    /// Calls a server.
    Call,
    /// Comes back from there.
    Return,
    /// Loses the core to this thread.
    Preempt(Thread),
    /// Pretends to be this thread.
    Lie(Thread),
}

/// What is in the processor, or in the kernel in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Registers {
    /// A thread's, in its component or, for it, in a server.
    Of(Thread),
    /// Nobody's: about to take the first of these, or else the second back, which came here.
    Taking(Thread, Thread),
    /// Nobody's: has found the first of these parked, if it was to look before it takes.
    Found(Thread),
    /// Nobody's: about to take this one back.
    TakingBack(Thread),
    /// Nobody's: about to tell the kernel.
    Leaving,
    /// Nobody's: about to take whom the kernel takes for running. So is whoever starts.
    AtStart,
}

use Registers::{AtStart, Found, Leaving, Of, Taking, TakingBack};

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Machine {
    processor: Registers,
    /// Whom the kernel takes for running.
    current: Thread,
    /// What the kernel keeps of each of the others.
    kept: [Registers; THREADS],
    /// Who has an invocation in progress.
    has_called: [bool; THREADS],
    /// Who is parked in the component's memory.
    is_parked: [bool; THREADS],
    /// Whether somebody parked twice, or whoever was dispatched was nowhere.
    is_mistaken: bool,
    /// Whether a server was taken for something that could be forgotten.
    is_server_lost: bool,
}

impl Machine {
    /// The first runs; the others have not begun yet.
    fn new() -> Self {
        let no = [false; THREADS];
        let kept = [Of(0), Of(1), Of(2)];
        let (is_mistaken, is_server_lost) = (false, false);
        Self { processor: Of(0), current: 0, kept, has_called: no, is_parked: no, is_mistaken, is_server_lost }
    }

    fn is_vacant(&self, thread: Thread, rules: Rules) -> bool {
        match self.kept[thread] {
            AtStart => true,
            Of(_) => !rules.others_are_kept,
            _ => rules.empty_is_vacant,
        }
    }

    /// The kernel looks whose stack it is.
    fn look(&mut self, rules: Rules) {
        let (Of(named), current) = (self.processor, self.current) else { return };
        if named == current || self.has_called[current] || !self.is_vacant(named, rules) {
            return;
        }
        // Whoever is in a server would be lost to that one.
        self.is_server_lost |= self.has_called[named];
        self.kept[current] = AtStart;
        self.current = named;
    }

    fn dispatch(&mut self, to: Thread) {
        self.current = to;
        self.processor = self.kept[to];
    }

    fn park(&mut self, me: Thread) {
        self.is_mistaken |= self.is_parked[me];
        self.is_parked[me] = true;
    }

    /// Takes a thread that is parked. `None` if it is not.
    fn take(&mut self, thread: Thread) -> Option<Registers> {
        core::mem::take(&mut self.is_parked[thread]).then_some(Of(thread))
    }

    /// The next instruction of one that is empty.
    fn go_on(&mut self, rules: Rules) -> Option<()> {
        self.processor = match self.processor {
            Taking(to, from) if rules.takes_at_once => self.take(to).unwrap_or(TakingBack(from)),
            Taking(to, _) if self.is_parked[to] => Found(to),
            Taking(_, from) => TakingBack(from),
            Found(to) => {
                self.is_parked[to] = false;
                Of(to)
            }
            TakingBack(from) => self.take(from).unwrap_or(AtStart),
            AtStart => {
                let own = self.take(self.current);
                // Whom the kernel has dispatched is nowhere.
                self.is_mistaken |= own.is_none();
                own.unwrap_or(AtStart)
            }
            Of(_) | Leaving => return None,
        };
        Some(())
    }

    /// What follows from a step; `None` if it cannot be taken here.
    fn after(&self, step: Step, rules: Rules) -> Option<Self> {
        let mut next = self.clone();
        let is_inside = !self.has_called[self.current];
        let me = match self.processor {
            Of(me) if is_inside => Some(me),
            _ => None,
        };
        match step {
            Step::Park(to) if me? != to => {
                next.park(me?);
                next.processor = Taking(to, me?);
            }
            Step::Leave => {
                next.park(me?);
                next.processor = Leaving;
            }
            Step::GoOn => next.go_on(rules)?,
            Step::Left(to) if self.processor == Leaving && to != self.current => {
                next.kept[self.current] = AtStart;
                next.dispatch(to);
            }
            Step::Call => {
                me?;
                if rules.calls_report {
                    next.look(rules);
                }
                next.has_called[next.current] = true;
            }
            Step::Return if !is_inside => next.has_called[self.current] = false,
            Step::Preempt(to) => {
                if rules.interrupts_look {
                    next.look(rules);
                }
                next.kept[next.current] = next.processor;
                next.dispatch(to);
            }
            Step::Lie(to) if rules.lies && me? != to => next.processor = Of(to),
            _ => return None,
        }
        Some(next)
    }

    /// Whether the kernel keeps somebody's registers as another's, runs a server for another than who called, or somebody is twice or nowhere.
    fn has_failed(&self, rules: Rules) -> bool {
        if rules.lies {
            // What becomes of a component's own threads is its own business.
            return self.is_server_lost;
        }
        let others = (0..THREADS).filter(|thread| *thread != self.current);
        let is_wrong = others.clone().any(|thread| matches!(self.kept[thread], Of(of) if of != thread));
        let places = |of: Thread| {
            let kept = others.clone().filter(|thread| self.kept[*thread] == Of(of)).count();
            kept + usize::from(self.processor == Of(of)) + usize::from(self.is_parked[of])
        };
        let is_for_another = self.has_called[self.current] && self.processor != Of(self.current);
        self.is_mistaken || is_wrong || is_for_another || (0..THREADS).any(|thread| places(thread) != 1)
    }
}

fn steps() -> impl Iterator<Item = Step> {
    let of = |thread| [Step::Park(thread), Step::Left(thread), Step::Preempt(thread), Step::Lie(thread)];
    (0..THREADS).flat_map(of).chain([Step::GoOn, Step::Leave, Step::Call, Step::Return])
}

/// The shortest sequence after which something is wrong; of whatever length, as there are not many states.
fn shortest_mistake(rules: Rules) -> Option<Vec<Step>> {
    // Each machine with the number of the one before and the step from there.
    let mut reached = vec![(Machine::new(), None)];
    let mut known = HashSet::from([Machine::new()]);
    let mut at = 0;
    while let Some((machine, _)) = reached.get(at) {
        if machine.has_failed(rules) {
            return Some(path_to(&reached, at));
        }
        let machine = machine.clone();
        for step in steps() {
            let Some(next) = machine.after(step, rules) else { continue };
            if known.insert(next.clone()) {
                reached.push((next, Some((at, step))));
            }
        }
        at += 1;
    }
    None
}

fn path_to(reached: &[(Machine, Option<(usize, Step)>)], at: usize) -> Vec<Step> {
    let before = |at: &(usize, Step)| reached[at.0].1;
    let mut steps: Vec<Step> = std::iter::successors(reached[at].1, before).map(|(_, step)| step).collect();
    steps.reverse();
    steps
}

fn assert_misled(rules: Rules, expected: &[Step]) {
    assert_eq!(shortest_mistake(rules).as_deref(), Some(expected));
}

#[test]
fn with_all_rules_no_sequence_misleads_the_kernel() {
    assert_eq!(shortest_mistake(ALL), None);
}

#[test]
fn without_a_look_at_interrupts_a_thread_is_kept_as_another() {
    assert_misled(
        Rules { interrupts_look: false, ..ALL },
        &[Step::Park(1), Step::Preempt(1), Step::Park(0), Step::GoOn, Step::Preempt(0)],
    );
}

#[test]
fn without_a_report_a_server_runs_for_another() {
    assert_misled(
        Rules { calls_report: false, ..ALL },
        &[Step::Park(1), Step::Preempt(1), Step::Park(0), Step::GoOn, Step::Call],
    );
}

#[test]
fn if_to_look_and_to_take_are_two_steps_a_thread_goes_on_twice() {
    // It was dispatched in between, and nobody is parked any more.
    let expected = [
        Step::Leave,
        Step::Left(1),
        Step::Park(0),
        Step::GoOn,
        Step::Preempt(0),
        Step::GoOn,
        Step::Preempt(1),
        Step::GoOn,
    ];
    assert_misled(Rules { takes_at_once: false, ..ALL }, &expected);
}

#[test]
fn one_that_was_interrupted_between_two_threads_has_to_count_as_vacant() {
    assert_misled(
        Rules { empty_is_vacant: false, ..ALL },
        &[Step::Park(1), Step::Preempt(1), Step::Park(0), Step::GoOn, Step::Preempt(0)],
    );
}

#[test]
fn a_component_that_lies_harms_no_server() {
    assert_eq!(shortest_mistake(Rules { lies: true, ..ALL }), None);
    let harm = shortest_mistake(Rules { lies: true, others_are_kept: false, ..ALL });
    assert_eq!(harm, Some(vec![Step::Call, Step::Preempt(1), Step::Lie(0), Step::Preempt(0)]));
}
