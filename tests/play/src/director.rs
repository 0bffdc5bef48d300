//! The director: constructs players, and lets them play.

use crate::calls::Call;
use crate::player::Player;
use crate::words::pair;
use crate::world::{
    COMMON_FRAMES, Code, DEEP, DEVICE, FIRST_FRAME, FRAMES, LEVEL, LINE, PORT, PRIVATE_FRAMES, STACK_BYTES, STACK_END,
    World, slot,
};
use abi::boot;
use abi::crossing::LEAF_SLOTS;
use abi::error::Error;
use abi::layout::{PAGE, READ, WRITE};
use abi::operation::{ComponentOperation, PageTableOperation, TableOperation, ThreadEnd, ThreadOperation};

/// The kernel, as the director reaches it.
pub trait Operations {
    /// Asks the object behind `capability` for `operation`.
    ///
    /// # Errors
    ///
    /// The kernel's.
    fn operate(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error>;
}

/// Where the director keeps its own.
const HANDLER: u32 = boot::slot::FREE;
/// Its slots for each player.
const SLOTS: u32 = 4;
/// Index of the component whose entries players enter.
const HANDLER_INDEX: u64 = 500;
/// Index of the first player's component, and of its thread: out of the way of what players come upon by chance.
const FIRST_COMPONENT: u64 = 9000;
const FIRST_THREAD: u64 = 560;
/// Players that there can be, one after another.
pub const PLAYERS: u64 = 440;
/// Calls of a player before there is the next one.
const LIFE: u64 = 60_000;

/// Cycles that each player has to give away.
const CYCLES: u64 = 1 << 32;

/// What became of a player's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// All that were granted have been made.
    All,
    /// No more players can be constructed.
    Exhausted,
}

/// Constructs players and runs them.
#[derive(Clone, Debug)]
pub struct Director {
    next_common: u64,
    code: Code,
    timed: bool,
    players: u64,
    life: u64,
    /// Players that ended before their time.
    pub deaths: u64,
}

impl Director {
    /// A director with the frames from [`FIRST_FRAME`] on.
    ///
    /// # Errors
    ///
    /// The kernel's, for the stack and the entries of players.
    pub fn new(code: Code, timed: bool, kernel: &mut impl Operations) -> Result<Self, Error> {
        let mut new = Self { next_common: FIRST_FRAME, code, timed, players: 0, life: 0, deaths: 0 };
        let stack = STACK_END - STACK_BYTES;
        for level in [3, 2, 1] {
            let frame = new.common();
            kernel.operate(boot::slot::PAGE_TABLE, PageTableOperation::Graft as u16, [stack, frame, level, 0])?;
        }
        for page in 0..STACK_BYTES / PAGE {
            let words = [stack + page * PAGE, new.common(), READ | WRITE, 0];
            kernel.operate(boot::slot::PAGE_TABLE, PageTableOperation::Map as u16, words)?;
        }
        let tables = pair(boot::slot::TABLE.into(), boot::slot::PAGE_TABLE.into());
        make(kernel, TableOperation::CreateComponent, [HANDLER.into(), new.common(), tables, HANDLER_INDEX])?;
        make(kernel, TableOperation::CreateHandledLevel, [LEVEL.into(), 0, 0, 0])?;
        make(kernel, TableOperation::CreateInvocation, [pair(HANDLER.into(), DEEP.into()), code.deepens, 0, 1])?;
        Ok(new)
    }

    /// Where the player of the moment plays.
    pub const fn world(&self) -> World {
        let number = self.players.saturating_sub(1);
        let frames = first_frame(number) + PRIVATE_FRAMES * PAGE;
        World { player: number, frames, code: self.code, timed: self.timed }
    }

    /// Whether it has another thread: a player long ago may have had one with this index, and nobody has reclaimed it.
    fn construct(&mut self, kernel: &mut impl Operations) -> Result<bool, Error> {
        use TableOperation::*;
        let mut frame = first_frame(self.players);
        let mut take = || {
            frame += PAGE;
            frame - PAGE
        };
        let first = self.first_slot();
        let [table, component, thread, _] = [first, first + 1, first + 2, first + 3];
        if first.is_multiple_of(LEAF_SLOTS) {
            make(kernel, Graft, [(first / LEAF_SLOTS).into(), take(), 0, 0])?;
        }
        make(kernel, CreateTable, [table.into(), take(), 0, 0])?;
        kernel.operate(table, Graft as u16, [0, take(), 0, 0])?;
        let tables = pair(table.into(), boot::slot::PAGE_TABLE.into());
        make(kernel, CreateComponent, [component.into(), take(), tables, FIRST_COMPONENT + self.players])?;
        let name = [u64::from_le_bytes(*b"player\0\0"), 0, 0, 0];
        kernel.operate(component, ComponentOperation::Name as u16, name)?;
        let of = pair(component.into(), FIRST_THREAD + self.players);
        make(kernel, CreateThread, [thread.into(), take(), of, self.code.player])?;
        let world = World { player: self.players, ..self.world() };
        let victim = world.component() + 3;
        kernel.operate(table, CreateComponent as u16, [slot::VICTIM.into(), take(), tables, victim])?;
        let other = [slot::OTHER.into(), take(), pair(component.into(), world.thread() + 1), self.code.returns];
        let has_other = kernel.operate(table, CreateThread as u16, other).is_ok();
        self.grant([table, component, thread], [take(), take()], kernel)?;
        self.players += 1;
        self.life = LIFE;
        Ok(has_other)
    }

