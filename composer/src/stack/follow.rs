//! Follows the code of every function, along all its paths.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use abi::layout::STACK_SPAN;
use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};
use serde::{Deserialize, Serialize};

use super::decode::Effects;
use super::indirect::{memory_address, methods, places};
use super::problem::Problem;
use super::program::Program;
use super::value::{State, Value};

/// Bytes that a call puts on the stack.
const RETURN_ADDRESS: u64 = 8;

/// What a function does with the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Bytes that it uses itself, at most.
    pub most: u64,
    /// Bytes in use where it makes a system call, at most, if it does.
    pub leaving: Option<u64>,
    /// The functions that it calls, or goes on as, and the bytes in use there at most.
    pub calls: BTreeMap<usize, u64>,
    /// The same for functions that are only known at run time.
    pub unknown: Option<u64>,
    /// Functions whose address it takes.
    pub taken: BTreeSet<usize>,
    /// Tables whose functions it calls, by the addresses of the words in it.
    pub tables: BTreeSet<u64>,
    /// What it invokes.
    pub invoked: BTreeSet<Invoked>,
    /// Where calls come back to, and the bytes in use there at most, those of the return address too.
    pub sites: BTreeMap<u64, u64>,
    /// Whether it comes back.
    pub returns: bool,
}

/// What a system call invokes: by the word at this address, if that is known, this method, if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Invoked {
    /// The word's address in the image.
    pub slot: Option<u64>,
    /// The method.
    pub method: Option<u16>,
}

/// Follows all functions, or says why some cannot be followed.
pub fn all(program: &Program<'_>) -> Result<Vec<Frame>, Vec<Problem>> {
    let (frames, problems) = each(program);
    if problems.is_empty() { Ok(frames) } else { Err(problems.into_iter().collect()) }
}

/// Follows each function that can be followed. Whether one comes back depends on those that it calls, so some are followed again.
pub fn each(program: &Program<'_>) -> (Vec<Frame>, BTreeSet<Problem>) {
    let mut frames = vec![Frame::default(); program.functions.len()];
    let mut callers: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); frames.len()];
    let mut queue: VecDeque<usize> = (0..frames.len()).collect();
    let mut problems = BTreeSet::new();
    while let Some(index) = queue.pop_front() {
        let frame = match Follow::new(program, &frames, index).run() {
            Ok(frame) => frame,
            Err(problem) => {
                problems.insert(problem);
                continue;
            }
        };
        for callee in frame.calls.keys() {
            callers.get_mut(*callee).map(|callers| callers.insert(index));
        }
        let Some(known) = frames.get_mut(index) else { continue };
        if frame.returns && !known.returns {
            queue.extend(callers.get(index).into_iter().flatten());
        }
        *known = frame;
    }
    (frames, problems)
}

struct Follow<'p> {
    program: &'p Program<'p>,
    known: &'p [Frame],
    index: usize,
    effects: Effects<'p>,
    /// Where branches lead to, and what is known there.
    places: BTreeMap<u64, State>,
    waiting: Vec<u64>,
    frame: Frame,
}

impl<'p> Follow<'p> {
    fn new(program: &'p Program<'p>, known: &'p [Frame], index: usize) -> Self {
        let (places, waiting) = (BTreeMap::new(), Vec::new());
        Self { program, known, index, effects: Effects::new(program), places, waiting, frame: Frame::default() }
    }

    fn run(mut self) -> Result<Frame, Problem> {
        let program = self.program;
        let Some((function, code)) = program.code(self.index) else { return Ok(self.frame) };
        let mut decoder = Decoder::with_ip(64, code, function.start, DecoderOptions::NONE);
        self.come_to(function.start, State::called())?;
        while let Some(place) = self.waiting.pop() {
            let Some(state) = self.places.get(&place).copied() else { continue };
            let position = usize::try_from(place - function.start).unwrap_or(usize::MAX);
            if decoder.set_position(position).is_ok() {
                decoder.set_ip(place);
                self.follow(&mut decoder, state)?;
            }
        }
        Ok(self.frame)
    }

