//! What the entry jumps to: a function for each kind of capability.
//!
//! They have the arguments that the entry finds in registers, call the logic, and make the machine what it decided.
//! Those whose costs are a benchmark's rows are compiled without a use of vector registers, which
//! a test reads from the image; the others clear these.

use super::{Hardware, conclude};
use crate::core_local::{self, CoreLocal};
use crate::memory::{self, Memory};
use crate::processor::clear_vector_registers;
use abi::error::Error;
use abi::kind::Kind;
use abi::operation::{PageTableOperation, TableOperation};
use logic::capability::Slot;
use logic::core_state::CoreState;
use logic::invocation;
use logic::operation::{self, Caller};
use logic::outcome::Outcome;
use logic::quick;
use logic::unheard;

/// An operation with four words, the capability's slot, and the operation's number.
type Operation = extern "C" fn(u64, u64, u64, u64, &Slot, u64) -> Outcome;

/// The function for each number that a slot can have as its kind.
pub static TABLE: [Operation; 256] = {
    let mut table: [Operation; 256] = [empty; 256];
    let mut at = 0;
    while at < Kind::ALL.len() {
        let kind = Kind::ALL[at];
        table[kind as usize] = match kind {
            Kind::Thread => super::switch,
            Kind::Receive => receive,
            Kind::Send => send,
            Kind::Ports => ports,
            Kind::CapabilityTable => capability_table,
            Kind::PageTable => page_table,
            _ => general,
        };
        at += 1;
    }
    table
};

extern "C" fn empty(_: u64, _: u64, _: u64, _: u64, _: &Slot, _: u64) -> Outcome {
    Error::Empty.into()
}

/// What is asked of a thread, where [`super::switch`] has not done it.
pub extern "C" fn any_of_thread(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    let outcome = with_core(|memory, core| {
        operation::thread(memory, &mut Hardware, &mut core.state, slot, method as u16, [w0, w1, w2, w3])
            .unwrap_or_else(Outcome::from)
    });
    clear_vector_registers();
    outcome
}

extern "C" fn receive(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    let quick = with_state(|memory, core| quick::receive(memory, core, slot, method, [w0, w1]));
    quick.unwrap_or_else(|| any_of_receive(w0, w1, w2, w3, slot, method))
}

#[inline(never)]
extern "C" fn any_of_receive(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    let outcome = with_core(|memory, core| {
        let words = [w0, w1, w2, w3];
        operation::receive(memory, &mut Hardware, &mut core.state, slot, method as u16, words)
            .unwrap_or_else(Outcome::from)
    });
    clear_vector_registers();
    outcome
}

extern "C" fn send(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    let quick = with_state(|memory, core| quick::send(memory, core, slot, method, w0));
    quick.unwrap_or_else(|| any_of_send(w0, w1, w2, w3, slot, method))
}

#[inline(never)]
extern "C" fn any_of_send(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    let outcome = with_core(|memory, core| {
        operation::send(memory, &mut Hardware, &mut core.state, slot, method as u16, [w0, w1, w2, w3])
            .unwrap_or_else(Outcome::from)
    });
    clear_vector_registers();
    outcome
}

/// The common case, which leaves the rest of the machine as it is.
#[inline(always)]
fn with_state(operate: impl FnOnce(&Memory, &mut CoreState) -> Option<Outcome>) -> Option<Outcome> {
    // SAFETY: the only use of it in this entry until it has changed something, or has not.
    let core = unsafe { core_local::current() };
    operate(memory::of_running_kernel(), &mut core.state)
}

extern "C" fn ports(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    operation::ports(&mut Hardware, slot, method as u16, [w0, w1, w2, w3]).unwrap_or_else(Outcome::from)
}

extern "C" fn capability_table(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    use operation::table;
    const COPY: u64 = TableOperation::Copy as u64;
    const REMOVE: u64 = TableOperation::Remove as u64;
    const CREATE_INVOCATION: u64 = TableOperation::CreateInvocation as u64;
    let (memory, caller, words) = (memory::of_running_kernel(), caller(), [w0, w1, w2, w3]);
    let done = match method {
        COPY => table::copy(memory, caller, slot, words),
        CREATE_INVOCATION => table::create_invocation(memory, caller, slot, words),
        REMOVE => return table::remove(memory, slot, w0).map_or_else(Outcome::from, Outcome::Answer),
        CREATE_COMPONENT => return any_of_components(w0, w1, w2, w3, slot),
        CREATE_THREAD => return any_of_threads(w0, w1, w2, w3, slot),
        _ => return other_of_table(w0, w1, w2, w3, slot, method),
    };
    done.map_or_else(Outcome::from, |()| Outcome::DONE)
}

const CREATE_COMPONENT: u64 = TableOperation::CreateComponent as u64;
const CREATE_THREAD: u64 = TableOperation::CreateThread as u64;