    fn grant(
        &self,
        [table, component, thread]: [u32; 3],
        [time, more]: [u64; 2],
        kernel: &mut impl Operations,
    ) -> Result<(), Error> {
        use TableOperation::*;
        let receive = thread + 1;
        make(kernel, CreateReceive, [receive.into(), thread.into(), 0, 0])?;
        let entry = |to: u32, entry| [pair(HANDLER.into(), to.into()), entry, 7, 1];
        let copy = |to: u32, from: u32| [to.into(), from.into(), 0, 0];
        for (operation, words) in [
            (CreateInvocation, entry(slot::HANDLER, self.code.unwinds)),
            (Copy, copy(slot::TABLE, table)),
            (Copy, copy(slot::PAGE_TABLE, boot::slot::PAGE_TABLE)),
            (Copy, copy(slot::COMPONENT, component)),
            (CreatePorts, [slot::PORTS.into(), boot::slot::PORTS.into(), pair(PORT, 1), 0]),
            (Copy, copy(slot::CONSOLE, boot::slot::DEBUG_CONSOLE)),
            (Copy, copy(slot::THREAD, thread)),
            (CreateReceive, copy(slot::RECEIVE, thread)),
            (CreateSend, copy(slot::SEND, receive)),
            (CreateInvocation, entry(slot::INVOCATION, self.code.returns)),
            (CreateInvocation, entry(slot::DEEP, self.code.deepens)),
            (CreateInterrupt, [slot::INTERRUPT.into(), boot::slot::INTERRUPTS.into(), LINE, 0]),
            (CreatePhysicalRange, [slot::RANGE.into(), boot::slot::DEVICES.into(), DEVICE, 1]),
            (
                CreateTemporalCapability,
                [slot::TIME.into(), time, pair(receive.into(), boot::slot::TIME.into()), CYCLES],
            ),
            (
                CreateTemporalCapability,
                [slot::MORE_TIME.into(), more, pair(receive.into(), boot::slot::TIME.into()), CYCLES],
            ),
            (CreateHandledLevel, [slot::LEVEL.into(), 0, 0, 0]),
        ] {
            kernel.operate(table, operation as u16, words)?;
        }
        Ok(())
    }

    /// Has players make `calls` calls, one player after another.
    ///
    /// # Errors
    ///
    /// The kernel's, if a player cannot be constructed.
    pub fn play(&mut self, calls: u64, stage: &mut impl Stage) -> Result<Played, Error> {
        stage.player().grant(calls);
        while stage.player().left() > 0 {
            if self.life == 0 {
                if self.players == PLAYERS {
                    return Ok(Played::Exhausted);
                }
                let has_other = self.construct(stage)?;
                stage.player().moves_to(self.world(), has_other);
            }
            self.run(stage);
        }
        self.life = self.life.saturating_sub(calls);
        Ok(Played::All)
    }

    /// Lets the player of the moment play until it ends.
    fn run(&mut self, kernel: &mut impl Operations) {
        let call = self.dispatch();
        let ended = kernel.operate(call.capability() as u32, call.method(), call.words);
        if !ended.is_ok_and(|[how, _]| how == ThreadEnd::Returned as u64) {
            self.deaths += 1;
            self.life = 0;
        }
    }

    /// The call that lets the player of the moment play.
    pub const fn dispatch(&self) -> Call {
        Call::new(self.first_slot() - SLOTS + 2, ThreadOperation::Dispatch as u16, [0; 4])
    }

    const fn first_slot(&self) -> u32 {
        LEAF_SLOTS + SLOTS * self.players as u32
    }

    fn common(&mut self) -> u64 {
        self.next_common += PAGE;
        self.next_common - PAGE
    }
}

/// The kernel, and the player that calls it.
pub trait Stage: Operations {
    /// The player's state.
    fn player(&mut self) -> &mut Player;
}

const fn first_frame(player: u64) -> u64 {
    FIRST_FRAME + (COMMON_FRAMES + player * (PRIVATE_FRAMES + FRAMES)) * PAGE
}

fn make(kernel: &mut impl Operations, operation: TableOperation, words: [u64; 4]) -> Result<(), Error> {
    kernel.operate(boot::slot::TABLE, operation as u16, words).map(|_| ())
}
