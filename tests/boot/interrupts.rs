//! Interrupts that nobody asked for strike at any instruction, by the thousand: each system still ends as it should.
//!
//! They come from outside the machine, and where each of them struck is looked up: see [`crate::messages`].

use std::collections::BTreeSet;
use std::io::Write;
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use qemu::debugger::{Debugger, DebuggerError, Door};
use qemu::{EXIT_FAILURE, EXIT_SUCCESS, Ending, Input, Machine, Run, Session, Typed};

use crate::messages::{Mailbox, NON_MASKABLE, NON_MASKABLE_VECTOR, Sender, Struck, Whenever};
use crate::places;
use crate::tools::{Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("interrupts":
        non_maskable_interrupts_change_nothing
        non_maskable_interrupts_at_each_instruction_of_the_entry_change_nothing
        non_maskable_interrupts_do_not_keep_sleepers_asleep
        interrupts_of_no_device_do_not_hold_up_the_timer
        interrupts_of_every_vector_leave_every_register
        interrupts_of_every_vector_leave_a_sleeper_asleep
        non_maskable_interrupts_leave_every_register
        a_machine_check_ends_what_it_struck
        a_machine_check_that_leaves_nothing_sound_stops_the_machine
    )
}

/// How long a run may take on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(300);

/// As many as strike while the system runs.
fn non_maskable_interrupts_change_nothing() -> Outcome {
    let struck = storm("handlers-preempted", "registers behind fault 5: Ok(())", |_| NON_MASKABLE)?;
    let in_user_level = struck.iter().filter(|struck| struck.vector == NON_MASKABLE_VECTOR && struck.level == 3);
    ensure(in_user_level.count() > 0, || "none struck in user level".to_owned())
}

fn non_maskable_interrupts_do_not_keep_sleepers_asleep() -> Outcome {
    amid_sleep(&[NON_MASKABLE; 100])?;
    storm("sleep", "slept 5 ms", |_| NON_MASKABLE).map(|_| ())
}

/// Every vector that a device can have.
fn interrupts_of_no_device_do_not_hold_up_the_timer() -> Outcome {
    storm("sleep", "slept 5 ms", |number| 0x20 + number % 0xe0).map(|_| ())
}

/// Those by which cores speak to each other are among them.
fn interrupts_of_every_vector_leave_every_register() -> Outcome {
    amid_registers(&every_vector())
}

fn interrupts_of_every_vector_leave_a_sleeper_asleep() -> Outcome {
    amid_sleep(&every_vector())
}

fn non_maskable_interrupts_leave_every_register() -> Outcome {
    amid_registers(&[NON_MASKABLE; 100])
}

fn every_vector() -> Vec<u32> {
    (0x20..=0xff).collect()
}

/// Each of the messages strikes a component that is busy with all registers, ten times, and changes none of them. It goes on
/// when somebody types, and that is after the messages have struck.
fn amid_registers(messages: &[u32]) -> Outcome {
    const ROUNDS: usize = 10;
    let directory = scratch()?;
    let system = places::composed(&root().join("tests/systems/devices/registers.toml"), directory.path())?;
    let busy = places::of_component(&system, "busy", "amid_registers")?;
    let is_there = |struck: &Struck| struck.level == 3 && busy.contains(&struck.instruction);
    let press = |number| Typed { after: format!("is busy, {number}\n"), bytes: b"x".into() };
    let input = Input::Dialogue((1..=ROUNDS).map(press).collect());
    let (run, rounds, missed) = struck_whenever(directory.path(), "is busy, ", input, messages, &is_there)?;
    let text = console(&run);
    let same = text.matches("interrupted: registers behind input: Ok(())\n").count();
    ensure(missed.is_none(), || format!("message {missed:x?} did not strike there:\n{text}"))?;
    let well = run.ending == Ending::Ended { code: EXIT_SUCCESS } && [rounds, same] == [ROUNDS; 2];
    ensure(well, || format!("{:?} after {rounds} rounds:\n{text}", run.ending))
}

/// Each of the messages strikes a core that is asleep, since everybody waits for input; which still comes through.
fn amid_sleep(messages: &[u32]) -> Outcome {
    let directory = scratch()?;
    let system = places::composed(&root().join("tests/systems/devices/terminal.toml"), directory.path())?;
    let sleep: Range<u64> = places::of_kernel(&system, "10interrupts5sleep17h")?;
    let is_there = |struck: &Struck| struck.level == 0 && sleep.contains(&struck.instruction);
    let typed = |after: &str, bytes: &str| Typed { after: after.into(), bytes: bytes.into() };
    let input = Input::Dialogue(vec![typed("slept 5 ms", "hello\n"), typed("waits for line 2", "and good-bye\n")]);
    let (run, rounds, missed) = struck_whenever(directory.path(), "waits for line 2", input, messages, &is_there)?;
    let text = console(&run);
    ensure(missed.is_none(), || format!("message {missed:x?} did not strike there:\n{text}"))?;
    let read = text.contains("reader: line 2 is `and good-bye`");
    let well = run.ending == Ending::Ended { code: EXIT_SUCCESS } && read && rounds == 1;
    ensure(well, || format!("{:?} after {rounds} rounds:\n{text}", run.ending))
}

