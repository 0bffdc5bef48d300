//! Where the processor goes at an interrupt or an exception: its table, read out of the machine by a debugger; and what becomes of a double
//! fault, which nothing in user level can cause.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use iced_x86::{Decoder, DecoderOptions, Mnemonic};
use libtest_mimic::{Failed, Trial};
use qemu::debugger::{Debugger, DebuggerError, Door};
use qemu::{EXIT_FAILURE, Ending, Machine, Session};

use crate::messages::Mailbox;
use crate::places;
use crate::tools::{Outcome, ensure, root, scratch, trials};

/// The trials of this file.
pub fn trials() -> Vec<Trial> {
    trials!("gates":
        each_vector_leads_to_the_kernel_by_its_own_number_and_none_is_open_to_user_level
        a_double_fault_is_reported_and_ends_the_machine
    )
}

/// Vectors whose exceptions come with a word more: double fault, task state, segment, stack, protection, page, alignment, control
/// protection, and two of virtual machines (AMD64 Architecture Programmer's Manual, volume 2, section 8.2).
const WITH_ERROR_CODE: [u64; 10] = [8, 10, 11, 12, 13, 14, 17, 21, 29, 30];
const NON_MASKABLE: u64 = 2;
/// Debug exception, non-maskable interrupt, double fault, page fault, machine check.
const WITH_STACK: [u64; 5] = [1, NON_MASKABLE, 8, 14, 18];

/// A gate, as the processor reads it.
struct Gate {
    entry: u64,
    /// Which of the task state's stacks, from 1 on; 0 is none of its own.
    stack: u64,
    is_present: bool,
    is_open: bool,
}

impl Gate {
    fn parse([low, high]: [u64; 2]) -> Self {
        Self {
            entry: low & 0xffff | low >> 32 & 0xffff_0000 | high << 32,
            stack: low >> 32 & 7,
            // An interrupt gate: interrupts are off behind it.
            is_present: low >> 47 & 1 == 1 && low >> 40 & 0xf == 0xe,
            is_open: low >> 45 & 3 != 0,
        }
    }
}

/// A machine that has stopped at the end of a system, when everything is still there.
struct Stopped {
    debugger: Debugger,
    mailbox: Mailbox,
}

impl Stopped {
    fn words<const COUNT: usize>(&mut self, address: u64) -> Result<[u64; COUNT], Failed> {
        let bytes = self.debugger.memory(address, 8 * COUNT).map_err(failed)?;
        let mut words = [0; COUNT];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Ok(words)
    }

    /// Where a table of the processor's is.
    fn table(&self, name: &str, word: usize) -> Result<u64, Failed> {
        let words = self.mailbox.register(name)?.ok_or_else(|| format!("the emulator says nothing of {name}"))?;
        Ok(*words.get(word).ok_or_else(|| format!("the emulator says {words:x?} of {name}"))?)
    }

    fn gate(&mut self, vector: u64) -> Result<Gate, Failed> {
        let table = self.table("IDT=", 0)?;
        self.words(table + 16 * vector).map(Gate::parse)
    }

    /// The ends of the task state's stacks: the kernel's, and those that gates name.
    fn stacks(&mut self) -> Result<[u64; 8], Failed> {
        let task_state = self.table("TR =", 1)?;
        let [kernel] = self.words(task_state + 4)?;
        let [one, two, three, four, five, six, seven] = self.words(task_state + 36)?;
        Ok([kernel, one, two, three, four, five, six, seven])
    }

    /// What an entry pushes before it jumps to where all of its kind lead.
    fn pushes(&mut self, entry: u64) -> Result<Vec<u64>, Failed> {
        let code = self.debugger.memory(entry, 16).map_err(failed)?;
        let decoder = Decoder::with_ip(64, &code, entry, DecoderOptions::NONE);
        let pushes = decoder.into_iter().take_while(|one| one.mnemonic() == Mnemonic::Push);
        Ok(pushes.map(|one| one.immediate(0)).collect())
    }
}

