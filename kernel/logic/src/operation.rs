//! The one system call: invoke a capability. Everything the kernel does for user level starts here.

use crate::capability::{self, Capability, Invocation, Ports, Slot};
use crate::capability_table::CapabilityTable;
use crate::component::{self, Reference};
use crate::core_state::CoreState;
use crate::dispatch::{self, Decision};
use crate::endpoint;
use crate::frame::{self, Frame};
use crate::invocation;
use crate::outcome::{End, Outcome};
use crate::page_table::PageTable;
use crate::store::Store;
use crate::thread;
use abi::crossing::{CapabilityWord, RETURN};
use abi::error::Error;
use abi::layout::is_user;
use abi::operation::{
    ComponentOperation, DebugConsoleOperation, PageTableOperation, PortsOperation, PowerOperation, ReceiveOperation,
    SendOperation, TableOperation, ThreadOperation,
};

/// What some operations do to the machine, beside its memory.
pub trait Machine {
    /// Reads a byte from `port`.
    fn read_port(&mut self, port: u16) -> u8;
    /// Writes a byte to `port`.
    fn write_port(&mut self, port: u16, byte: u8);
    /// Writes to the kernel's console.
    fn write_console(&mut self, text: &[u8]);
    /// Ticks of the time-stamp counter in a second.
    fn frequency(&mut self) -> u64;
}

/// What user level put into its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Capability number and method, or a status to return with.
    pub word: CapabilityWord,
    /// The words in `rdi rsi rdx r10`.
    pub words: [u64; 4],
}

/// Performs `request` for the current thread of `core`.
pub fn perform(store: &impl Store, machine: &mut impl Machine, core: &mut CoreState, request: Request) -> Outcome {
    if request.word.capability() == u64::from(RETURN) {
        let [first, second, ..] = request.words;
        return invocation::return_with(store, core, request.word.method(), [first, second]);
    }
    operate(store, machine, core, request).unwrap_or_else(Outcome::from)
}

fn operate(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    request: Request,
) -> Result<Outcome, Error> {
    let caller = core.component(store);
    let held = CapabilityTable::of(store, caller)?.lookup(store, request.word.capability())?;
    let (method, words) = (request.word.method(), request.words);
    match held {
        Capability::Invocation(capability) => invocation::invoke(store, core, capability, method, words),
        Capability::CapabilityTable(root) => table(store, core, CapabilityTable(root), method, words),
        Capability::PageTable(root) => page_table(store, caller, PageTable(root), method, words),
        Capability::Component(reference) => component(store, core, reference, method, words),
        Capability::Thread(thread) => dispatch(store, core, thread, method, words),
        Capability::Receive(thread) => receive(store, machine, core, thread, method, words),
        Capability::Send(receiver) => send(store, core, receiver, method, words),
        Capability::Ports(ports) => port(machine, ports, method, words),
        Capability::DebugConsole => console(machine, method, words),
        Capability::Power => power(method, words),
    }
}

fn table(
    store: &impl Store,
    core: &CoreState,
    table: CapabilityTable,
    number: u16,
    words: [u64; 4],
) -> Result<Outcome, Error> {
    use TableOperation::*;
    let caller = Caller::new(store, core.component(store))?;
    let [slot, a, b, c] = words;
    match TableOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        Copy => table.add(store, slot, caller.capability(store, a)?)?,
        Remove => table.remove(store, slot)?,
        Graft => table.graft(store, slot, caller.untyped(store, a)?)?,
        CreateTable => create(store, table, slot, caller.untyped(store, a)?, |frame| {
            Ok(Capability::CapabilityTable(CapabilityTable::create(store, frame).0))
        })?,
        CreatePageTable => create(store, table, slot, caller.untyped(store, a)?, |frame| {
            Ok(Capability::PageTable(PageTable::create(store, frame).0))
        })?,
        CreateComponent => create_component(store, &caller, table, [slot, a, b, c])?,
        CreateThread => create_thread(store, &caller, table, core, [slot, a, b, c])?,
        CreateInvocation => create_invocation(store, &caller, table, [slot, a, b, c])?,
        CreatePorts => {
            let Capability::Ports(range) = caller.capability(store, a)? else { return Err(Error::WrongKind) };
            table.add(store, slot, Capability::Ports(range.part(high(b), low(b))?))?;
        }
        CreateReceive => {
            let Capability::Thread(thread) = caller.capability(store, a)? else { return Err(Error::WrongKind) };
            table.add(store, slot, Capability::Receive(thread))?;
        }
        CreateSend => {
            let Capability::Receive(thread) = caller.capability(store, a)? else { return Err(Error::WrongKind) };
            table.add(store, slot, Capability::Send(thread))?;
        }
    }
    Ok(Outcome::DONE)
}