/// Runs a composed system, and has each of the messages strike where `is_there` says, whenever it has printed `text`. Answers also how often
/// that was, and the first message that did not.
fn struck_whenever(
    directory: &Path,
    text: &'static str,
    input: Input,
    messages: &[u32],
    is_there: &dyn Fn(&Struck) -> bool,
) -> Result<(Run, usize, Option<u32>), Failed> {
    let (mailbox, machine) = machine(directory);
    let (mut sender, mut rounds, mut missed) = (None::<Sender>, 0, None);
    let strike = || {
        rounds += 1;
        sender = sender.take().or_else(|| mailbox.connect().ok());
        let mut strikes = |message| sender.as_mut().and_then(|to| to.strike_where(message, is_there)).is_some();
        missed = missed.or_else(|| messages.iter().copied().find(|message| !strikes(*message)));
    };
    let run = Session::new(machine).timeout(PATIENCE).input(input).run(&mut Whenever::printed(text, strike));
    Ok((run, rounds, missed))
}

/// The machine of a system composed into `directory`, emulated, so that there is a log of its interrupts.
fn machine(directory: &Path) -> (Mailbox, Machine) {
    let mailbox = Mailbox::new(directory);
    let machine = Machine::new(directory.join("kernel"), directory.join("bundle")).counts_instructions(true);
    let machine = machine.extra(mailbox.arguments());
    (mailbox, machine)
}

/// Runs a test system while messages strike, one after the other, and expects that it prints `line` and ends well. Answers what struck.
fn storm(system: &str, line: &str, message: fn(u32) -> u32) -> Result<Vec<Struck>, Failed> {
    let directory = scratch()?;
    let graph = root().join("tests/systems").join(system).with_extension("toml");
    finish(&mut compose("build", &graph, directory.path())?)?.expect_status(0)?;
    let (mailbox, machine) = machine(directory.path());
    let (booted, wait) = sync_channel(1);
    let (run, sent) = thread::scope(|scope| {
        let mailbox = &mailbox;
        let sender = scope.spawn(move || send_on(&wait, mailbox, message).unwrap_or(0));
        let say = || booted.send(()).unwrap_or(());
        let run = Session::new(machine).timeout(PATIENCE).run(&mut Whenever::printed("tessera: booted", say));
        drop(booted);
        (run, sender.join().unwrap_or(0))
    });
    let text = console(&run);
    let well = run.ending == Ending::Ended { code: EXIT_SUCCESS } && text.contains(line);
    ensure(well, || format!("{:?} after {sent} interrupts:\n{text}", run.ending))?;
    ensure(sent > 0, || "no interrupt struck".to_owned())?;
    Ok(mailbox.struck()?)
}

/// Sends one message after the other until the machine is gone, and answers how many have struck.
fn send_on(booted: &Receiver<()>, mailbox: &Mailbox, message: fn(u32) -> u32) -> std::io::Result<usize> {
    // Before the kernel has an interrupt table, a non-maskable interrupt resets any machine.
    if booted.recv().is_err() {
        return Ok(0);
    }
    let mut sender = mailbox.connect()?;
    Ok((0..).take_while(|number| sender.strike(message(*number)).is_some()).count())
}

fn console(run: &Run) -> String {
    String::from_utf8_lossy(&run.console).into_owned()
}

/// One before the first instruction of the kernel's entry, one before the second the next time, and so on: before, between and behind
/// those that exchange GS and the stack, whoever enters and with whatever.
fn non_maskable_interrupts_at_each_instruction_of_the_entry_change_nothing() -> Outcome {
    let directory = scratch()?;
    let system = places::composed(&root().join("systems/pingpong.toml"), directory.path())?;
    let entry = places::of_kernel(&system, "13syscall_entry")?;
    let door = Door::new(directory.path().join("door"));
    let (mailbox, machine) = machine(directory.path());
    let session = Session::new(machine.extra(door.arguments())).timeout(PATIENCE);
    let run = thread::spawn(move || session.run(&mut std::io::sink()));
    let mut debugger = Debugger::connect(&door, Duration::from_secs(60)).map_err(failed)?;
    let places = interrupt_each(&mut debugger, &mailbox, entry.start);
    // It may have ended by itself.
    let _ = debugger.kill();
    let run = run.join().map_err(|_| "the session failed")?;
    let (places, text) = (places?, console(&run));
    let in_entry = places.iter().filter(|place| entry.contains(place)).collect::<BTreeSet<_>>().len();
    ensure(in_entry >= 40, || format!("only {in_entry} instructions of the entry were interrupted"))?;
    let well = run.ending == Ending::Ended { code: EXIT_SUCCESS } && text.contains("ping: pong answered 5 to 2 + 3");
    ensure(well, || format!("{:?}:\n{text}", run.ending))?;
    let struck = mailbox.struck()?;
    let has_struck =
        |place: &u64| struck.iter().any(|one| one.vector == NON_MASKABLE_VECTOR && one.instruction == *place);
    let missed: Vec<_> = places.iter().filter(|place| !has_struck(place)).collect();
    ensure(missed.is_empty(), || format!("no interrupt struck before these instructions: {missed:x?}"))
}

