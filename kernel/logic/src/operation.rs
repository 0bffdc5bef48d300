//! The one system call: invoke a capability. Everything the kernel does for user level starts here.

use crate::address_space;
use crate::capability::{self, Capability, Slot};
use crate::capability_table::CapabilityTable;
use crate::component;
use crate::core_state::CoreState;
use crate::cross_core::{self, Cores};
use crate::dispatch::{self, Decision};
use crate::endpoint;
use crate::frame::Frame;
use crate::interrupt::{self, Controller, Lines};
use crate::invocation;
use crate::launch;
use crate::migrate;
use crate::outcome::Outcome;
use crate::page_table::PageTable;
use crate::registers;
use crate::slot;
use crate::store::{Descriptor, Store};
use crate::thread;
use crate::unheard;
use abi::crossing::{CapabilityWord, RETURN};
use abi::error::Error;
use abi::kind::Kind;
use abi::layout::is_user;
use abi::operation::{
    ComponentOperation, DebugConsoleOperation, HandledLevelOperation, InterruptOperation, PortsOperation,
    PowerOperation, ReceiveOperation, SendOperation, ThreadOperation,
};
use abi::rights;
use core::sync::atomic::Ordering::Relaxed;

pub mod paging;
pub mod table;
pub mod time;

/// What some operations do to the machine, beside its memory.
pub trait Machine: Controller + Cores {
    /// Reads a byte from `port`.
    fn read_port(&mut self, port: u16) -> u8;
    /// Writes a byte to `port`.
    fn write_port(&mut self, port: u16, byte: u8);
    /// Writes to the kernel's console.
    fn write_console(&mut self, text: &[u8]);
    /// Ticks of the time-stamp counter in a second.
    fn frequency(&mut self) -> u64;
    /// The time-stamp counter.
    fn now(&mut self) -> u64;
}

/// What user level put into its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Capability number and method, or a status to return with.
    pub word: CapabilityWord,
    /// The words in `rdi rsi rdx r10`.
    pub words: [u64; 4],
}

/// Performs `request` for the current thread of `core`: what the entry paths do.
pub fn perform(store: &impl Store, machine: &mut impl Machine, core: &mut CoreState, request: Request) -> Outcome {
    if request.word == CapabilityWord::IDENTITY {
        return Outcome::Answer(core.identity);
    }
    if request.word == CapabilityWord::HERE {
        let [start, ..] = request.words;
        return unheard::here(store, core, start).unwrap_or_else(Outcome::from);
    }
    if request.word.capability() == u64::from(RETURN) {
        let [first, second, ..] = request.words;
        return invocation::return_with(store, core, request.word.method(), [first, second]);
    }
    let (number, method) = (request.word.capability(), request.word.method());
    match CapabilityTable::current(store, core).slot(store, number) {
        Ok(slot) => perform_on(store, machine, core, slot, method, request.words),
        Err(error) => error.into(),
    }
}

/// Performs an operation of the capability in `held` for the current thread of `core`.
pub fn perform_on(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    held: &Slot,
    method: u16,
    words: [u64; 4],
) -> Outcome {
    operate(store, machine, core, held, method, words).unwrap_or_else(Outcome::from)
}

fn operate(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    held: &Slot,
    method: u16,
    words: [u64; 4],
) -> Result<Outcome, Error> {
    let caller = Caller::current(store, core);
    match capability::peek(held)? {
        Capability::CapabilityTable(_) => {
            table::operate(store, machine, core, caller, held, method, words).map(|words| Outcome::pair(core, words))
        }
        Capability::PageTable(_) => {
            paging::operate(store, caller, held, method, words).map(|words| Outcome::pair(core, words))
        }
        Capability::Thread(_) => thread(store, machine, core, held, method, words),
        Capability::Receive(_) => receive(store, machine, core, held, method, words),
        Capability::Send(_) => send(store, machine, core, held, method, words),
        Capability::Ports(_) => ports(machine, held, method, words),
        _ => other(store, machine, core, held, method, words),
    }
}