fn create_component(
    store: &impl Store,
    caller: &Caller,
    table: CapabilityTable,
    [slot, at, capabilities, index]: [u64; 4],
) -> Result<(), Error> {
    let Capability::CapabilityTable(capability_table) = caller.capability(store, high(capabilities).into())? else {
        return Err(Error::WrongKind);
    };
    let Capability::PageTable(page_table) = caller.capability(store, low(capabilities).into())? else {
        return Err(Error::WrongKind);
    };
    let index = u32::try_from(index).map_err(|_| Error::BadArgument)?;
    component::free_descriptor(store, index)?;
    create(store, table, slot, caller.untyped(store, at)?, |frame| {
        component::create(store, frame, index, capability_table, page_table).map(Capability::Component)
    })
}

fn create_thread(
    store: &impl Store,
    caller: &Caller,
    table: CapabilityTable,
    core: &CoreState,
    [slot, at, packed, start]: [u64; 4],
) -> Result<(), Error> {
    let component = caller.component(store, high(packed).into())?;
    let index = low(packed);
    thread::check_index(store, index)?;
    check_entry(start)?;
    create(store, table, slot, caller.untyped(store, at)?, |frame| {
        thread::create(store, frame, index, high(core.identity), component, start)?;
        Ok(Capability::Thread(frame))
    })
}

fn create_invocation(
    store: &impl Store,
    caller: &Caller,
    table: CapabilityTable,
    [packed, entry, token, methods]: [u64; 4],
) -> Result<(), Error> {
    let server = caller.component(store, high(packed).into())?;
    check_entry(entry)?;
    let capability = Invocation { server, entry, token, methods };
    table.add(store, low(packed).into(), Capability::Invocation(capability))
}

/// Claims `slot` and `frame`, makes the object, and commits the slot; or leaves the slot empty.
///
/// Everything that can be checked has been checked: what still fails here lost a race against another core.
fn create(
    store: &impl Store,
    table: CapabilityTable,
    slot: u64,
    frame: Frame,
    make: impl FnOnce(Frame) -> Result<Capability, Error>,
) -> Result<(), Error> {
    let slot: &Slot = table.claim(store, slot)?;
    match frame::claim_kernel(store, frame).and_then(|()| make(frame)) {
        Ok(capability) => capability::commit(slot, capability),
        Err(error) => {
            capability::abandon(slot);
            return Err(error);
        }
    }
    Ok(())
}

fn page_table(
    store: &impl Store,
    caller: Reference,
    page_table: PageTable,
    number: u16,
    [address, from, argument, _]: [u64; 4],
) -> Result<Outcome, Error> {
    use PageTableOperation::*;
    let own = PageTable::of(store, caller)?;
    match PageTableOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        Map => page_table.map(store, address, own.untyped_at(store, from)?, argument)?,
        Alias => page_table.alias(store, address, own, from, argument)?,
        Graft => page_table.graft(store, address, own.untyped_at(store, from)?, argument)?,
        Name => page_table.name(store, address, own.untyped_at(store, from)?)?,
    }
    Ok(Outcome::DONE)
}

fn component(
    store: &impl Store,
    core: &mut CoreState,
    reference: Reference,
    number: u16,
    words: [u64; 4],
) -> Result<Outcome, Error> {
    match ComponentOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        ComponentOperation::Name => component::set_name(store, reference, words)?,
        ComponentOperation::Revoke => component::revoke(store, reference)?,
    }
    // A component may have ended itself: then its caller goes on.
    Ok(invocation::settle(store, core, Outcome::DONE))
}

