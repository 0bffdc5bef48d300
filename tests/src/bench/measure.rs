//! The two measures: by the machine's clock, and one by one.

use std::thread;
use std::time::Duration;

use qemu::debugger::{Debugger, DebuggerError, Door};
use qemu::{EXIT_SUCCESS, Ending, Session};

use super::error::BenchError;
use super::image::BenchImage;
use super::row::{Period, Samples};
use super::step::{Iteration, StepError, Stepped, iteration};

/// How long a machine may take, to its end or to a breakpoint: many times what it needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Boots `image` and adds what it measured to `samples`.
///
/// # Errors
///
/// [`BenchError::Boot`] if it does not end with success.
pub fn boot(image: &BenchImage, samples: &mut Samples) -> Result<(), BenchError> {
    let run = Session::new(image.machine.clone()).timeout(PATIENCE).run(&mut std::io::sink());
    let console = String::from_utf8_lossy(&run.console).into_owned();
    if run.ending != (Ending::Ended { code: EXIT_SUCCESS }) {
        return Err(BenchError::Boot { image: image.image.title(), ending: run.ending, console });
    }
    samples.add(&console);
    Ok(())
}

/// Boots `image` and steps through one period of the loop that starts at `start`.
///
/// # Errors
///
/// As [`StepError`] lists.
pub fn step(image: &BenchImage, start: u64, period: Period) -> Result<Iteration, StepError> {
    let directory = temp_dir::TempDir::new().map_err(DebuggerError::Connection)?;
    let door = Door::new(directory.path().join("door"));
    let session = Session::new(image.machine.clone().extra(door.arguments())).timeout(2 * PATIENCE);
    thread::scope(|scope| {
        scope.spawn(|| session.run(&mut std::io::sink()));
        let mut debugger = Debugger::connect(&door, PATIENCE)?;
        let stepped = step_from(&mut debugger, start, period);
        // If it has ended already, the reason is in `stepped`.
        let _ = debugger.kill();
        stepped
    })
}

fn step_from(debugger: &mut Debugger, start: u64, period: Period) -> Result<Iteration, StepError> {
    debugger.run_to(start)?;
    iteration(&mut Stepped::new(debugger), period)
}