/// Performs an operation of the capability in `held`, if it is of one of the kinds that share an entry path.
///
/// # Errors
///
/// Those of the kind; [`Error::WrongKind`] if `held` is of a kind that has a path of its own, which another core may have
/// put there just now.
pub fn other(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    held: &Slot,
    method: u16,
    words: [u64; 4],
) -> Result<Outcome, Error> {
    // Whether there still is an object, each operation looks for itself, as the entry paths have it do.
    match capability::peek(held)? {
        Capability::Invocation(capability) => {
            slot::fresh(store, held)?;
            invocation::invoke(store, core, capability, method, words)
        }
        Capability::Component(_) => component(store, core, held, method, words),
        Capability::HandledLevel => handled_level(store, core, method, words),
        Capability::Interrupt(lines) => interrupt(store, machine, core, (held, lines), method, words),
        Capability::PhysicalRange(_) => Err(Error::UnknownOperation),
        Capability::TemporalCapability(_) => {
            let caller = Caller::current(store, core);
            time::operate(store, machine, core, caller, held, method, words).map(|words| Outcome::pair(core, words))
        }
        Capability::DebugConsole => console(machine, method, words),
        Capability::Power => power(method, words),
        Capability::CapabilityTable(_)
        | Capability::PageTable(_)
        | Capability::Thread(_)
        | Capability::Receive(_)
        | Capability::Send(_)
        | Capability::Ports(_) => Err(Error::WrongKind),
    }
}

/// Performs operation `number` of the component in `held`.
///
/// # Errors
///
/// See [`ComponentOperation`]; [`Error::UnknownOperation`].
pub fn component(
    store: &impl Store,
    core: &mut CoreState,
    held: &Slot,
    number: u16,
    words: [u64; 4],
) -> Result<Outcome, Error> {
    match ComponentOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        ComponentOperation::Name => {
            component::set_name(store, slot::component(store, held, rights::component::NAME)?, words)?;
            Ok(Outcome::DONE)
        }
        ComponentOperation::Revoke => {
            let epoch = component::revoke(store, slot::component(store, held, rights::component::REVOKE)?)?;
            // A component may have ended itself: then its caller goes on.
            Ok(invocation::settle(store, core, Outcome::Answer(epoch)))
        }
    }
}

/// Performs operation `number` of the thread in `held`.
///
/// # Errors
///
/// See [`ThreadOperation`]; [`Error::UnknownOperation`].
#[inline(always)]
pub fn thread(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    held: &Slot,
    number: u16,
    words: [u64; 4],
) -> Result<Outcome, Error> {
    if number != ThreadOperation::Dispatch as u16 {
        return other_of_thread(store, machine, core, held, number, words);
    }
    let thread = slot::object(store, held, Kind::Thread, rights::thread::DISPATCH)?;
    dispatch(store, core, thread, words)
}

#[cold]
#[inline(never)]
fn other_of_thread(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    held: &Slot,
    number: u16,
    words: [u64; 4],
) -> Result<Outcome, Error> {
    let [register, word, ..] = words;
    let with = |rights| other_object(store, held, rights);
    match ThreadOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        // Whoever asks here has found that it is none.
        ThreadOperation::Dispatch => Err(Error::UnknownOperation),
        ThreadOperation::ReadRegister => {
            let thread = with(rights::thread::READ)?;
            Ok(Outcome::Answer(registers::read(store, core, thread, register)?))
        }
        ThreadOperation::WriteRegister => {
            registers::write(store, core, with(rights::thread::WRITE)?, register, word)?;
            Ok(Outcome::DONE)
        }
        ThreadOperation::Launch => launch(store, machine, core, with(rights::thread::DISPATCH)?, words),
        ThreadOperation::Migrate => migrate::migrate(store, machine, core, with(rights::thread::DISPATCH)?, register),
        ThreadOperation::Ended => Ok(Outcome::pair(core, launch::ended(store, with(0)?)?)),
    }
}

/// The thread in `held`, for what is rarely asked.
#[inline(never)]
fn other_object(store: &impl Store, held: &Slot, rights: u64) -> Result<Frame, Error> {
    slot::object(store, held, Kind::Thread, rights)
}