/// What is copied while a component or a thread is made goes through vector registers.
#[inline(never)]
extern "C" fn any_of_components(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot) -> Outcome {
    let done = operation::table::create_component(memory::of_running_kernel(), caller(), slot, [w0, w1, w2, w3]);
    clear_vector_registers();
    done.map_or_else(Outcome::from, |()| Outcome::DONE)
}

/// As [`any_of_components`].
#[inline(never)]
extern "C" fn any_of_threads(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot) -> Outcome {
    let done = operation::table::create_thread(memory::of_running_kernel(), caller(), slot, [w0, w1, w2, w3]);
    clear_vector_registers();
    done.map_or_else(Outcome::from, |()| Outcome::DONE)
}

#[inline(never)]
extern "C" fn other_of_table(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    let outcome = with_core(|memory, core| {
        let (caller, words) = (Caller::current(memory, &core.state), [w0, w1, w2, w3]);
        operation::table::other(memory, &mut Hardware, &mut core.state, caller, slot, method as u16, words)
            .map_or_else(Outcome::from, |words| Outcome::pair(&mut core.state, words))
    });
    clear_vector_registers();
    outcome
}

/// What is asked of a page table changes nothing on this core but its translations: who asks goes on.
extern "C" fn page_table(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    let operation = OF_PAGE_TABLES.get(method as usize).copied().unwrap_or(any_of_page_table);
    operation(w0, w1, w2, w3, slot, method)
}

/// The function for each operation of a page table.
static OF_PAGE_TABLES: [Operation; 9] = {
    let mut table: [Operation; 9] = [any_of_page_table; 9];
    table[PageTableOperation::Map as usize] = map;
    table[PageTableOperation::Alias as usize] = alias;
    table[PageTableOperation::Unmap as usize] = unmap;
    table
};

extern "C" fn map(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, _: u64) -> Outcome {
    done_or_refused(operation::paging::map(memory::of_running_kernel(), caller(), slot, [w0, w1, w2, w3]))
}

extern "C" fn alias(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, _: u64) -> Outcome {
    done_or_refused(operation::paging::alias(memory::of_running_kernel(), caller(), slot, [w0, w1, w2, w3]))
}

extern "C" fn unmap(w0: u64, _: u64, _: u64, _: u64, slot: &Slot, _: u64) -> Outcome {
    pair(operation::paging::unmap(memory::of_running_kernel(), slot, w0))
}

/// The answer of an operation without words. That it is refused is not what it is made quick for.
#[inline(always)]
fn done_or_refused(done: Result<(), Error>) -> Outcome {
    match done {
        Ok(()) => Outcome::DONE,
        Err(error) => {
            core::hint::cold_path();
            error.into()
        }
    }
}

extern "C" fn any_of_page_table(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    let words = [w0, w1, w2, w3];
    let answer = operation::paging::other(memory::of_running_kernel(), caller(), slot, method as u16, words);
    clear_vector_registers();
    pair(answer)
}

/// An answer of two words to who asked.
#[inline(always)]
fn pair(answer: Result<[u64; 2], Error>) -> Outcome {
    // SAFETY: the only use of it in this entry, now that the operation is done.
    let core = unsafe { core_local::current() };
    answer.map_or_else(Outcome::from, |words| Outcome::pair(&mut core.state, words))
}

/// Who asks, for operations that change nothing on this core.
#[inline(always)]
fn caller() -> Caller<'static> {
    Caller::at(memory::of_running_kernel(), core_local::top())
}

extern "C" fn general(w0: u64, w1: u64, w2: u64, w3: u64, slot: &Slot, method: u64) -> Outcome {
    let outcome = with_core(|memory, core| {
        operation::other(memory, &mut Hardware, &mut core.state, slot, method as u16, [w0, w1, w2, w3])
            .unwrap_or_else(Outcome::from)
    });
    clear_vector_registers();
    outcome
}

/// A thread says whose stack it is on.
pub extern "C" fn here(start: u64) -> Outcome {
    // SAFETY: the only use of it in this entry.
    let core = unsafe { core_local::current() };
    // Whoever goes on is of the same component, until the same time: the machine stays as it is.
    unheard::here(memory::of_running_kernel(), &mut core.state, start).unwrap_or_else(Outcome::from)
}

/// A return that ends more than an invocation, or comes back to a dead level.
pub extern "C" fn return_from_level(first: u64, second: u64, status: u64) -> Outcome {
    let outcome =
        with_core(|memory, core| invocation::return_with(memory, &mut core.state, status as u16, [first, second]));
    // Every other exit puts in place what is in them.
    if outcome.is_answer() {
        clear_vector_registers();
    }
    outcome
}

#[inline(always)]
fn with_core(operate: impl FnOnce(&Memory, &mut CoreLocal) -> Outcome) -> Outcome {
    // SAFETY: the only use of it in this entry.
    let core = unsafe { core_local::current() };
    let memory = memory::of_running_kernel();
    let entered: *const _ = core.state.descriptor(memory);
    let outcome = operate(memory, core);
    conclude(memory, core, entered, outcome)
}
