//! Whatever enters the kernel, logic and model agree, and what must hold does.

#![allow(clippy::unwrap_used, reason = "a test that finds nothing there should fail")]

use abi::register::number;
use play::{Call, Random};
use subject::company::{THREAD_INDEX, dispatch, read_register, receive, send, write_register};
use subject::entries::{Cast, Stage};

fn enter(cast: Cast, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let (mut random, mut stage) = (Random::new(seed), Stage::new(cast).unwrap());
        for number in 0..300 {
            if stage.is_over() {
                break;
            }
            stage.enter(&mut random);
            assert_eq!(stage.entered.difference, None, "seed {seed}, entry {number}");
        }
    }
}

/// Calls, faults, timers and devices, while threads that hold everything schedule each other.
#[test]
fn threads_that_schedule_each_other_do_what_the_model_says() {
    enter(Cast::Company, 0..200);
}

#[test]
fn whoever_executes_does_what_the_model_says() {
    enter(Cast::Alone, 0..60);
}

/// The company, played by a script.
struct Script(Stage);

impl Script {
    fn new() -> Self {
        Self(Stage::new(Cast::Company).unwrap())
    }

    /// Makes a call; answers which member executes then.
    fn call(&mut self, call: Call) -> u64 {
        self.0.call(call);
        assert_eq!(self.0.entered.difference, None);
        u64::from(self.0.thread()) - THREAD_INDEX
    }

    /// Member 0 lets member `thread` run, when it has taken in what happened.
    fn let_run(&mut self, thread: u32) {
        while self.call(receive(0, false)) == 0 && self.0.answer().is_some_and(|(status, _)| status == 0) {}
        assert_eq!(self.call(dispatch(0, thread)), thread.into());
    }

    /// Member `waiting` waits, and `running` runs and sends to it: who executes then?
    fn sends(&mut self, running: u32, waiting: u32) -> u64 {
        self.let_run(waiting);
        assert_eq!(self.call(receive(waiting, true)), 0, "its scheduler goes on");
        self.let_run(running);
        self.call(send(waiting))
    }
}

/// Member n has time of priority n: it takes precedence over who has time of a higher number, and over nobody else.
#[test]
fn who_has_time_of_a_better_priority_has_its_scheduler_decide() {
    for (running, waiting, expected) in [(2, 1, 0), (1, 2, 1), (3, 1, 0), (2, 3, 2)] {
        assert_eq!(Script::new().sends(running, waiting), expected, "{running} sends to {waiting}");
    }
}

#[test]
fn what_must_not_be_in_a_register_is_not_put_there() {
    const MXCSR: u64 = number::FLOATING_POINT + 3;
    for register in [number::FLAGS, MXCSR] {
        for word in [u64::MAX, 0, 0x5555_5555_5555_5555] {
            let mut script = Script::new();
            script.call(write_register(register, word));
            script.call(read_register(register));
            let (status, read) = script.0.answer().unwrap();
            assert!(status == 0 && (word != u64::MAX || read != word), "register {register}: {read:#x}");
        }
    }
}
