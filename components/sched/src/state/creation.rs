//! Threads that clients create.

use super::{Part, State};
use crate::Machine;
use crate::shared::Shared;
use crate::state::PLACES;
use runtime::scheduling::Thread;
use sched_interface::{Result, SchedError};

impl State {
    /// Creates a thread in the client with this token; answers its index. It starts on the core that the plan says.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooManyThreads`]; the kernel's.
    pub fn create(&mut self, part: &Part<impl Machine>, token: u64, word: u32) -> Result<u64> {
        let (number, client) = self.client(token).ok_or(SchedError::NotScheduled)?;
        let client = client.client;
        let mut all = (client.first_created..).zip(0..client.created as usize);
        let claim = |(index, at)| part.shared.claim(index).map(|thread| (index, at, thread));
        let (index, at, thread) = all.find_map(claim).ok_or(SchedError::TooManyThreads)?;
        let created = self.start_claimed(part, number, (index, at, thread), word);
        created.inspect_err(|_| part.shared.unclaim(index)).map(|()| index)
    }

    fn start_claimed(
        &mut self,
        part: &Part<impl Machine>,
        number: usize,
        (index, at, thread): (u64, usize, Option<Thread>),
        word: u32,
    ) -> Result<()> {
        let (machine, shared) = (part.machine, part.shared);
        // One that has been there before is where it was sent at its end.
        let core = thread.map(|_| shared.kept_on(index));
        let thread = thread.map_or_else(|| machine.create(number, at), Ok)?;
        let core = core.unwrap_or_else(|| self.created_core(number, at));
        // The kernel's thread is there in any case, for the next that asks.
        shared.keep(index, thread, core);
        shared.enter(index, core, PLACES).map_err(|_| SchedError::TooManyThreads)?;
        shared.await_one();
        if core != machine.core() {
            shared.send_start(machine, index, word);
            return Ok(());
        }
        self.start(part, index, word).inspect_err(|_| {
            shared.leave(index, core);
            shared.await_less();
        })
    }

    fn created_core(&self, number: usize, at: usize) -> u32 {
        let client = self.clients.get(number).and_then(Option::as_ref);
        client.map_or(0, |client| client.client.created_core(at) as u32)
    }

    /// The core of a thread that is created, by its index.
    pub(super) fn created_core_of(&self, shared: &Shared, index: u64) -> Option<u32> {
        let number = shared.client(index)?;
        let client = self.clients.get(number)?.as_ref()?.client;
        let at = index.checked_sub(client.first_created).filter(|at| *at < client.created)?;
        Some(self.created_core(number, at as usize))
    }

    /// Takes a thread in that was created, here or on another core. It starts with `word`.
    ///
    /// # Errors
    ///
    /// [`SchedError::TooManyThreads`]; the kernel's.
    pub fn start(&mut self, part: &Part<impl Machine>, index: u64, word: u32) -> Result<()> {
        let thread = part.shared.thread(index).ok_or(SchedError::NoSuchThread)?;
        let of = self.parameters(part, thread, self.planned(part, index)?)?;
        self.enlist(part, index, (thread, word), of)
    }
}
