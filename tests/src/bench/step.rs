//! The second measure: one period of a row, stepped through one instruction at a time.
//!
//! It does not know how the clock counts, so where the two agree, both are right; and it sees which instructions there are.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{Instruction, Mnemonic, Register};
use qemu::debugger::{Debugger, DebuggerError};

use super::privileged::{Counts, decode};
use super::row::{Anchor, Period};

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
    /// The machine did not come to the loop.
    NotReached,
}

impl std::fmt::Display for StepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Debugger(error) => error.fmt(f),
            Self::Undecodable(address) => write!(f, "the instruction at {address:#x} cannot be decoded"),
            Self::NotReached => f.write_str("the machine never came to it"),
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

/// Visits to the anchor that are passed over before those that count: the first may enter the loop in the middle, and under a
/// debugger the machine's time does not pass as before.
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
}

/// Steps through a period of the loop that the machine is about to enter, or has just entered.
///
/// A period is what lies between one visit to the loop's anchor and another, so many visits later.
///
/// # Errors
///
/// As [`StepError`] lists.
pub fn iteration(machine: &mut impl Stepper, period: Period) -> Result<Iteration, StepError> {
    let anchor = match period.anchor {
        Anchor::Entry => find_entry(machine)?,
        Anchor::Return => find_return(machine)?,
    };
    step_from_to(machine, anchor, WARM_UP)?;
    step_from_to(machine, anchor, period.visits)
}

/// Steps until the machine is about to enter the kernel, and answers the address of that instruction.
fn find_entry(machine: &mut impl Stepper) -> Result<u64, StepError> {
    step_until(machine, |instruction| instruction.mnemonic() == Mnemonic::Syscall)
}

/// Steps until the machine comes to an instruction for the second time, and answers its address.
fn find_return(machine: &mut impl Stepper) -> Result<u64, StepError> {
    let mut visited = BTreeSet::new();
    step_until(machine, |instruction| !visited.insert(instruction.ip()))
}

fn step_until(machine: &mut impl Stepper, mut is_found: impl FnMut(&Instruction) -> bool) -> Result<u64, StepError> {
    for _ in 0..LONGEST {
        let instruction = machine.next()?;
        if is_found(&instruction) {
            return Ok(instruction.ip());
        }
        machine.step()?;
    }
    Err(StepError::Endless)
}

/// Steps from the anchor to the anchor, which is visited so many times on the way, the last one included.
fn step_from_to(machine: &mut impl Stepper, anchor: u64, mut visits: u64) -> Result<Iteration, StepError> {
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
    known: BTreeMap<u64, Instruction>,
}

impl<'a> Stepped<'a> {
    /// The machine behind `debugger`.
    pub fn new(debugger: &'a mut Debugger) -> Self {
        Self { debugger, next: None, known: BTreeMap::new() }
    }

    /// Code never changes, but it is another's where the page tables are.
    fn read(&mut self) -> Result<Instruction, StepError> {
        let address = self.debugger.address()?;
        if let Some(instruction) = self.known.get(&address) {
            return Ok(*instruction);
        }
        let instruction = self.read_at(address)?;
        self.known.insert(address, instruction);
        Ok(instruction)
    }

    fn read_at(&mut self, address: u64) -> Result<Instruction, StepError> {
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

/// The first address of the half that is the same in all page tables.
const KERNEL: u64 = 1 << 63;

fn switches_page_tables(instruction: &Instruction) -> bool {
    instruction.mnemonic() == Mnemonic::Mov && instruction.op0_register() == Register::CR3
}

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
        if self.next.take().is_none_or(|instruction| switches_page_tables(&instruction)) {
            self.known.retain(|address, _| *address >= KERNEL);
        }
        Ok(self.debugger.step()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTERS: Period = Period { anchor: Anchor::Entry, visits: 1, operations: 1 };

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
    }

    #[test]
    fn an_iteration_lies_between_two_entries_from_the_same_place() {
        let visits = vec![(1, NOP), (10, NOP), (20, SYSCALL), (90, NOP), (91, SYSCALL), (95, SYSRET), (22, NOP)];
        let iteration = iteration(&mut Trace { visits, repeat: 1, at: 0 }, ENTERS).unwrap();
        assert_eq!(iteration.instructions, 6);
        assert_eq!(iteration.privileged.to_string(), "syscall ×2, sysret ×1");
    }

    #[test]
    fn a_period_can_be_several_visits_long() {
        let visits = vec![(10, NOP), (20, SYSCALL), (20, SYSCALL), (30, NOP), (20, SYSCALL)];
        let iteration = iteration(&mut Trace { visits, repeat: 0, at: 0 }, Period { visits: 3, ..ENTERS }).unwrap();
        assert_eq!(iteration.instructions, 5);
    }

    #[test]
    fn what_repeats_itself_before_the_entry_is_part_of_the_iteration() {
        let visits = vec![(10, NOP), (10, NOP), (11, NOP), (11, NOP), (20, SYSCALL), (91, SYSRET)];
        let iteration = iteration(&mut Trace { visits, repeat: 0, at: 0 }, ENTERS).unwrap();
        assert_eq!(iteration.instructions, 6);
    }

    #[test]
    fn a_loop_without_entries_is_a_loop_all_the_same() {
        let visits = vec![(1, NOP), (10, NOP), (11, NOP), (12, NOP)];
        let period = Period { anchor: Anchor::Return, ..ENTERS };
        let iteration = iteration(&mut Trace { visits, repeat: 1, at: 0 }, period).unwrap();
        assert_eq!(iteration.instructions, 3);
        assert_eq!(iteration.privileged.to_string(), "");
    }

    #[test]
    fn what_never_comes_back_is_given_up() {
        let visits = vec![(1, SYSCALL), (2, NOP)];
        let error = iteration(&mut Trace { visits, repeat: 1, at: 0 }, ENTERS).unwrap_err();
        assert!(matches!(error, StepError::Endless), "{error}");
    }

    #[test]
    fn other_page_tables_have_other_code() {
        assert!(switches_page_tables(&decode(&[0x0f, 0x22, 0xd8], 0).unwrap()));
        assert!(!switches_page_tables(&decode(&[0x0f, 0x20, 0xd8], 0).unwrap()));
    }

    #[test]
    fn an_instruction_is_read_no_further_than_its_page() {
        assert_eq!(rest_of_page(0x1000), 4096);
        assert_eq!(rest_of_page(0x1fff), 1);
    }
}
