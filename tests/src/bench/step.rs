//! The second measure: one period of a row, stepped through one instruction at a time.
//!
//! It does not know how the clock counts, so where the two agree, both are right; and it sees which instructions there are.

use std::collections::BTreeSet;

use iced_x86::{Instruction, Mnemonic};
use qemu::debugger::{Debugger, DebuggerError};

use super::privileged::{Counts, decode};

/// What one period consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Iteration {
    /// Instructions executed.
    pub instructions: u64,
    /// Those among them that are privileged operations.
    pub privileged: Counts,
}

/// Why a period could not be stepped through.
#[derive(Debug)]
pub enum StepError {
    /// The debugger failed, or the machine ended before.
    Debugger(DebuggerError),
    /// The instruction at this address cannot be decoded.
    Undecodable(u64),
    /// No end of the period was seen within a hundred thousand instructions.
    Endless,
}

impl std::fmt::Display for StepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Debugger(error) => error.fmt(f),
            Self::Undecodable(address) => write!(f, "the instruction at {address:#x} cannot be decoded"),
            Self::Endless => write!(f, "no period ends within {LONGEST} instructions"),
        }
    }
}

impl std::error::Error for StepError {}

impl From<DebuggerError> for StepError {
    fn from(error: DebuggerError) -> Self {
        Self::Debugger(error)
    }
}

/// Instructions after which a row is given up.
const LONGEST: u64 = 100_000;

/// Visits to the anchor that are passed over before those that count: the first may enter the loop in the middle.
const WARM_UP: u64 = 3;

/// A machine that can be stepped.
pub trait Stepper {
    /// The next instruction.
    ///
    /// # Errors
    ///
    /// It cannot be read or decoded.
    fn next(&mut self) -> Result<Instruction, StepError>;

    /// Executes it.
    ///
    /// # Errors
    ///
    /// The machine ended.
    fn step(&mut self) -> Result<(), StepError>;

    /// Executes all until the instruction at `address` is the next, for the next time.
    ///
    /// # Errors
    ///
    /// The machine ended.
    fn run_to(&mut self, address: u64) -> Result<(), StepError>;
}

/// Steps through a period of the loop that the machine is about to enter, or has just entered.
///
/// A period is what lies between one visit to the loop's *anchor* and another, so many visits later: the place from which it
/// first enters the kernel or, if it never does, one that it comes back to.
///
/// # Errors
///
/// As [`StepError`] lists.
pub fn iteration(machine: &mut impl Stepper, visits: u64) -> Result<Iteration, StepError> {
    let anchor = find_anchor(machine)?;
    for _ in 0..WARM_UP {
        machine.run_to(anchor)?;
    }
    period(machine, anchor, visits)
}

/// Steps until the machine is about to enter the kernel, and answers the address of that instruction. A loop that never
/// does so has the first address that is visited twice instead.
fn find_anchor(machine: &mut impl Stepper) -> Result<u64, StepError> {
    let mut visited = BTreeSet::new();
    for _ in 0..LONGEST {
        let instruction = machine.next()?;
        let address = instruction.ip();
        if instruction.mnemonic() == Mnemonic::Syscall || !visited.insert(address) {
            return Ok(address);
        }
        machine.step()?;
    }
    Err(StepError::Endless)
}

/// Steps from the anchor to the anchor, which is visited so many times on the way, the last one included.
fn period(machine: &mut impl Stepper, anchor: u64, mut visits: u64) -> Result<Iteration, StepError> {
    let mut iteration = Iteration { instructions: 0, privileged: Counts::new() };
    while iteration.instructions < LONGEST {
        iteration.privileged.add(&machine.next()?);
        iteration.instructions += 1;
        machine.step()?;
        visits -= u64::from(machine.next()?.ip() == anchor);
        if visits == 0 {
            return Ok(iteration);
        }
    }
    Err(StepError::Endless)
}

/// A [`Stepper`] over a debugger.
#[derive(Debug)]
pub struct Stepped<'a> {
    debugger: &'a mut Debugger,
    next: Option<Instruction>,
}

impl<'a> Stepped<'a> {
    /// The machine behind `debugger`.
    pub fn new(debugger: &'a mut Debugger) -> Self {
        Self { debugger, next: None }
    }

