//! A test for each thing that can become of a line.

use super::*;
use crate::dispatch::{self, Decision};
use crate::outcome::Outcome;
use crate::testing::{Controls, System};
use abi::event::{Event, What};

const LINE: u32 = 4;
const CORE: u32 = 0;

/// A system whose first thread schedules thread 5, which receives interrupts of the line.
struct Driven {
    system: System,
    controls: Controls,
    first: Frame,
    driver: Frame,
}

impl Driven {
    fn new() -> Self {
        let system = System::new();
        let (driver, _) = system.thread(5, 0x41_0000);
        let first = system.core.thread();
        let mut driven = Self { system, controls: Controls::default(), first, driver };
        driven.switch_to(driver, 1);
        driven.attach().unwrap();
        driven
    }

    fn attach(&mut self) -> Result<(), Error> {
        attach(&self.system.memory, &mut self.controls, LINE, self.driver)
    }

    fn acknowledge(&mut self) -> Result<(), Error> {
        acknowledge(&self.system.memory, &mut self.controls, LINE)
    }

    fn arrive(&mut self) -> Option<Frame> {
        arrive(&self.system.memory, &mut self.controls, CORE, LINE)
    }

    fn is_open(&self) -> bool {
        self.controls.open.contains(&(LINE, 0))
    }

    fn switch_to(&mut self, thread: Frame, token: u64) -> Outcome {
        let decision = Decision { scheduler: self.first, token, timeout: 0, budget: None };
        dispatch::switch_to(&self.system.memory, &mut self.system.core, thread, 0, decision).unwrap()
    }

    fn receive(&mut self) -> Result<Outcome, Error> {
        endpoint::receive(&self.system.memory, &mut self.system.core, self.driver, [0; 4])
    }

    fn strays(&self) -> u64 {
        self.system.memory.interrupt_line(LINE).unwrap().strays()
    }
}

#[test]
fn an_interrupt_is_one_send_until_it_is_acknowledged() {
    let mut driven = Driven::new();
    assert!(driven.is_open());
    assert_eq!(driven.arrive(), Some(driven.driver));
    assert!(!driven.is_open(), "masked");
    assert_eq!(driven.arrive(), None, "one that was on its way is nobody's");
    assert_eq!((driven.strays(), driven.is_open()), (1, false));
    assert_eq!(driven.receive(), Ok(Outcome::Answer(1)));
    driven.acknowledge().unwrap();
    assert!(driven.is_open());
    driven.arrive();
    assert_eq!(driven.receive(), Ok(Outcome::Answer(1)));
}

#[test]
fn there_is_nothing_to_acknowledge_twice_or_before() {
    let mut driven = Driven::new();
    assert_eq!(driven.acknowledge(), Err(Error::NothingPending));
    driven.arrive();
    driven.acknowledge().unwrap();
    assert_eq!(driven.acknowledge(), Err(Error::NothingPending));
}

#[test]
fn a_masked_line_is_silent_until_it_is_acknowledged() {
    let mut driven = Driven::new();
    mask(&driven.system.memory, &mut driven.controls, LINE).unwrap();
    assert_eq!((driven.is_open(), driven.arrive()), (false, None));
    driven.acknowledge().unwrap();
    assert_eq!(driven.arrive(), Some(driven.driver));
}

#[test]
fn a_line_is_attached_once() {
    let mut driven = Driven::new();
    assert_eq!(driven.attach(), Err(Error::InUse));
    detach(&driven.system.memory, &mut driven.controls, LINE).unwrap();
    assert!(!driven.is_open());
    assert_eq!((driven.arrive(), driven.strays()), (None, 1));
    assert_eq!(driven.acknowledge(), Err(Error::NothingPending));
    driven.attach().unwrap();
    assert!(driven.is_open());
}

#[test]
fn a_thread_that_is_gone_receives_nothing_and_keeps_no_line() {
    let mut driven = Driven::new();
    let another_life = || driven.system.memory.retype_entry(driven.driver).unwrap().fetch_add(1 << 8, Relaxed);
    another_life();
    assert_eq!((driven.arrive(), driven.strays()), (None, 1));
    assert_eq!(driven.acknowledge(), Err(Error::NothingPending));
    driven.attach().unwrap();
    assert_eq!(driven.arrive(), Some(driven.driver));
}

