//! The two measures: by the machine's clock, and one by one.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use qemu::debugger::{Debugger, DebuggerError, Door};
use qemu::{EXIT_SUCCESS, Ending, Machine, Session};

use super::error::BenchError;
use super::image::BenchImage;
use super::row::Period;
use super::sample::Samples;
use super::step::{Iteration, StepError, Stepped, iteration};

/// How long a machine may take, to its end or to a breakpoint: many times what it needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Boots `image` under a clock that counts instructions, and answers what it measured.
///
/// # Errors
///
/// [`BenchError::Boot`] if it does not end with success.
pub fn count(image: &BenchImage) -> Result<Samples, BenchError> {
    boot(image, image.machine.clone().counts_instructions(true))
}

/// Boots `image` under the clock of this host, and answers what it measured: time, as the emulator takes it.
///
/// # Errors
///
/// As above.
pub fn time(image: &BenchImage) -> Result<Samples, BenchError> {
    boot(image, image.machine.clone().counts_instructions(false))
}

fn boot(image: &BenchImage, machine: Machine) -> Result<Samples, BenchError> {
    Ok(Samples::of_console(&console(image, machine)?))
}

/// What `image` prints on `machine`.
///
/// # Errors
///
/// As above.
pub fn console(image: &BenchImage, machine: Machine) -> Result<String, BenchError> {
    let run = Session::new(machine).timeout(PATIENCE).run(&mut std::io::sink());
    let console = String::from_utf8_lossy(&run.console).into_owned();
    if run.ending != (Ending::Ended { code: EXIT_SUCCESS }) {
        return Err(BenchError::Boot { image: image.image.title(), ending: run.ending, console });
    }
    Ok(console)
}

/// A loop to be stepped through.
#[derive(Clone, Copy, Debug)]
pub struct Loop {
    /// The row's name.
    pub row: &'static str,
    /// The address at which it starts.
    pub start: u64,
    /// What is always the same of it.
    pub period: Period,
}

/// What one boot of an image showed of its loops, by the row's name.
pub type Stepping = BTreeMap<&'static str, Result<Iteration, StepError>>;

/// Boots `image` and steps through one period of each of these loops, in the order in which the machine comes to them.
pub fn step(image: &BenchImage, loops: &[Loop]) -> Stepping {
    let mut stepping = Stepping::new();
    if loops.is_empty() {
        return stepping;
    }
    if let Err(error) = step_into(image, loops, &mut stepping) {
        // Which loop the machine failed to reach is not known: all that it has not reached wait for the same.
        let mut ahead = loops.iter().map(|one| one.row).filter(|row| !stepping.contains_key(row)).collect::<Vec<_>>();
        stepping.extend(ahead.pop().map(|row| (row, Err(error))));
        stepping.extend(ahead.into_iter().map(|row| (row, Err(StepError::NotReached))));
    }
    stepping
}

fn step_into(image: &BenchImage, loops: &[Loop], stepping: &mut Stepping) -> Result<(), StepError> {
    let directory = temp_dir::TempDir::new().map_err(DebuggerError::Connection)?;
    let door = Door::new(directory.path().join("door"));
    let machine = image.machine.clone().counts_instructions(true).extra(door.arguments());
    let session = Session::new(machine).timeout(2 * PATIENCE);
    thread::scope(|scope| {
        scope.spawn(|| session.run(&mut std::io::sink()));
        let mut debugger = Debugger::connect(&door, PATIENCE)?;
        let stepped = step_all(&mut debugger, loops, stepping);
        // If it has ended already, the reason is in `stepped`.
        let _ = debugger.kill();
        stepped
    })
}

fn step_all(debugger: &mut Debugger, loops: &[Loop], stepping: &mut Stepping) -> Result<(), StepError> {
    let mut ahead: BTreeMap<u64, &Loop> = loops.iter().map(|one| (one.start, one)).collect();
    while !ahead.is_empty() {
        let addresses: Vec<_> = ahead.keys().copied().collect();
        let start = debugger.run_to_one_of(&addresses)?;
        if let Some(one) = ahead.remove(&start) {
            stepping.insert(one.row, iteration(&mut Stepped::new(debugger), one.period));
        }
    }
    Ok(())
}
