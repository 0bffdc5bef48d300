//! What is known of the registers at a place in the code, as far as the stack and where calls lead depend on it.

use iced_x86::Register;

/// What is known of a register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    #[default]
    Unknown,
    /// What the stack pointer was when the function was called, and so many bytes.
    Stack(i64),
    /// An address.
    Address(u64),
    /// One of the distances in the table at this address.
    Distance(u64),
    /// A word from memory, at this address if that is known, with so much added, if that is known: what names a capability
    /// and a method of it.
    Word(Option<u64>, Option<u16>),
    /// A place that one of the distances in the table at this address leads to, from there.
    Place(u64),
}

const REGISTERS: usize = 16;
/// Pointers into the stack that are remembered while they lie on it.
const KEPT: usize = 4;

/// What is known of all registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    registers: [Value; REGISTERS],
    /// Pointers into the stack that were pushed onto it, as frame pointers are around code that changes all registers:
    /// where they lie, and where they point.
    kept: [Option<(i64, i64)>; KEPT],
}

/// The general registers that a called function may change.
const CHANGED_BY_CALLS: [Register; 9] = [
    Register::RAX,
    Register::RCX,
    Register::RDX,
    Register::RSI,
    Register::RDI,
    Register::R8,
    Register::R9,
    Register::R10,
    Register::R11,
];

impl State {
    /// At a function's first instruction.
    pub fn called() -> Self {
        let mut state = Self::default();
        state.set(Register::RSP, Value::Stack(0));
        state
    }

    /// What is known of `register`, or of the one that it is a part of.
    pub fn get(&self, register: Register) -> Value {
        index(register).and_then(|at| self.registers.get(at)).copied().unwrap_or_default()
    }

    /// From here on `register`, or what it is a part of, is that.
    pub fn set(&mut self, register: Register, value: Value) {
        if let Some(known) = index(register).and_then(|at| self.registers.get_mut(at)) {
            *known = value;
        }
    }

    /// How far the stack pointer is from where it was when the function was called.
    pub fn stack(&self) -> Option<i64> {
        match self.get(Register::RSP) {
            Value::Stack(offset) => Some(offset),
            _ => None,
        }
    }

    /// `register` is pushed: the stack pointer is at where it lies.
    pub fn push(&mut self, register: Value) {
        let Some(place) = self.stack() else { return };
        self.forget_kept(|at| at <= place);
        let free = self.kept.iter_mut().find(|kept| kept.is_none());
        if let (Some(free), Value::Stack(offset)) = (free, register) {
            *free = Some((place, offset));
        }
    }

    /// What is known of the word on top of the stack.
    pub fn top(&self) -> Value {
        let on_top = self.kept.iter().flatten().find(|(place, _)| Some(*place) == self.stack());
        on_top.map_or(Value::Unknown, |(_, offset)| Value::Stack(*offset))
    }

    fn forget_kept(&mut self, is_gone: impl Fn(i64) -> bool) {
        for kept in &mut self.kept {
            *kept = kept.filter(|(place, _)| !is_gone(*place));
        }
    }

    /// Behind a call.
    pub fn forget_changed_by_calls(&mut self) {
        CHANGED_BY_CALLS.into_iter().for_each(|register| self.set(register, Value::Unknown));
    }

    /// Behind a system call, after which everything but the stack pointer may be anything.
    pub fn forget_all_but_stack(&mut self) {
        let stack = self.get(Register::RSP);
        self.registers = [Value::Unknown; REGISTERS];
        self.set(Register::RSP, stack);
    }

    /// What is known if either may be so. The stack pointer is at the lower of two places.
    pub fn or(&self, other: &Self) -> Self {
        let mut merged = *self;
        for (known, other) in merged.registers.iter_mut().zip(other.registers) {
            if *known != other {
                *known = match (*known, other) {
                    (Value::Word(_, one), Value::Word(_, other)) => Value::Word(None, one.filter(|_| one == other)),
                    _ => Value::Unknown,
                };
            }
        }
        for kept in &mut merged.kept {
            *kept = kept.filter(|known| other.kept.contains(&Some(*known)));
        }
        if let (Some(one), Some(other)) = (self.stack(), other.stack()) {
            merged.set(Register::RSP, Value::Stack(one.min(other)));
        }
        merged
    }
}

/// The number of a general register, or of the one that it is a part of.
fn index(register: Register) -> Option<usize> {
    let full = register.full_register();
    full.is_gpr64().then(|| full.number())
}