    fn read(&mut self) -> Result<Instruction, StepError> {
        let address = self.debugger.registers()?.rip;
        let first = self.debugger.memory(address, LONGEST_INSTRUCTION.min(rest_of_page(address)))?;
        if let Some(instruction) = decode(&first, address) {
            return Ok(instruction);
        }
        // It goes on in the next page.
        let whole = self.debugger.memory(address, LONGEST_INSTRUCTION)?;
        decode(&whole, address).ok_or(StepError::Undecodable(address))
    }
}

/// Bytes of the longest instruction that there is.
const LONGEST_INSTRUCTION: usize = 15;

fn rest_of_page(address: u64) -> usize {
    const PAGE: usize = 4096;
    PAGE - address as usize % PAGE
}

impl Stepper for Stepped<'_> {
    fn next(&mut self) -> Result<Instruction, StepError> {
        if let Some(instruction) = self.next {
            return Ok(instruction);
        }
        let instruction = self.read()?;
        self.next = Some(instruction);
        Ok(instruction)
    }

    fn step(&mut self) -> Result<(), StepError> {
        self.next = None;
        Ok(self.debugger.step()?)
    }

    fn run_to(&mut self, address: u64) -> Result<(), StepError> {
        self.next = None;
        Ok(self.debugger.run_to(address)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOP: &[u8] = &[0x90];
    const SYSCALL: &[u8] = &[0x0f, 0x05];
    const SYSRET: &[u8] = &[0x48, 0x0f, 0x07];

    /// A machine that visits these instructions, and those from `repeat` on again and again.
    struct Trace {
        visits: Vec<(u64, &'static [u8])>,
        repeat: usize,
        at: usize,
    }

    impl Stepper for Trace {
        fn next(&mut self) -> Result<Instruction, StepError> {
            let (address, bytes) = self.visits[self.at];
            decode(bytes, address).ok_or(StepError::Undecodable(address))
        }

        fn step(&mut self) -> Result<(), StepError> {
            self.at += 1;
            if self.at == self.visits.len() {
                self.at = self.repeat;
            }
            Ok(())
        }

        fn run_to(&mut self, address: u64) -> Result<(), StepError> {
            for _ in 0..LONGEST {
                self.step()?;
                if self.next()?.ip() == address {
                    return Ok(());
                }
            }
            Err(StepError::Endless)
        }
    }

    #[test]
    fn an_iteration_lies_between_two_entries_from_the_same_place() {
        let visits = vec![(1, NOP), (10, NOP), (20, SYSCALL), (90, NOP), (91, SYSCALL), (95, SYSRET), (22, NOP)];
        let iteration = iteration(&mut Trace { visits, repeat: 1, at: 0 }, 1).unwrap();
        assert_eq!(iteration.instructions, 6);
        assert_eq!(iteration.privileged.to_string(), "syscall ×2, sysret ×1");
    }

    #[test]
    fn a_period_can_be_several_visits_long() {
        let visits = vec![(10, NOP), (20, SYSCALL), (20, SYSCALL), (30, NOP), (20, SYSCALL)];
        let iteration = iteration(&mut Trace { visits, repeat: 0, at: 0 }, 3).unwrap();
        assert_eq!(iteration.instructions, 5);
    }

    #[test]
    fn a_loop_without_entries_is_a_loop_all_the_same() {
        let visits = vec![(1, NOP), (10, NOP), (11, NOP), (12, NOP)];
        let iteration = iteration(&mut Trace { visits, repeat: 1, at: 0 }, 1).unwrap();
        assert_eq!(iteration.instructions, 3);
        assert_eq!(iteration.privileged.to_string(), "");
    }

    #[test]
    fn what_never_comes_back_is_given_up() {
        let visits = vec![(1, SYSCALL), (2, NOP)];
        let error = iteration(&mut Trace { visits, repeat: 1, at: 0 }, 1).unwrap_err();
        assert!(matches!(error, StepError::Endless), "{error}");
    }

    #[test]
    fn an_instruction_is_read_no_further_than_its_page() {
        assert_eq!(rest_of_page(0x1000), 4096);
        assert_eq!(rest_of_page(0x1fff), 1);
    }
}