fn failed(error: DebuggerError) -> Failed {
    error.to_string().into()
}

/// Boots a system, stops it at its end, and does something to it; answers how it ended then, and what it has printed.
fn stopped(act: impl FnOnce(&mut Stopped) -> Outcome) -> Result<(Ending, String), Failed> {
    let directory = scratch()?;
    let end = end_of_system(directory.path())?;
    let (door, mailbox) = (Door::new(directory.path().join("door")), Mailbox::new(directory.path()));
    let machine = Machine::new(directory.path().join("kernel"), directory.path().join("bundle"));
    let machine = machine.counts_instructions(true).extra(mailbox.arguments()).extra(door.arguments());
    let session = Session::new(machine).timeout(Duration::from_secs(300));
    let run = std::thread::spawn(move || session.run(&mut std::io::sink()));
    let debugger = Debugger::connect(&door, Duration::from_secs(60)).map_err(failed)?;
    let mut machine = Stopped { debugger, mailbox };
    let acted = machine.debugger.run_to(end).map_err(failed).and_then(|()| act(&mut machine));
    // It may have ended by itself.
    let _ = machine.debugger.kill();
    let run = run.join().map_err(|_| "the session failed")?;
    acted?;
    Ok((run.ending, String::from_utf8_lossy(&run.console).into_owned()))
}

/// One in which something faults, so that the emulator says what the processor's registers are.
fn end_of_system(directory: &Path) -> Result<u64, Failed> {
    let system = places::composed(&root().join("tests/systems/thread-faults.toml"), directory)?;
    Ok(places::of_kernel(&system, "kernel7console3end17h")?.start)
}

fn each_vector_leads_to_the_kernel_by_its_own_number_and_none_is_open_to_user_level() -> Outcome {
    stopped(|machine| {
        for vector in 0..256 {
            each_vector(machine, vector)?;
        }
        let stacks = machine.stacks()?;
        let (own, distinct) = (stacks.iter().take(6), stacks.iter().take(6).collect::<BTreeSet<_>>());
        ensure(distinct.len() == own.len(), || format!("exceptions share stacks: {stacks:x?}"))?;
        // There is memory at the end of each.
        for end in own {
            let [_] = machine.words(end - 8)?;
        }
        Ok(())
    })
    .map(|_| ())
}

fn each_vector(machine: &mut Stopped, vector: u64) -> Outcome {
    const EXCEPTIONS: u64 = 32;
    let gate = machine.gate(vector)?;
    ensure(gate.is_present && !gate.is_open, || format!("the gate of vector {vector} is not there, or open"))?;
    let has_stack = WITH_STACK.contains(&vector);
    ensure((gate.stack != 0) == has_stack, || format!("vector {vector} has stack {}", gate.stack))?;
    let expected = match vector {
        // It changes nothing.
        NON_MASKABLE => vec![],
        _ if WITH_ERROR_CODE.contains(&vector) => vec![vector],
        0..EXCEPTIONS => vec![0, vector],
        // The entry takes its lowest byte.
        _ => vec![vector as i8 as u64],
    };
    let pushes = machine.pushes(gate.entry)?;
    ensure(pushes == expected, || format!("vector {vector} pushes {pushes:x?}, not {expected:x?}"))
}

/// The kernel faults with a stack pointer to which nothing can be pushed: that is a double fault.
fn a_double_fault_is_reported_and_ends_the_machine() -> Outcome {
    const NOWHERE: u64 = 0x8000_0000_0000_0000;
    let (ending, console) = stopped(|machine| {
        machine.debugger.go_on_at(NOWHERE, NOWHERE).map_err(failed)?;
        match machine.debugger.run_to(0) {
            Err(DebuggerError::Ended) => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    })?;
    let said = console.contains("tessera: fatal: the kernel faulted: double fault at instruction 0x8000000000000000");
    ensure(said && ending == Ending::Ended { code: EXIT_FAILURE }, || format!("{ending:?}:\n{console}"))
}