    /// Along one path, to its end or to where it was already.
    fn follow(&mut self, decoder: &mut Decoder<'_>, mut state: State) -> Result<(), Problem> {
        let mut before = Instruction::default();
        let mut is_first = true;
        while decoder.can_decode() {
            let instruction = decoder.decode();
            if let Some(depth) = self.program.declared.get(&instruction.ip()) {
                state.set(Register::RSP, Value::Stack(-i64::try_from(*depth).unwrap_or(i64::MAX)));
            }
            if !is_first && self.places.contains_key(&instruction.ip()) {
                return self.come_to(instruction.ip(), state);
            }
            is_first = false;
            match self.step(&instruction, &before, state)? {
                Some(next) => state = next,
                None => return Ok(()),
            }
            before = instruction;
        }
        Ok(())
    }

    /// A branch leads to `place`. If that is news there, it waits to be followed.
    fn come_to(&mut self, place: u64, state: State) -> Result<(), Problem> {
        if state.stack().is_some_and(|offset| offset.unsigned_abs() > STACK_SPAN) {
            return Err(Problem::Grows { function: self.name() });
        }
        let merged = self.places.get(&place).map_or(state, |known| known.or(&state));
        if self.places.insert(place, merged) != Some(merged) {
            self.waiting.push(place);
        }
        Ok(())
    }

    fn name(&self) -> String {
        self.program.name(self.index)
    }

    /// What is known behind an instruction; nothing if all that follows is waiting.
    fn step(
        &mut self,
        instruction: &Instruction,
        before: &Instruction,
        mut state: State,
    ) -> Result<Option<State>, Problem> {
        self.look_at_operands(instruction, &state)?;
        match instruction.flow_control() {
            FlowControl::Next => self.go_on(instruction, state),
            FlowControl::Call if instruction.mnemonic() == Mnemonic::Syscall => self.leave(instruction, state),
            FlowControl::Call | FlowControl::IndirectCall => self.call(instruction, state),
            FlowControl::UnconditionalBranch => {
                self.branch(instruction.near_branch_target(), instruction, state)?;
                Ok(None)
            }
            FlowControl::ConditionalBranch | FlowControl::XbeginXabortXend => {
                let limit = limit(instruction, before, &state);
                if limit.is_none_or(|limit| state.stack().is_none_or(|stack| stack > limit)) {
                    self.branch(instruction.near_branch_target(), instruction, state)?;
                }
                limit.into_iter().for_each(|limit| state.set(Register::RSP, Value::Stack(limit)));
                Ok(Some(state))
            }
            FlowControl::IndirectBranch => {
                self.indirect_branch(instruction, &state)?;
                Ok(None)
            }
            FlowControl::Return => {
                self.frame.returns = true;
                Ok(None)
            }
            FlowControl::Interrupt | FlowControl::Exception => Ok(None),
        }
    }

    fn go_on(&mut self, instruction: &Instruction, state: State) -> Result<Option<State>, Problem> {
        let next = self.effects.after(instruction, &state);
        if let Some(depth) = next.stack().map(depth) {
            self.frame.most = self.frame.most.max(depth);
        }
        Ok(Some(next))
    }

    /// What lies below the stack pointer is used, too; and whose address is taken.
    fn look_at_operands(&mut self, instruction: &Instruction, state: &State) -> Result<(), Problem> {
        if instruction.is_stack_instruction() {
            self.depth(instruction, state)?;
        }
        let is_address = instruction.mnemonic() == Mnemonic::Lea;
        if is_address && instruction.memory_base() == Register::RIP {
            self.frame.taken.extend(self.program.starting_at(instruction.memory_displacement64()));
        }
        if !is_address && instruction.memory_base() == Register::RSP && instruction.memory_index() == Register::None {
            let used = self.depth(instruction, state)?;
            let below = (instruction.memory_displacement64() as i64).checked_neg().unwrap_or(0);
            self.frame.most = self.frame.most.max(used.saturating_add_signed(below));
        }
        Ok(())
    }

    fn depth(&self, instruction: &Instruction, state: &State) -> Result<u64, Problem> {
        let unknown = || Problem::Unknown { function: self.name(), address: instruction.ip() };
        state.stack().map(depth).ok_or_else(unknown)
    }

    fn leave(&mut self, instruction: &Instruction, mut state: State) -> Result<Option<State>, Problem> {
        let depth = self.depth(instruction, &state)?;
        self.frame.leaving = self.frame.leaving.max(Some(depth));
        self.frame.invoked.extend(invoked(&state));
        state.forget_all_but_stack();
        Ok(Some(state))
    }