fn dispatch(
    store: &impl Store,
    core: &mut CoreState,
    thread: Frame,
    number: u16,
    [word, timeout, token, scheduler]: [u64; 4],
) -> Result<Outcome, Error> {
    let ThreadOperation::Dispatch = ThreadOperation::from_number(number).ok_or(Error::UnknownOperation)?;
    let outcome = if scheduler == u64::from(RETURN) {
        if timeout != 0 || token != 0 {
            return Err(Error::BadArgument);
        }
        dispatch::wait_for(store, core, thread, word)?
    } else {
        let table = CapabilityTable::of(store, core.component(store))?;
        let Capability::Receive(scheduler) = table.lookup(store, scheduler)? else { return Err(Error::WrongKind) };
        dispatch::switch_to(store, core, thread, word, Decision { scheduler, token, timeout })?
    };
    // What it goes on with may have been revoked since.
    Ok(invocation::settle(store, core, outcome))
}

fn receive(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    thread: Frame,
    number: u16,
    words: [u64; 4],
) -> Result<Outcome, Error> {
    match ReceiveOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        ReceiveOperation::Receive => {
            let outcome = endpoint::receive(store, core, thread, words)?;
            Ok(invocation::settle(store, core, outcome))
        }
        ReceiveOperation::Frequency => Ok(Outcome::answer([machine.frequency(), 0])),
    }
}

fn send(
    store: &impl Store,
    core: &mut CoreState,
    receiver: Frame,
    number: u16,
    [flags, ..]: [u64; 4],
) -> Result<Outcome, Error> {
    let SendOperation::Send = SendOperation::from_number(number).ok_or(Error::UnknownOperation)?;
    let outcome = endpoint::send(store, core, receiver, flags)?;
    Ok(invocation::settle(store, core, outcome))
}

fn port(machine: &mut impl Machine, ports: Ports, number: u16, words: [u64; 4]) -> Result<Outcome, Error> {
    let [offset, byte, ..] = words;
    match PortsOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        PortsOperation::Read => Ok(Outcome::answer([u64::from(machine.read_port(ports.port(offset)?)), 0])),
        PortsOperation::Write => {
            let byte = u8::try_from(byte).map_err(|_| Error::BadArgument)?;
            machine.write_port(ports.port(offset)?, byte);
            Ok(Outcome::DONE)
        }
    }
}

fn console(machine: &mut impl Machine, number: u16, words: [u64; 4]) -> Result<Outcome, Error> {
    match DebugConsoleOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        DebugConsoleOperation::Write => {
            let mut text = [0; 32];
            for (bytes, word) in text.chunks_exact_mut(8).zip(words) {
                bytes.copy_from_slice(&word.to_le_bytes());
            }
            machine.write_console(text.split(|byte| *byte == 0).next().unwrap_or(&[]));
            Ok(Outcome::DONE)
        }
    }
}

fn power(number: u16, [status, ..]: [u64; 4]) -> Result<Outcome, Error> {
    match PowerOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        PowerOperation::End => Ok(Outcome::End(End::Requested(status))),
    }
}

/// The component that asks, by what its operations may name.
struct Caller {
    table: CapabilityTable,
    page_table: PageTable,
}

impl Caller {
    fn new(store: &impl Store, caller: Reference) -> Result<Self, Error> {
        Ok(Self { table: CapabilityTable::of(store, caller)?, page_table: PageTable::of(store, caller)? })
    }

    fn capability(&self, store: &impl Store, number: u64) -> Result<Capability, Error> {
        self.table.lookup(store, number)
    }

    fn component(&self, store: &impl Store, number: u64) -> Result<Reference, Error> {
        let Capability::Component(reference) = self.capability(store, number)? else {
            return Err(Error::WrongKind);
        };
        reference.live(store)?;
        Ok(reference)
    }

    fn untyped(&self, store: &impl Store, address: u64) -> Result<Frame, Error> {
        self.page_table.untyped_at(store, address)
    }
}

fn check_entry(address: u64) -> Result<(), Error> {
    if is_user(address) { Ok(()) } else { Err(Error::BadAddress) }
}

const fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

const fn low(word: u64) -> u32 {
    word as u32
}

#[cfg(test)]
mod tests;
