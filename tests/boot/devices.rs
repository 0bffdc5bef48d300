//! Devices that interrupt: input that somebody types, and a card that asks, once or for ever.

use libtest_mimic::Trial;
use qemu::{EXIT_SUCCESS, Ending, Input, Machine, Session, Typed};

use crate::tools::{Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("devices":
        who_waits_for_input_keeps_nobody_from_the_core
        an_interrupt_of_a_device_leaves_every_register
        a_card_is_driven_by_its_registers_and_its_interrupt
        a_card_that_asks_for_ever_stalls_nobody
        every_kind_of_operation_goes_by_a_page
    )
}

fn who_waits_for_input_keeps_nobody_from_the_core() -> Outcome {
    let typed = |after: &str, bytes: &str| Typed { after: after.into(), bytes: bytes.into() };
    let input = Input::Dialogue(vec![
        typed("slept 5 ms", "hello\n"),
        // In two pieces, and more at once than the port holds.
        typed("waits for line 2", "and good"),
        typed("", "-bye\n"),
    ]);
    let lines = ["a: slept 5 ms\n", "reader: line 1 is `hello`\n", "reader: line 2 is `and good-bye`\n"];
    run("terminal", &[], input, &lines)
}

fn an_interrupt_of_a_device_leaves_every_register() -> Outcome {
    let press = |number| Typed { after: format!("is busy, {number}\n"), bytes: b"x".into() };
    let lines = ["interrupted: registers behind input: Ok(())\n"; 10];
    run("registers", &[], Input::Dialogue((1..=10).map(press).collect()), &lines)
}

/// Device 4 on the first bus: its interrupt is line 20.
const CARD: [&str; 2] = ["-device", "edu,addr=04"];

fn a_card_is_driven_by_its_registers_and_its_interrupt() -> Outcome {
    run("card", &CARD, Input::Nothing, &["card: 1000 interrupts\n"])
}

fn a_card_that_asks_for_ever_stalls_nobody() -> Outcome {
    let lines = ["card: still asks for 0x1, and nobody else minds\n", "card: heard again\n"];
    run("storm", &CARD, Input::Nothing, &lines)
}

fn every_kind_of_operation_goes_by_a_page() -> Outcome {
    let key = Typed { after: "press a key\n".into(), bytes: b"k".into() };
    let named = [
        "cputs",
        "cgetc",
        "getenvid",
        "env_destroy",
        "yield",
        "page_alloc",
        "page_map",
        "page_unmap",
        "env_set_status",
        "env_set_trapframe",
        "env_set_pgfault_upcall",
        "ipc_try_send",
        "ipc_recv",
        "time_msec",
    ];
    let lines: Vec<String> = named.iter().map(|name| format!("operations: {name}: Ok(true)\n")).collect();
    let lines: Vec<&str> = ["operations: posted\n"].into_iter().chain(lines.iter().map(String::as_str)).collect();
    run("operations", &[], Input::Dialogue(vec![key]), &lines)
}

/// Runs a system of this file's, and expects that it prints the lines and ends well.
fn run(system: &str, extra: &[&str], input: Input, lines: &[&str]) -> Outcome {
    let directory = scratch()?;
    let graph = root().join("tests/systems/devices").join(system).with_extension("toml");
    finish(&mut compose("build", &graph, directory.path())?)?.expect_status(0)?;
    let machine = Machine::new(directory.path().join("kernel"), directory.path().join("bundle")).extra(extra);
    let run = Session::new(machine).input(input).run(&mut Vec::new());
    let console = String::from_utf8_lossy(&run.console);
    let mut rest = &*console;
    let said = lines.iter().all(|line| match rest.split_once(line) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    });
    let well = run.ending == Ending::Ended { code: EXIT_SUCCESS } && said;
    ensure(well, || format!("{:?}:\n{console}", run.ending))
}
