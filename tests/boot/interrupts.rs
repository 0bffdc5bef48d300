//! Interrupts that nobody asked for strike at any instruction, by the thousand: each system still ends as it should.
//!
//! They come from outside the machine: a write to where message-signalled interrupts go, by the emulator's test protocol.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use qemu::{EXIT_FAILURE, EXIT_SUCCESS, Ending, Machine, Session};

use crate::tools::{Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("interrupts":
        non_maskable_interrupts_change_nothing
        non_maskable_interrupts_do_not_keep_sleepers_asleep
        interrupts_of_no_device_do_not_hold_up_the_timer
        interrupts_of_every_vector_leave_every_register
        non_maskable_interrupts_leave_every_register
        a_machine_check_ends_what_it_struck
        a_machine_check_that_leaves_nothing_sound_stops_the_machine
    )
}

/// Delivery mode of a non-maskable interrupt, as the message says it.
const NON_MASKABLE: u32 = 0x400;

fn non_maskable_interrupts_change_nothing() -> Outcome {
    run("handlers-preempted", "registers behind fault 5: Ok(())", |_| NON_MASKABLE)
}

fn non_maskable_interrupts_do_not_keep_sleepers_asleep() -> Outcome {
    run("sleep", "slept 5 ms", |_| NON_MASKABLE)
}

/// Every vector that a device can have.
fn interrupts_of_no_device_do_not_hold_up_the_timer() -> Outcome {
    run("sleep", "slept 5 ms", |number| 0x20 + number % 0xe0)
}

/// Those by which cores speak to each other are among them.
fn interrupts_of_every_vector_leave_every_register() -> Outcome {
    run("turn", "registers behind a turn: Ok(())", |number| 0x20 + number % 0xe0)
}

fn non_maskable_interrupts_leave_every_register() -> Outcome {
    run("turn", "registers behind a turn: Ok(())", |_| NON_MASKABLE)
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
    let watch = Watch { seen: Vec::new(), text: "ticks after the start", booted: Some(booted) };
    let run = Session::new(machine).run(&mut { watch });
    let _ = reporter.join();
    Ok((run.ending, String::from_utf8_lossy(&run.console).into_owned()))
}

/// Runs a test system while messages arrive, and expects that it prints `line` and ends well.
fn run(system: &str, line: &str, message: fn(u32) -> u32) -> Outcome {
    let directory = scratch()?;
    let graph = root().join("tests/systems").join(system).with_extension("toml");
    finish(&mut compose("build", &graph, directory.path())?)?.expect_status(0)?;
    let socket = directory.path().join("messages");
    let machine = Machine::new(directory.path().join("kernel"), directory.path().join("bundle"));
    let listen = format!("unix:{},server=on,wait=off", socket.display());
    let machine = machine.counts_instructions(true).extra(["-qtest", &listen, "-qtest-log", "none"]);
    let (booted, wait) = sync_channel(1);
    let sender = thread::spawn(move || send(&socket, &wait, message).unwrap_or(0));
    let run = Session::new(machine).run(&mut Watch { seen: Vec::new(), text: "tessera: booted", booted: Some(booted) });
    let sent = sender.join().unwrap_or(0);
    let console = String::from_utf8_lossy(&run.console);
    let well = run.ending == Ending::Ended { code: EXIT_SUCCESS } && console.contains(line);
    ensure(well, || format!("{:?} after {sent} interrupts:\n{console}", run.ending))?;
    ensure(sent > 0, || "no interrupt was sent".to_owned())
}

/// Sends messages until the machine is gone; answers how many.
fn send(socket: &Path, booted: &Receiver<()>, message: fn(u32) -> u32) -> std::io::Result<u32> {
    const FIRST_PROCESSOR: u32 = 0xfee0_0000;
    // Early, so that a short run is not over before.
    let mut stream = connect(socket)?;
    // Before the kernel has an interrupt table, a non-maskable interrupt resets any machine.
    if booted.recv().is_err() {
        return Ok(0);
    }
    let mut answers = BufReader::new(stream.try_clone()?).lines();
    let mut sent = 0;
    while writeln!(stream, "writel {FIRST_PROCESSOR:#x} {:#x}", message(sent)).is_ok()
        && matches!(answers.next(), Some(Ok(answer)) if answer == "OK")
    {
        sent += 1;
    }
    Ok(sent)
}

/// Connects to the emulator as soon as it listens.
fn connect(socket: &Path) -> std::io::Result<UnixStream> {
    const PATIENCE: usize = 1000;
    for _ in 0..PATIENCE {
        if let Ok(stream) = UnixStream::connect(socket) {
            return Ok(stream);
        }
        thread::sleep(Duration::from_millis(10));
    }
    UnixStream::connect(socket)
}

/// Says once that a text has been printed.
struct Watch {
    seen: Vec<u8>,
    text: &'static str,
    booted: Option<SyncSender<()>>,
}

impl Write for Watch {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.seen.extend_from_slice(piece);
        if String::from_utf8_lossy(&self.seen).contains(self.text)
            && let Some(booted) = self.booted.take()
        {
            let _ = booted.send(());
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
