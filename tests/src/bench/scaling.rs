//! What several cores do at once.
//!
//! The system of operations, on a machine with four cores, lets independent components call on one, two and four of them,
//! and prints `cores NUMBER CALLS SHORT LONG …`: what so many calls on each take, and twice as many. By the clock that counts
//! instructions, of all cores together, that is the instructions of a call; by this host's clock, how many there are in a second.

use qemu::Machine;

use super::error::BenchError;
use super::image::BenchImage;
use super::measure;
use super::sample::Sample;

/// Cores of the machine.
const MACHINE: u32 = 4;

/// What independent components on so many cores came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// Cores that worked.
    pub cores: u32,
    /// Calls in a second, of all together, by the emulator's time.
    pub calls_per_second: f64,
    /// Instructions of one call.
    pub instructions: u64,
}

/// Measures them, by a machine whose clock has so many ticks in a second where it measures time.
///
/// # Errors
///
/// [`BenchError::Boot`]; [`BenchError::Missing`] if a number of cores has no figures.
pub fn scaling(image: &BenchImage, frequency: u64) -> Result<Vec<Scaling>, BenchError> {
    let timed = measure::console(image, machine(image).counts_instructions(false))?;
    let of_cores = |(cores, instructions): (u32, f64)| {
        let calls_per_second = calls_per_tick(cores, &timed)? * frequency as f64;
        Ok(Scaling { cores, calls_per_second, instructions: instructions.round() as u64 })
    };
    instructions(image)?.into_iter().map(of_cores).collect()
}

/// The numbers of cores, and the instructions of a call on each: nearly, because starting the others and waiting for them
/// is in it; that is far less than half an instruction a call.
///
/// # Errors
///
/// As above.
pub fn instructions(image: &BenchImage) -> Result<[(u32, f64); 3], BenchError> {
    let counted = measure::console(image, machine(image).counts_instructions(true))?;
    let cost = |cores| Ok((cores, ticks_per_call(cores, &counted)?));
    Ok([cost(1)?, cost(2)?, cost(4)?])
}

fn machine(image: &BenchImage) -> Machine {
    image.machine.clone().processors(MACHINE)
}

const MISSING: BenchError = BenchError::Missing("cores");

fn ticks_per_call(cores: u32, counted: &str) -> Result<f64, BenchError> {
    let ticks = |sample: &Sample| sample.long.saturating_sub(sample.short) as f64;
    let calls = |sample: &Sample| f64::from(cores) * sample.iterations as f64;
    let samples = samples(cores, counted).into_iter();
    samples.map(|sample| ticks(&sample) / calls(&sample)).min_by(f64::total_cmp).ok_or(MISSING)
}

fn calls_per_tick(cores: u32, timed: &str) -> Result<f64, BenchError> {
    let calls = |sample: &Sample| 2.0 * f64::from(cores) * sample.iterations as f64;
    let samples = samples(cores, timed).into_iter();
    samples.map(|sample| calls(&sample) / sample.long as f64).max_by(f64::total_cmp).ok_or(MISSING)
}

/// What a console says of so many cores.
fn samples(cores: u32, console: &str) -> Vec<Sample> {
    let lines = console.lines().filter_map(|line| line.trim_end().strip_prefix(&format!("cores {cores} ")));
    let samples = lines.filter_map(Sample::parse);
    samples.flatten().collect()
}

/// Those results as text.
pub fn table(scaling: &[Scaling]) -> String {
    let lines = scaling.iter().map(|Scaling { cores, calls_per_second, instructions }| {
        format!(
            "{cores} cores: {calls_per_second:.0} calls a second under the emulator, {instructions} instructions each\n"
        )
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_of_all_cores_together() {
        let counted = "cores 1 100 1000 8000\r\ncores 2 100 900 14900 900 14901\r\n";
        let timed = "cores 1 100 9 200\ncores 2 100 9 400 9 200\n";
        assert_eq!(ticks_per_call(1, counted).unwrap(), 70.0);
        assert_eq!(ticks_per_call(2, counted).unwrap(), 70.0);
        assert!(matches!(ticks_per_call(4, counted), Err(BenchError::Missing("cores"))));
        assert_eq!(calls_per_tick(1, timed).unwrap(), 1.0);
        assert_eq!(calls_per_tick(2, timed).unwrap(), 2.0);
    }
}
