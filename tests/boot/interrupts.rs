//! Interrupts that nobody asked for strike at any instruction, by the thousand: each system still ends as it should.
//!
//! They come from outside the machine: a write to where message-signalled interrupts go, by the emulator's test protocol.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use libtest_mimic::Trial;
use qemu::{EXIT_SUCCESS, Ending, Machine, Session};

use crate::tools::{Outcome, compose, ensure, finish, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("interrupts":
        non_maskable_interrupts_change_nothing
        non_maskable_interrupts_do_not_keep_sleepers_asleep
        interrupts_of_no_device_do_not_hold_up_the_timer
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
    let run = Session::new(machine).run(&mut Watch { seen: Vec::new(), booted: Some(booted) });
    let sent = sender.join().unwrap_or(0);
    let console = String::from_utf8_lossy(&run.console);
    let well = run.ending == Ending::Ended { code: EXIT_SUCCESS } && console.contains(line);
    ensure(well, || format!("{:?} after {sent} interrupts:\n{console}", run.ending))?;
    ensure(sent > 0, || "no interrupt was sent".to_owned())
}

/// Sends messages until the machine is gone; answers how many.
fn send(socket: &Path, booted: &Receiver<()>, message: fn(u32) -> u32) -> std::io::Result<u32> {
    const FIRST_PROCESSOR: u32 = 0xfee0_0000;
    // Before the kernel has an interrupt table, a non-maskable interrupt resets any machine.
    if booted.recv().is_err() {
        return Ok(0);
    }
    let mut stream = UnixStream::connect(socket)?;
    let mut answers = BufReader::new(stream.try_clone()?).lines();
    let mut sent = 0;
    while writeln!(stream, "writel {FIRST_PROCESSOR:#x} {:#x}", message(sent)).is_ok()
        && matches!(answers.next(), Some(Ok(answer)) if answer == "OK")
    {
        sent += 1;
    }
    Ok(sent)
}

/// Says once that the kernel has booted.
struct Watch {
    seen: Vec<u8>,
    booted: Option<SyncSender<()>>,
}

impl Write for Watch {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.seen.extend_from_slice(piece);
        if String::from_utf8_lossy(&self.seen).contains("tessera: booted")
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
