//! Switches between two threads of a component that the kernel hears of later, as a model: what has to be done so that the kernel is not
//! mistaken about who runs, and what happens otherwise. Nothing in the kernel does this; `ARCHITECTURE.md` says why.
//!
//! A component's word says which of its threads runs. Whoever hands over saves its registers in the component's memory, writes the word,
//! and goes on as the other. The kernel looks at the word when it is entered from the component next, by a call, an interrupt or a
//! fault, and not on returns from servers. All sequences of steps of three threads, of a component that keeps to this, are walked through.
#![allow(clippy::expect_used, reason = "this is how a test fails")]

use std::collections::{HashMap, VecDeque};

/// A thread of the component, by its number.
type Thread = usize;
const THREADS: usize = 3;

/// What is done so that the kernel is not mistaken. It believes the word only if neither thread has an invocation in progress.
#[derive(Clone, Copy)]
struct Rules {
    /// Nor unless the thread named was seen to leave in this way, and not to be resumed since: the kernel keeps a mark.
    marks: bool,
    /// Whoever leaves by the kernel writes into the word who goes on.
    leaving_writes: bool,
    /// Who is about to hand over has claimed the other: if the kernel has that one resumed, the claimer goes on instead.
    claims: bool,
}

const ALL: Rules = Rules { marks: true, leaving_writes: true, claims: true };

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// Has chosen to hand over to this thread, without the kernel.
    Choose(Thread),
    /// Does so.
    HandOver,
    /// Leaves its registers in the component's memory, too, and has the kernel dispatch this one.
    Leave(Thread),
    /// Calls a server.
    Call,
    /// Comes back from there.
    Return,
    /// Loses the core to this thread.
    Preempt(Thread),
}

/// Where a thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Registers {
    /// In the processor.
    Processor,
    /// In the component's memory.
    Memory,
    /// In the kernel, which keeps them as this thread's.
    Kernel(Thread),
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Machine {
    /// Where each thread goes on, in truth, and whether that is in a server.
    registers: [Registers; THREADS],
    is_in_server: [bool; THREADS],
    /// What the component's word says.
    word: Thread,
    /// Whom the kernel takes for running.
    current: Thread,
    /// Whose invocation stack has a level.
    has_called: [bool; THREADS],
    /// Who was seen to have left its registers in memory.
    has_left: [bool; THREADS],
    /// Whom each is about to hand over to.
    chosen: [Option<Thread>; THREADS],
    /// Whether somebody goes on twice.
    is_doubled: bool,
}

impl Machine {
    /// The first runs; the others have not begun yet.
    fn new() -> Self {
        let registers = [Registers::Processor, Registers::Kernel(1), Registers::Kernel(2)];
        let no = [false; THREADS];
        let (chosen, is_doubled) = ([None; THREADS], false);
        Self { registers, is_in_server: no, word: 0, current: 0, has_called: no, has_left: no, chosen, is_doubled }
    }

    fn running(&self) -> Thread {
        self.registers.iter().position(|at| *at == Registers::Processor).expect("somebody runs")
    }

    /// The kernel is entered from the component.
    fn look(&mut self, rules: Rules) {
        let (named, current) = (self.word, self.current);
        let is_idle = !self.has_called[named] && !self.has_called[current];
        let is_marked = !rules.marks || self.has_left[named];
        if named != current && is_idle && is_marked {
            self.has_left[current] = true;
            self.has_left[named] = false;
            self.current = named;
        }
    }

    /// The kernel resumes a thread: with what it keeps of it, or by having the component load it. `None` if it has nothing.
    fn dispatch(&mut self, to: Thread, rules: Rules) -> Option<()> {
        let claimer = self.chosen.iter().position(|chosen| *chosen == Some(to));
        let to = claimer.filter(|_| rules.claims && self.has_left[to]).unwrap_or(to);
        let kept = self.registers.iter().position(|at| *at == Registers::Kernel(to));
        let resumed = if self.has_left[to] { to } else { kept? };
        self.has_left[to] = false;
        self.current = to;
        self.registers[resumed] = Registers::Processor;
        if !self.is_in_server[resumed] {
            self.word = to;
        }
        Some(())
    }