#[test]
fn a_driver_that_waits_is_its_schedulers_business_at_once() {
    let mut driven = Driven::new();
    // The driver waits: its scheduler goes on, takes that in, and runs another.
    driven.receive().unwrap();
    assert_eq!(driven.system.core.thread(), driven.first);
    let (other, _) = driven.system.thread(6, 0x42_0000);
    driven.switch_to_after_events(other, 2);
    let receiver = driven.arrive().unwrap();
    assert_eq!(calls_for_decision(&driven.system.memory, &driven.system.core, receiver), Some(0));
    let outcome = dispatch::preempt(&driven.system.memory, &mut driven.system.core, 0, 0);
    assert_eq!((driven.system.core.thread(), outcome), (driven.first, Outcome::DONE));
    let woken = Event { thread: 5, what: What::Woken, more: true };
    let taken = endpoint::receive(&driven.system.memory, &mut driven.system.core, driven.first, [1, 0, 0, 0]);
    assert_eq!(driven.system.told(taken.unwrap()), (0, [0, woken.to_word()]));
    assert_eq!(
        driven.switch_to_after_events(driven.driver, 3),
        Outcome::Answer(1),
        "the driver is told of one interrupt"
    );
}

impl Driven {
    /// Takes in what there is, and switches to `thread`.
    fn switch_to_after_events(&mut self, thread: Frame, token: u64) -> Outcome {
        while endpoint::receive(&self.system.memory, &mut self.system.core, self.first, [1, 0, 0, 0]).is_ok() {}
        self.switch_to(thread, token)
    }
}

#[test]
fn an_interrupt_that_arrives_at_another_core_is_sent_on() {
    let mut driven = Driven::new();
    let memory = &driven.system.memory;
    assert_eq!(arrive(memory, &mut driven.controls, CORE + 1, LINE), None);
    assert_eq!(driven.controls.interrupted, [CORE]);
    assert!(!driven.is_open(), "masked all the same");
    cross_core::take(memory, &driven.system.core);
    assert_eq!((driven.receive(), driven.strays()), (Ok(Outcome::Answer(1)), 0));
}

#[test]
fn a_driver_that_is_busy_is_not_worth_a_decision() {
    let mut driven = Driven::new();
    let receiver = driven.arrive().unwrap();
    assert_eq!(calls_for_decision(&driven.system.memory, &driven.system.core, receiver), None);
}

#[test]
fn a_scheduler_that_receives_interrupts_itself_goes_on() {
    let mut driven = Driven::new();
    let first = driven.first;
    detach(&driven.system.memory, &mut driven.controls, LINE).unwrap();
    attach(&driven.system.memory, &mut driven.controls, LINE, first).unwrap();
    assert_eq!(driven.arrive(), Some(first));
    assert_eq!(calls_for_decision(&driven.system.memory, &driven.system.core, first), Some(0));
}

#[test]
fn what_is_no_line_is_an_error() {
    let Driven { system, mut controls, driver, .. } = Driven::new();
    let memory = &system.memory;
    for number in [LINES, u32::MAX] {
        assert_eq!(attach(memory, &mut controls, number, driver), Err(Error::BadArgument));
        assert_eq!(acknowledge(memory, &mut controls, number), Err(Error::BadArgument));
        assert_eq!(mask(memory, &mut controls, number), Err(Error::BadArgument));
        assert_eq!(detach(memory, &mut controls, number), Err(Error::BadArgument));
        assert_eq!(arrive(memory, &mut controls, CORE, number), None);
    }
}

#[test]
fn a_capability_to_one_line_is_made_from_one_to_several() {
    let controls = Controls::default();
    assert_eq!(Lines::ALL.line(&controls, 4), Ok(Lines { first: 4, count: 1 }));
    assert_eq!(Lines::ALL.line(&controls, u64::from(LINES)), Err(Error::RightsExceeded));
    assert_eq!(Lines::ALL.line(&controls, 1 << 32 | 4), Err(Error::RightsExceeded));
    assert_eq!(Lines::ALL.line(&controls, u64::from(Controls::ABSENT)), Err(Error::BadArgument));
    let one = Lines { first: 4, count: 1 };
    assert_eq!((one.line(&controls, 4), one.line(&controls, 5)), (Ok(one), Err(Error::RightsExceeded)));
    assert_eq!((one.only(), Lines::ALL.only()), (Ok(4), Err(Error::BadArgument)));
}

#[test]
fn lines_of_the_pc_are_where_the_firmware_says() {
    let overrides = [Override { line: 0, global: 2, flags: 0 }, Override { line: 9, global: 9, flags: 0b1111 }];
    let edge = |global| Some(Wire { global, is_low: false, is_level: false });
    let level = |global| Some(Wire { global, is_low: true, is_level: true });
    assert_eq!([0, 4, 15].map(|line| wire(line, &overrides)), [edge(2), edge(4), edge(15)]);
    assert_eq!([9, 16, 23].map(|line| wire(line, &overrides)), [level(9), level(16), level(23)]);
    assert_eq!(wire(2, &overrides), None, "the timer's place");
    let moved = [Override { line: 9, global: 20, flags: 0b1101 }];
    assert_eq!(wire(9, &moved), Some(Wire { global: 20, is_low: false, is_level: true }));
    assert_eq!((wire(20, &moved), wire(2, &moved)), (None, edge(2)));
}
