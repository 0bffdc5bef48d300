//! Calls of functions that are known only at run time, and tables of places to go to.

use std::collections::BTreeSet;

use super::program::{Function, Program};
use super::value::{State, Value};
use abi::crossing::METHODS;
use iced_x86::{Instruction, Register};

/// Places of a `match` at most.
const PLACES: u64 = 4096;

/// The places that the table of distances at `table` leads to from within `function`: up to what else lies behind it,
/// and only where instructions start.
pub fn places(program: &Program<'_>, table: u64, function: &Function) -> BTreeSet<u64> {
    let end = program.next_constant(table);
    let starts = program.instructions(function);
    let entries = (0..PLACES).map_while(|entry| table.checked_add(4 * entry)).take_while(|at| *at < end);
    let distance = |at| <[u8; 4]>::try_from(program.image.memory.bytes(at, 4)?).ok();
    let places = entries.map_while(|at| Some(table.wrapping_add_signed(i32::from_le_bytes(distance(at)?).into())));
    places.take_while(|place| starts.contains(place)).collect()
}

/// The functions in the table of addresses at `table`, and where they stand in it.
pub fn methods(program: &Program<'_>, table: u64) -> Vec<(u64, usize)> {
    let words = (0..u64::from(METHODS)).map_while(|entry| table.checked_add(8 * entry));
    let function = |at: u64| Some((at, program.starting_at(program.constant(at)?)?));
    words.map_while(function).collect()
}

/// The address of an instruction's memory, if it is known; with an index, the address of entry 0.
pub fn memory_address(instruction: &Instruction, state: &State) -> Option<u64> {
    let displacement = instruction.memory_displacement64();
    match instruction.memory_base() {
        Register::RIP => Some(displacement),
        Register::None => None,
        base => match state.get(base) {
            Value::Address(address) => Some(address.wrapping_add(displacement)),
            _ => None,
        },
    }
}