fn launch(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &CoreState,
    thread: Frame,
    [word, told, ..]: [u64; 4],
) -> Result<Outcome, Error> {
    let told = match told {
        0 => None,
        number => match CapabilityTable::of(store, core.component(store))?.lookup(store, number)? {
            Capability::Send(receiver) => Some(receiver),
            _ => return Err(Error::WrongKind),
        },
    };
    launch::begin(store, machine, thread, word, told)
}

fn handled_level(store: &impl Store, core: &CoreState, number: u16, words: [u64; 4]) -> Result<Outcome, Error> {
    let [at, word, ..] = words;
    match HandledLevelOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        HandledLevelOperation::ReadRegister => Ok(Outcome::Answer(registers::read_handled(store, core, at)?)),
        HandledLevelOperation::ReadMemory => Ok(Outcome::Answer(registers::read_memory(store, core, at)?)),
        HandledLevelOperation::WriteRegister => {
            registers::write_handled(store, core, at, word)?;
            Ok(Outcome::DONE)
        }
        HandledLevelOperation::WriteMemory => {
            registers::write_memory(store, core, at, word)?;
            Ok(Outcome::DONE)
        }
    }
}

#[inline(always)]
fn dispatch(
    store: &impl Store,
    core: &mut CoreState,
    thread: Frame,
    [word, timeout, token, peers]: [u64; 4],
) -> Result<Outcome, Error> {
    let outcome = if peers == u64::from(RETURN) {
        if timeout != 0 || token != 0 {
            return Err(Error::BadArgument);
        }
        dispatch::wait_for(store, core, thread, word)?
    } else {
        let table = CapabilityTable::current(store, core);
        let slot = table.slot(store, low(peers).into())?;
        let scheduler = slot::object(store, slot, Kind::Receive, rights::receive::SCHEDULE)?;
        let budget = time::to_run_on(store, table, high(peers))?;
        dispatch::switch_to(store, core, thread, word, Decision { scheduler, token, timeout, budget })?
    };
    // What it goes on with may have been revoked since.
    Ok(invocation::settle(store, core, outcome))
}

/// Performs operation `number` of the receive end-point in `held`.
///
/// # Errors
///
/// See [`ReceiveOperation`]; [`Error::UnknownOperation`].
#[inline(always)]
pub fn receive(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    held: &Slot,
    number: u16,
    words: [u64; 4],
) -> Result<Outcome, Error> {
    let thread = slot::object(store, held, Kind::Receive, rights::receive::RECEIVE)?;
    match ReceiveOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        ReceiveOperation::Receive => {
            let outcome = endpoint::receive(store, core, thread, words)?;
            Ok(invocation::settle(store, core, outcome))
        }
        ReceiveOperation::Frequency => Ok(Outcome::Answer(machine.frequency())),
    }
}

/// Performs operation `number` of the send end-point in `held`.
///
/// # Errors
///
/// See [`SendOperation`]; [`Error::UnknownOperation`].
#[inline(always)]
pub fn send(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &mut CoreState,
    held: &Slot,
    number: u16,
    [flags, ..]: [u64; 4],
) -> Result<Outcome, Error> {
    let receiver = slot::object(store, held, Kind::Send, 0)?;
    let SendOperation::Send = SendOperation::from_number(number).ok_or(Error::UnknownOperation)?;
    if thread::check_core(store, core, receiver).is_err() {
        return cross_core::activate(store, machine, receiver, flags);
    }
    let outcome = endpoint::send(store, core, receiver, flags)?;
    Ok(invocation::settle(store, core, outcome))
}

