//! What one instruction does to what is known of the registers.

use iced_x86::{Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register};

use super::indirect::memory_address;
use super::program::Program;
use super::value::{State, Value};

/// Carries out instructions on what is known.
pub struct Effects<'p> {
    program: &'p Program<'p>,
    factory: InstructionInfoFactory,
}

impl<'p> Effects<'p> {
    /// For the code of `program`.
    pub fn new(program: &'p Program<'p>) -> Self {
        Self { program, factory: InstructionInfoFactory::new() }
    }

    /// What is known behind `instruction`, which neither calls nor returns, if `state` is before it.
    pub fn after(&mut self, instruction: &Instruction, state: &State) -> State {
        let mut next = *state;
        let result = self.result(instruction, state);
        for used in self.factory.info(instruction).used_registers() {
            if is_written(used.access()) {
                next.set(used.register(), Value::Unknown);
            }
        }
        if let Some((register, value)) = result {
            next.set(register, value);
        }
        let moved = i64::from(instruction.stack_pointer_increment());
        if let (true, Some(stack)) = (moves_only_the_stack_pointer(instruction), state.stack()) {
            next.set(Register::RSP, Value::Stack(stack.saturating_add(moved)));
        }
        if instruction.mnemonic() == Mnemonic::Push {
            let is_register = instruction.op0_kind() == OpKind::Register;
            next.push(if is_register { state.get(instruction.op0_register()) } else { Value::Unknown });
        }
        next
    }

    /// The register that `instruction` gives a value that is known, and the value.
    fn result(&self, instruction: &Instruction, state: &State) -> Option<(Register, Value)> {
        (instruction.op0_kind() == OpKind::Register).then_some(())?;
        let target = instruction.op0_register();
        let before = state.get(target);
        let value = match (instruction.mnemonic(), instruction.op1_kind()) {
            (Mnemonic::Pop, _) if target.is_gpr64() && target != Register::RSP => state.top(),
            (Mnemonic::Mov, OpKind::Register) if target.is_gpr64() => state.get(instruction.op1_register()),
            (Mnemonic::Mov, OpKind::Memory) if target.is_gpr64() => self.loaded(instruction, state)?,
            (Mnemonic::Lea, OpKind::Memory) if target.is_gpr64() => address(instruction, state)?,
            (Mnemonic::Movsxd, OpKind::Memory) => distance(instruction, state)?,
            // Its sign is cleared: it says something else.
            (Mnemonic::And, OpKind::Register) | (Mnemonic::Btr, _) => method(before, 0)?,
            (Mnemonic::Inc, _) => method(before, 1)?,
            (Mnemonic::Or, kind) => method(before, immediate(instruction, kind)?)?,
            (Mnemonic::Add, OpKind::Register) => sum(before, state.get(instruction.op1_register()))?,
            (Mnemonic::Add, kind) => moved(before, immediate(instruction, kind)?)?,
            (Mnemonic::Sub, kind) => moved(before, immediate(instruction, kind)?.checked_neg()?)?,
            // Rounded down, by less than that.
            (Mnemonic::And, kind) => moved(before, immediate(instruction, kind).filter(|mask| *mask < 0)?)?,
            _ => return None,
        };
        Some((target, value))
    }

    /// A word that nobody changes.
    fn loaded(&self, instruction: &Instruction, state: &State) -> Option<Value> {
        if matches!(instruction.memory_base(), Register::RSP | Register::RBP) {
            // Put there a while ago: anything may have been added to it.
            return Some(Value::Word(None, None));
        }
        let address = memory_address(instruction, state).filter(|_| instruction.memory_index() == Register::None);
        let constant = address.and_then(|address| self.program.constant(address));
        let function = constant.filter(|constant| self.program.starting_at(*constant).is_some());
        Some(function.map_or(Value::Word(address, Some(0)), Value::Address))
    }
}

const fn is_written(access: OpAccess) -> bool {
    !matches!(access, OpAccess::None | OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess)
}

/// `push`, `pop` and their kin; but not what loads the stack pointer.
fn moves_only_the_stack_pointer(instruction: &Instruction) -> bool {
    let loads =
        instruction.op0_kind() == OpKind::Register && instruction.op0_register().full_register() == Register::RSP;
    instruction.is_stack_instruction()
        && !matches!(instruction.mnemonic(), Mnemonic::Enter | Mnemonic::Leave)
        && !(loads && instruction.mnemonic() == Mnemonic::Pop)
}

fn immediate(instruction: &Instruction, kind: OpKind) -> Option<i64> {
    let is_immediate = matches!(kind, OpKind::Immediate8to64 | OpKind::Immediate32to64 | OpKind::Immediate64);
    is_immediate.then(|| instruction.immediate(1) as i64)
}

fn moved(value: Value, bytes: i64) -> Option<Value> {
    match value {
        Value::Stack(offset) => Some(Value::Stack(offset.checked_add(bytes)?)),
        Value::Address(address) => Some(Value::Address(address.wrapping_add_signed(bytes))),
        Value::Word(..) => method(value, bytes),
        _ => None,
    }
}

/// A word with a method's number put into it.
fn method(word: Value, number: i64) -> Option<Value> {
    match word {
        Value::Word(address, before) => {
            let sum = before.and_then(|before| u16::try_from(number).ok()?.checked_add(before));
            Some(Value::Word(address, sum))
        }
        _ => None,
    }
}

fn sum(one: Value, other: Value) -> Option<Value> {
    match (one, other) {
        (Value::Distance(table), Value::Address(base)) | (Value::Address(base), Value::Distance(table))
            if table == base =>
        {
            Some(Value::Place(table))
        }
        _ => None,
    }
}

/// What `lea` puts into its register.
fn address(instruction: &Instruction, state: &State) -> Option<Value> {
    (instruction.memory_index() == Register::None).then_some(())?;
    let displacement = instruction.memory_displacement64();
    match instruction.memory_base() {
        Register::RIP => Some(Value::Address(displacement)),
        base => moved(state.get(base), displacement as i64),
    }
}

/// A distance out of a table of those.
fn distance(instruction: &Instruction, state: &State) -> Option<Value> {
    let is_entry = instruction.memory_index() != Register::None && instruction.memory_index_scale() == 4;
    is_entry.then(|| memory_address(instruction, state)).flatten().map(Value::Distance)
}