    /// What follows from a step; `None` if it cannot be taken here.
    fn after(&self, step: Step, rules: Rules) -> Option<Self> {
        let (mut next, me) = (self.clone(), self.running());
        let is_inside = !self.is_in_server[me];
        let is_free = is_inside && self.chosen[me].is_none();
        match step {
            Step::Choose(to) if is_free && self.registers[to] == Registers::Memory => {
                if self.chosen.contains(&Some(to)) {
                    return None;
                }
                next.chosen[me] = Some(to);
            }
            Step::HandOver => {
                let to = next.chosen[me].take()?;
                next.is_doubled |= next.registers[to] != Registers::Memory;
                next.registers[me] = Registers::Memory;
                next.registers[to] = Registers::Processor;
                next.word = to;
            }
            Step::Leave(to) if is_free && to != me => {
                next.look(rules);
                next.registers[me] = Registers::Memory;
                let left = next.current;
                next.has_left[left] = true;
                if rules.leaving_writes {
                    next.word = to;
                }
                next.dispatch(to, rules)?;
            }
            Step::Call if is_free => {
                next.look(rules);
                let caller = next.current;
                next.has_called[caller] = true;
                next.is_in_server[me] = true;
            }
            Step::Return if !is_inside => {
                let caller = next.current;
                next.has_called[caller] = false;
                next.is_in_server[me] = false;
            }
            Step::Preempt(to) if to != me => {
                if is_inside {
                    next.look(rules);
                }
                next.registers[me] = Registers::Kernel(next.current);
                next.dispatch(to, rules)?;
            }
            _ => return None,
        }
        Some(next)
    }

    /// Whether the kernel keeps somebody's registers as another's, or runs a server for another than who called.
    fn is_mistaken(&self) -> bool {
        let is_wrong = |(thread, at): (Thread, &Registers)| matches!(at, Registers::Kernel(of) if *of != thread);
        let me = self.running();
        self.is_doubled
            || self.registers.iter().enumerate().any(is_wrong)
            || (self.is_in_server[me] && self.current != me)
    }
}

fn steps() -> impl Iterator<Item = Step> {
    let of = |thread| [Step::Choose(thread), Step::Leave(thread), Step::Preempt(thread)];
    (0..THREADS).flat_map(of).chain([Step::HandOver, Step::Call, Step::Return])
}

/// The shortest sequence after which the kernel is mistaken; of whatever length, as there are not many states.
fn shortest_mistake(rules: Rules) -> Option<Vec<Step>> {
    let mut paths = HashMap::from([(Machine::new(), Vec::new())]);
    let mut ahead = VecDeque::from([Machine::new()]);
    while let Some(machine) = ahead.pop_front() {
        let path: Vec<Step> = paths[&machine].clone();
        if machine.is_mistaken() {
            return Some(path);
        }
        for step in steps() {
            let Some(next) = machine.after(step, rules) else { continue };
            if !paths.contains_key(&next) {
                paths.insert(next.clone(), [&path[..], &[step]].concat());
                ahead.push_back(next);
            }
        }
    }
    None
}

#[test]
fn without_a_mark_a_thread_that_comes_back_from_a_server_is_taken_for_another() {
    // The word still says who ran meanwhile, and returns do not look at it.
    let mistake = shortest_mistake(Rules { marks: false, ..ALL });
    assert_eq!(mistake, Some(vec![Step::Call, Step::Preempt(1), Step::Preempt(0), Step::Return, Step::Preempt(2)]));
}

#[test]
fn a_word_that_says_who_has_left_is_believed_of_who_comes_back_from_a_server() {
    let mistake = shortest_mistake(Rules { leaving_writes: false, ..ALL });
    assert_eq!(mistake, Some(vec![Step::Call, Step::Preempt(1), Step::Leave(0), Step::Return, Step::Preempt(2)]));
}

#[test]
fn a_thread_that_is_resumed_while_another_is_about_to_hand_over_to_it_goes_on_twice() {
    let mistake = shortest_mistake(Rules { claims: false, ..ALL });
    let expected = [Step::Leave(1), Step::Choose(0), Step::Preempt(0), Step::Preempt(1), Step::HandOver];
    assert_eq!(mistake, Some(expected.to_vec()));
}

#[test]
fn with_all_rules_no_sequence_misleads_the_kernel() {
    assert_eq!(shortest_mistake(ALL), None);
}