/// Performs operation `number` of the ports in `held`.
///
/// # Errors
///
/// See [`PortsOperation`]; [`Error::UnknownOperation`].
#[inline(always)]
pub fn ports(machine: &mut impl Machine, held: &Slot, number: u16, words: [u64; 4]) -> Result<Outcome, Error> {
    let [offset, byte, ..] = words;
    let with = |rights| slot::check(held, Kind::Ports, rights).map(|()| capability::ports(held));
    match PortsOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        PortsOperation::Read => {
            let port = with(rights::ports::READ)?.port(offset)?;
            Ok(Outcome::Answer(machine.read_port(port).into()))
        }
        PortsOperation::Write => {
            let ports = with(rights::ports::WRITE)?;
            let byte = u8::try_from(byte).map_err(|_| Error::BadArgument)?;
            machine.write_port(ports.port(offset)?, byte);
            Ok(Outcome::DONE)
        }
    }
}

fn interrupt(
    store: &impl Store,
    machine: &mut impl Machine,
    core: &CoreState,
    (held, lines): (&Slot, Lines),
    number: u16,
    [send, ..]: [u64; 4],
) -> Result<Outcome, Error> {
    let operation = InterruptOperation::from_number(number).ok_or(Error::UnknownOperation)?;
    let line = lines.only()?;
    let needed = match operation {
        InterruptOperation::Attach | InterruptOperation::Detach => rights::interrupt::ATTACH,
        InterruptOperation::Acknowledge | InterruptOperation::Mask => rights::interrupt::SERVE,
    };
    slot::check(held, Kind::Interrupt, needed)?;
    match operation {
        InterruptOperation::Attach => {
            let table = CapabilityTable::of(store, core.component(store))?;
            let Capability::Send(receiver) = table.lookup(store, send)? else { return Err(Error::WrongKind) };
            interrupt::attach(store, machine, line, receiver)?;
        }
        InterruptOperation::Acknowledge => interrupt::acknowledge(store, machine, line)?,
        InterruptOperation::Mask => interrupt::mask(store, machine, line)?,
        InterruptOperation::Detach => interrupt::detach(store, machine, line)?,
    }
    Ok(Outcome::DONE)
}

fn console(machine: &mut impl Machine, number: u16, words: [u64; 4]) -> Result<Outcome, Error> {
    match DebugConsoleOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        DebugConsoleOperation::Write => {
            let mut text = [0; 32];
            for (bytes, word) in text.chunks_exact_mut(8).zip(words) {
                bytes.copy_from_slice(&word.to_le_bytes());
            }
            machine.write_console(before_zero(&text));
            Ok(Outcome::DONE)
        }
    }
}

/// What is before the first zero.
#[inline(never)]
pub fn before_zero(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or(&[])
}

fn power(number: u16, [status, ..]: [u64; 4]) -> Result<Outcome, Error> {
    match PowerOperation::from_number(number).ok_or(Error::UnknownOperation)? {
        PowerOperation::End => Ok(Outcome::End(status)),
    }
}

/// The component that asks, by what its operations may name.
#[derive(Clone, Copy)]
pub struct Caller<'s>(&'s Descriptor);

impl<'s> Caller<'s> {
    /// The component that the current thread of `core` executes in.
    #[inline(always)]
    pub fn current(store: &'s impl Store, core: &CoreState) -> Self {
        Self::at(store, core.top)
    }

    /// The component of the level whose entry is at `top`.
    #[inline(always)]
    pub fn at(store: &'s impl Store, top: u64) -> Self {
        let [_, _, descriptor, _] = store.level(top);
        Self(store.descriptor_at(store.own(descriptor)))
    }

    /// Where capability numbers are looked up.
    #[inline(always)]
    pub fn table(self) -> CapabilityTable {
        CapabilityTable(Frame::at(self.0.table.load(Relaxed)))
    }

    /// Where frame addresses are looked up.
    #[inline(always)]
    pub fn page_table(self) -> PageTable {
        PageTable(address_space::root(self.0.page_table.load(Relaxed)))
    }

    /// Slot `number`, whatever it holds.
    #[inline(always)]
    fn slot(self, store: &impl Store, number: u64) -> Result<&Slot, Error> {
        self.table().slot(store, number)
    }

    /// The untyped frame that the caller names at `address`.
    #[inline(always)]
    fn untyped(self, store: &impl Store, address: u64) -> Result<Frame, Error> {
        self.page_table().untyped_at(store, address)
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