    fn call(&mut self, instruction: &Instruction, mut state: State) -> Result<Option<State>, Problem> {
        let depth = self.depth(instruction, &state)?.saturating_add(RETURN_ADDRESS);
        self.frame.most = self.frame.most.max(depth);
        self.note_site(instruction.next_ip(), depth);
        let returns = match self.callee(instruction, &state) {
            Some(address) => {
                let callee = self.function(address)?;
                self.note(callee, depth);
                self.known.get(callee).is_some_and(|callee| callee.returns)
            }
            None => {
                self.frame.unknown = self.frame.unknown.max(Some(depth));
                true
            }
        };
        state.forget_changed_by_calls();
        Ok(if returns { Some(state) } else { None })
    }

    /// Where a call or a branch leads, if that is known.
    fn callee(&self, instruction: &Instruction, state: &State) -> Option<u64> {
        match instruction.op0_kind() {
            OpKind::NearBranch64 => Some(instruction.near_branch_target()),
            OpKind::Register => match state.get(instruction.op0_register()) {
                Value::Address(address) => self.known_start(address),
                _ => None,
            },
            OpKind::Memory if instruction.memory_index() == Register::None => {
                self.known_start(self.program.constant(memory_address(instruction, state)?)?)
            }
            _ => None,
        }
    }

    /// The address, if it is a function's. On a path that is never taken a register may hold any other.
    fn known_start(&self, address: u64) -> Option<u64> {
        self.program.starting_at(address).map(|_| address)
    }

    fn function(&self, address: u64) -> Result<usize, Problem> {
        let astray = || Problem::Astray { function: self.name(), address };
        self.program.starting_at(address).ok_or_else(astray)
    }

    fn note(&mut self, callee: usize, depth: u64) {
        let known = self.frame.calls.entry(callee).or_default();
        *known = depth.max(*known);
    }

    fn note_site(&mut self, address: u64, depth: u64) {
        let known = self.frame.sites.entry(address).or_default();
        *known = depth.max(*known);
    }

    /// A branch within the function, or one that goes on as another.
    fn branch(&mut self, target: u64, instruction: &Instruction, state: State) -> Result<(), Problem> {
        let is_own = self.program.functions.get(self.index).is_some_and(|own| (own.start..own.end).contains(&target));
        if is_own {
            return self.come_to(target, state);
        }
        let (callee, depth) = (self.function(target)?, self.depth(instruction, &state)?);
        self.note(callee, depth);
        self.frame.returns |= self.known.get(callee).is_some_and(|callee| callee.returns);
        Ok(())
    }

    fn indirect_branch(&mut self, instruction: &Instruction, state: &State) -> Result<(), Problem> {
        if let Some(target) = self.callee(instruction, state) {
            return self.branch(target, instruction, *state);
        }
        if let (OpKind::Register, Value::Place(table)) = (instruction.op0_kind(), state.get(instruction.op0_register()))
        {
            let Some(own) = self.program.functions.get(self.index) else { return Ok(()) };
            return places(self.program, table, own).into_iter().try_for_each(|place| self.come_to(place, *state));
        }
        let depth = self.depth(instruction, state)?;
        let table = memory_address(instruction, state).filter(|_| instruction.memory_index_scale() == 8);
        let methods = table.map(|table| methods(self.program, table)).unwrap_or_default();
        if methods.is_empty() {
            self.frame.unknown = self.frame.unknown.max(Some(depth));
            self.frame.returns = true;
        }
        for (word, method) in methods {
            self.frame.tables.insert(word);
            self.note(method, depth);
            self.frame.returns |= self.known.get(method).is_some_and(|method| method.returns);
        }
        Ok(())
    }
}

/// What the system call invokes: nothing where it returns, or ends its thread.
fn invoked(state: &State) -> Option<Invoked> {
    match state.get(Register::RAX) {
        Value::Word(slot, method) => Some(Invoked { slot, method }),
        _ => None,
    }
}

/// Bytes below where the stack pointer was when the function was called.
fn depth(offset: i64) -> u64 {
    offset.min(0).unsigned_abs()
}

/// Where the stack pointer is to come down to, at a branch that is taken until it is there: so the stack is made larger by
/// more than a page, page by page.
fn limit(branch: &Instruction, before: &Instruction, state: &State) -> Option<i64> {
    let compares = before.mnemonic() == Mnemonic::Cmp && before.op1_kind() == OpKind::Register;
    let is_limit = branch.mnemonic() == Mnemonic::Jne && compares && before.op0_register() == Register::RSP;
    match state.get(before.op1_register()) {
        Value::Stack(limit) if is_limit => Some(limit),
        _ => None,
    }
}
