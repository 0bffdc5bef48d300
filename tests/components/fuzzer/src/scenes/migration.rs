//! A thread that is the scheduler of another does not go to another core, until it is that no more.

use super::{CORE, quiesce};
use crate::neighbours::{INDEX, Neighbours, make, pair};
use crate::stage::Guest;
use abi::boot::slot;
use abi::crossing::{CapabilityWord, LEAF_SLOTS};
use abi::error::Error;
use abi::kind::Kind;
use abi::operation::receive_flag::DO_NOT_WAIT;
use abi::operation::{ReceiveOperation, SendOperation, TableOperation, ThreadOperation};
use core::arch::naked_asm;

/// The director's leaf for this.
const LEAF: u32 = 491;
const COMPONENT: u32 = LEAF * LEAF_SLOTS;
/// Indices that nobody else uses.
const COMPONENT_INDEX: u64 = INDEX + 12;
const THREADS: u64 = INDEX + 60;
/// Who schedules, and whom it schedules.
const SCHEDULER: Actor = Actor(0);
const SCHEDULED: Actor = Actor(1);
/// How to send, so that the scheduler of the one that is sent to goes on.
const DECIDE: u64 = 1;
/// The words of those who receive without waiting.
const LOOK: [u64; 4] = [DO_NOT_WAIT, 0, 0, 0];
/// The director's own core.
const HERE: u64 = 0;

/// A scheduler of the director's dispatches a thread of its own, which hands the core back to it, as it does itself.
pub fn play(neighbours: &mut Neighbours, guest: &mut Guest) -> Result<(), Error> {
    make(guest, TableOperation::Graft, [LEAF.into(), neighbours.frame(), 0, 0])?;
    let tables = pair(slot::TABLE, slot::PAGE_TABLE.into());
    make(guest, TableOperation::CreateComponent, [COMPONENT.into(), neighbours.frame(), tables, COMPONENT_INDEX])?;
    // What players have left to the director would keep it from dispatching.
    while is_told(guest)? {}
    SCHEDULER.appears(schedules, neighbours, guest)?;
    SCHEDULED.appears(hands_back, neighbours, guest)?;
    SCHEDULER.asks(ThreadOperation::Dispatch, [0, 0, 0, slot::RECEIVE.into()], guest)?;
    let migrate = ThreadOperation::Migrate as u16;
    guest.refused(Error::InUse, Kind::Thread, SCHEDULER.thread(), migrate, [CORE, 0, 0, 0]);
    SCHEDULED.disappears(guest)?;
    SCHEDULER.asks(ThreadOperation::Migrate, [HERE, 0, 0, 0], guest)?;
    SCHEDULER.disappears(guest)?;
    // Nothing is left to be told of those that are gone.
    guest.refused(Error::NothingPending, Kind::Receive, slot::RECEIVE, ReceiveOperation::Receive as u16, LOOK);
    Ok(())
}

/// Whether there was something for the director to be told.
fn is_told(guest: &mut Guest) -> Result<bool, Error> {
    match guest.ask(Kind::Receive, slot::RECEIVE, ReceiveOperation::Receive as u16, LOOK) {
        Err(Error::NothingPending) => Ok(false),
        answer => answer.map(|_| true),
    }
}

/// A thread, by its number here.
#[derive(Clone, Copy)]
struct Actor(u32);

impl Actor {
    const fn thread(self) -> u32 {
        COMPONENT + 1 + 3 * self.0
    }

    const fn receive(self) -> u32 {
        self.thread() + 1
    }

    const fn send(self) -> u32 {
        self.thread() + 2
    }

    /// The word by which it is sent to.
    const fn word(self) -> u64 {
        CapabilityWord::new(self.send(), SendOperation::Send as u16).0
    }

    /// Makes it, with its end-point and the right to send there.
    fn appears(
        self,
        start: unsafe extern "C" fn(),
        neighbours: &mut Neighbours,
        guest: &mut Guest,
    ) -> Result<(), Error> {
        use TableOperation::*;
        let of = pair(COMPONENT, THREADS + u64::from(self.0));
        make(guest, CreateThread, [self.thread().into(), neighbours.frame(), of, start as *const () as u64])?;
        make(guest, CreateReceive, [self.receive().into(), self.thread().into(), 0, 0])?;
        make(guest, CreateSend, [self.send().into(), self.receive().into(), 0, 0])
    }

    /// Asks for an operation of it that succeeds.
    fn asks(self, operation: ThreadOperation, words: [u64; 4], guest: &mut Guest) -> Result<[u64; 2], Error> {
        guest.ask(Kind::Thread, self.thread(), operation as u16, words)
    }

    /// Ends it for ever.
    fn disappears(self, guest: &mut Guest) -> Result<(), Error> {
        let words = [self.thread().into(), 0, 0, 0];
        let [epoch, _] = guest.ask(Kind::CapabilityTable, slot::TABLE, TableOperation::Reclaim as u16, words)?;
        quiesce(guest, epoch)
    }
}

/// Dispatches the thread that it schedules, which hands the core back; then does so itself.
#[unsafe(naked)]
unsafe extern "C" fn schedules() {
    naked_asm!(
        "mov eax, {dispatch}",
        "movabs rdi, {scheduled}",
        "xor esi, esi",
        "xor edx, edx",
        "mov r10d, {receive}",
        "syscall",
        "movabs rdi, {scheduler}",
        "jmp {hands_back}",
        dispatch = const CapabilityWord::new(SCHEDULED.thread(), ThreadOperation::Dispatch as u16).0,
        scheduled = const SCHEDULED.word(),
        receive = const SCHEDULER.receive(),
        scheduler = const SCHEDULER.word(),
        hands_back = sym hands_back,
    )
}

/// Sends to itself, by the word with which it starts, so that its scheduler goes on; again whenever it goes on.
#[unsafe(naked)]
unsafe extern "C" fn hands_back() {
    naked_asm!("mov rbx, rdi", "2:", "mov rax, rbx", "mov edi, {decide}", "syscall", "jmp 2b", decide = const DECIDE)
}