fn failed(error: DebuggerError) -> Failed {
    error.to_string().into()
}

/// Lets the system run to its end, with an interrupt in each of its first calls; answers before which instructions.
fn interrupt_each(debugger: &mut Debugger, mailbox: &Mailbox, entry: u64) -> Result<Vec<u64>, Failed> {
    /// More than there are in a call of another component; and entries for each, so that there are calls, returns and operations.
    const INSTRUCTIONS: usize = 50;
    const ENTRIES: usize = 6;
    let mut sender = mailbox.connect()?;
    let mut places = Vec::new();
    for steps in (1..INSTRUCTIONS).flat_map(|steps| [steps; ENTRIES]) {
        debugger.run_to(entry).map_err(failed)?;
        for _ in 0..steps {
            debugger.step().map_err(failed)?;
        }
        places.push(debugger.address().map_err(failed)?);
        ensure(sender.send(NON_MASKABLE), || "the emulator takes no message".to_owned())?;
    }
    // Interrupts are held up in a step, with which a run to where it stands begins: so this one is to the second instruction.
    debugger.run_to(entry).map_err(failed)?;
    ensure(sender.send(NON_MASKABLE), || "the emulator takes no message".to_owned())?;
    debugger.run_to(*places.first().ok_or("nothing was interrupted")?).map_err(failed)?;
    places.push(entry);
    match debugger.run_to(0) {
        Err(DebuggerError::Ended) => Ok(places),
        Err(error) => Err(failed(error)),
        Ok(()) => Err("somebody executes what is nowhere".into()),
    }
}

fn a_machine_check_ends_what_it_struck() -> Outcome {
    let (ending, console) = check_machine(UNCORRECTED)?;
    let lines =
        ["fault: component victim, thread 1 (victim), machine check at instruction", "pong answered 5 to 2 + 3"];
    let well = ending == Ending::Ended { code: EXIT_FAILURE } && lines.iter().all(|line| console.contains(line));
    ensure(well, || format!("{ending:?}:\n{console}"))
}

fn a_machine_check_that_leaves_nothing_sound_stops_the_machine() -> Outcome {
    let (ending, console) = check_machine(UNCORRECTED | PROCESSOR_CORRUPT)?;
    let line = "tessera: fatal: a machine check says that the processor's state is wrong";
    let well = ending == Ending::Ended { code: EXIT_FAILURE } && console.contains(line);
    ensure(well && !console.contains("pong answered"), || format!("{ending:?}:\n{console}"))
}

/// Of a bank's status: it is valid, an error that was not corrected, and reported.
const UNCORRECTED: u64 = 0b1011 << 60;
/// Of a bank's status: the processor's state is wrong.
const PROCESSOR_CORRUPT: u64 = 1 << 57;

/// Reports an error of the hardware to a system whose first component never ends, by the emulator's monitor.
fn check_machine(status: u64) -> Result<(Ending, String), Failed> {
    let directory = scratch()?;
    let graph = root().join("tests/systems/devices/machine-check.toml");
    finish(&mut compose("build", &graph, directory.path())?)?.expect_status(0)?;
    let socket = directory.path().join("monitor");
    let machine = Machine::new(directory.path().join("kernel"), directory.path().join("bundle"));
    let listen = format!("socket,id=monitor,path={},server=on,wait=off", socket.display());
    let machine = machine.counts_instructions(true).extra(["-chardev", &listen, "-mon", "chardev=monitor"]);
    let (booted, wait) = sync_channel(1);
    let reporter = thread::spawn(move || {
        if wait.recv().is_ok() {
            // It never ends, and is on its way: by then it runs.
            thread::sleep(Duration::from_millis(500));
            let mut monitor = UnixStream::connect(socket)?;
            // Bank 1 of processor 0; a check is in progress.
            writeln!(monitor, "mce 0 1 {status:#x} 4 0 0")?;
            // Until the machine is gone.
            std::io::copy(&mut monitor, &mut std::io::sink())?;
        }
        std::io::Result::Ok(())
    });
    let run = Session::new(machine).run(&mut Whenever::printed("ticks after the start", || {
        booted.send(()).unwrap_or(());
    }));
    drop(booted);
    let _ = reporter.join();
    let text = console(&run);
    Ok((run.ending, text))
}
