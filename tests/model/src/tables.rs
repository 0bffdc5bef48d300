//! What can be asked of a capability table.

use crate::state::{
    Area, Capability, Component, Held, Id, Leaf, Level, Model, PageTable, Scheduler, State, Table, Thread,
};
use abi::crossing::{CAPABILITIES, LEAF_SLOTS, TABLE_LEAVES};
use abi::error::Error;
use abi::kind::Kind;
use abi::layout::is_user;
use abi::operation::{FOREIGN, TableOperation};
use abi::rights;

const DONE: [u64; 2] = [0, 0];

impl Model {
    /// Performs operation `number` of a table.
    pub(crate) fn table_operation(&mut self, held: Held, number: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        use TableOperation::*;
        let [slot, a, b, c] = words;
        let with = |model: &Self, rights| model.object(held, Kind::CapabilityTable, rights);
        let (add, remove, grow) = (rights::table::ADD, rights::table::REMOVE, rights::table::GROW);
        match TableOperation::from_number(number).ok_or(Error::UnknownOperation)? {
            Copy => {
                let table = with(self, add)?;
                self.check_target(table, slot)?;
                let copied = self.fresh(self.caller(), a)?;
                self.fill(table, slot, without(copied, b)).map(|()| DONE)
            }
            Remove => {
                let table = with(self, remove)?;
                self.empty(table, slot)
            }
            Graft => {
                let table = with(self, grow)?;
                self.graft_leaf(table, slot, a).map(|()| DONE)
            }
            Prune => {
                let table = with(self, grow)?;
                self.prune_leaf(table, slot)
            }
            CreateTable => {
                let table = with(self, add)?;
                let id = self.new_id();
                let frame = self.make(table, slot, a, Capability::Table(id))?;
                self.tables.insert(id, Table { frame, ..Table::default() });
                Ok(DONE)
            }
            CreatePageTable => {
                let table = with(self, add)?;
                let id = self.new_id();
                let frame = self.make(table, slot, a, Capability::PageTable(id))?;
                self.page_tables.insert(id, PageTable { frame, ..PageTable::default() });
                Ok(DONE)
            }
            CreateComponent => self.create_component(held, words).map(|()| DONE),
            CreateThread => self.create_thread(held, words).map(|()| DONE),
            CreateInvocation => self.create_invocation(held, words).map(|()| DONE),
            CreatePorts | CreateInterrupt | CreatePhysicalRange => {
                let table = with(self, add)?;
                let whole = self.fresh(self.caller(), a)?;
                let is_whole = match whole.capability {
                    Capability::Ports(..) => number == CreatePorts as u16,
                    Capability::Lines(..) => number == CreateInterrupt as u16,
                    Capability::Range(..) => number == CreatePhysicalRange as u16,
                    _ => false,
                };
                if !is_whole {
                    return Err(Error::WrongKind);
                }
                let part = self.part(whole, [b, c])?;
                self.fill(table, slot, part).map(|()| DONE)
            }
            CreateReceive => {
                let table = with(self, add)?;
                self.check_target(table, slot)?;
                let source = self.slot(self.caller(), a)?;
                let thread = self.object(source, Kind::Thread, rights::thread::MAKE_RECEIVE)?;
                self.fill(table, slot, Held::all(Capability::Receive(thread))).map(|()| DONE)
            }
            CreateSend => {
                let table = with(self, add)?;
                self.check_target(table, slot)?;
                let source = self.slot(self.caller(), a)?;
                let (kind, right) = match source.capability {
                    Capability::Receive(_) => (Kind::Receive, rights::receive::MAKE_SEND),
                    _ => (Kind::Thread, rights::thread::MAKE_RECEIVE),
                };
                let thread = self.object(source, kind, right)?;
                self.fill(table, slot, Held::all(Capability::Send(thread))).map(|()| DONE)
            }
            CreateHandledLevel => {
                let table = with(self, add)?;
                self.fill(table, slot, Held::all(Capability::HandledLevel)).map(|()| DONE)
            }
            CreateTemporalCapability => {
                let table = with(self, add)?;
                self.create_time(table, words).map(|()| DONE)
            }
            Reclaim => {
                let table = with(self, remove)?;
                self.reclaim(table, slot)
            }
            Quiesce => match slot {
                future if future > self.epoch => Err(Error::BadArgument),
                now if now == self.epoch => {
                    self.epoch += 1;
                    Ok([self.epoch, 0])
                }
                _ => Ok([self.epoch, 0]),
            },
            #[allow(unreachable_patterns, reason = "there may be more than the model knows")]
            _ => Err(Error::UnknownOperation),
        }
    }

    /// Checks that `table` has a slot `number` that can be filled if it is empty.
    fn check_target(&self, table: Id, number: u64) -> Result<(), Error> {
        if number == 0 || number >= CAPABILITIES.into() {
            return Err(Error::OutOfRange);
        }
        let has_leaf = self.tables[&table].leaves.contains_key(&(number / u64::from(LEAF_SLOTS)));
        if has_leaf { Ok(()) } else { Err(Error::NoNode) }
    }

    /// Checks that slot `number` of `table` is there, is empty, and has been so for long enough.
    fn check_empty(&self, table: Id, number: u64) -> Result<(), Error> {
        self.check_target(table, number)?;
        if self.slot(table, number).is_ok() {
            return Err(Error::SlotTaken);
        }
        let leaf = &self.tables[&table].leaves[&(number / u64::from(LEAF_SLOTS))];
        let emptied = leaf.emptied.get(&(number % u64::from(LEAF_SLOTS)));
        self.check_past(emptied.copied().unwrap_or(0))
    }

    fn leaf(&mut self, table: Id, number: u64) -> Option<&mut Leaf> {
        self.tables.get_mut(&table)?.leaves.get_mut(&(number / u64::from(LEAF_SLOTS)))
    }

    fn fill(&mut self, table: Id, number: u64, held: Held) -> Result<(), Error> {
        self.check_empty(table, number)?;
        if let Some(leaf) = self.leaf(table, number) {
            leaf.slots.insert(number % u64::from(LEAF_SLOTS), held);
        }
        Ok(())
    }

    /// Empties a slot, whatever it holds.
    fn empty(&mut self, table: Id, number: u64) -> Result<[u64; 2], Error> {
        self.slot(table, number)?;
        let epoch = self.epoch;
        if let Some(leaf) = self.leaf(table, number) {
            leaf.slots.remove(&(number % u64::from(LEAF_SLOTS)));
            leaf.emptied.insert(number % u64::from(LEAF_SLOTS), epoch);
        }
        Ok([epoch, 0])
    }

    /// Makes the frame that the caller names at `at` an object, and fills the slot; or does neither.
    pub(crate) fn make(&mut self, table: Id, number: u64, at: u64, made: Capability) -> Result<u64, Error> {
        let frame = self.untyped_at(self.caller_pages(), at)?;
        self.check_empty(table, number)?;
        self.claim(frame)?;
        self.fill(table, number, Held::all(made))?;
        Ok(frame)
    }

    fn graft_leaf(&mut self, table: Id, leaf: u64, at: u64) -> Result<(), Error> {
        let frame = self.untyped_at(self.caller_pages(), at)?;
        if leaf >= TABLE_LEAVES.into() {
            return Err(Error::BadArgument);
        }
        if self.tables[&table].leaves.contains_key(&leaf) {
            return Err(Error::AlreadyMapped);
        }
        self.claim(frame)?;
        if let Some(table) = self.tables.get_mut(&table) {
            table.leaves.insert(leaf, Leaf { frame, ..Leaf::default() });
        }
        Ok(())
    }

    fn prune_leaf(&mut self, table: Id, leaf: u64) -> Result<[u64; 2], Error> {
        if leaf >= TABLE_LEAVES.into() {
            return Err(Error::BadArgument);
        }
        let leaves = &self.tables[&table].leaves;
        let pruned = leaves.get(&leaf).ok_or(Error::NoNode)?;
        if !pruned.slots.is_empty() {
            return Err(Error::InUse);
        }
        let frame = pruned.frame;
        if let Some(table) = self.tables.get_mut(&table) {
            table.leaves.remove(&leaf);
        }
        Ok([self.give_up(frame), 0])
    }

    fn create_component(&mut self, held: Held, [slot, at, tables, index]: [u64; 4]) -> Result<(), Error> {
        let caller = self.caller();
        let (capabilities, pages) = (tables >> 32, tables & 0xffff_ffff);
        for number in [capabilities, pages] {
            self.check_range(number)?;
        }
        let capabilities = self.object(self.slot(caller, capabilities)?, Kind::CapabilityTable, rights::table::HOLD)?;
        let pages = self.object(self.slot(caller, pages)?, Kind::PageTable, rights::page_table::HOLD)?;
        let (is_foreign, index) = (index & FOREIGN != 0, index & !FOREIGN);
        if index == 0 || index >= self.descriptors {
            return Err(Error::BadArgument);
        }
        if self.components.values().any(|component| component.index == index) {
            return Err(Error::IndexTaken);
        }
        let table = self.object(held, Kind::CapabilityTable, rights::table::ADD)?;
        let id = self.new_id();
        let frame = self.make(table, slot, at, Capability::Component(id))?;
        let made = Component { frame, index, table: capabilities, page_table: pages, is_foreign, revoked: None };
        self.components.insert(id, made);
        Ok(())
    }

    fn check_range(&self, number: u64) -> Result<(), Error> {
        if number < CAPABILITIES.into() { Ok(()) } else { Err(Error::OutOfRange) }
    }

    fn create_thread(&mut self, held: Held, [slot, at, packed, start]: [u64; 4]) -> Result<(), Error> {
        let source = self.slot(self.caller(), packed >> 32)?;
        let component = self.object(source, Kind::Component, rights::component::MAKE_THREADS)?;
        let (core, index) = (packed >> 16 & 0xffff, packed & 0xffff);
        self.check_thread_index(index)?;
        if core != 0 {
            return Err(Error::BadArgument);
        }
        check_entry(start)?;
        let table = self.object(held, Kind::CapabilityTable, rights::table::ADD)?;
        let id = self.new_id();
        let frame = self.make(table, slot, at, Capability::Thread(id))?;
        let is_foreign = self.components[&component].is_foreign;
        let preempted = if is_foreign { crate::registers::at_start() } else { Area::new() };
        // An ordinary one gets its address when it starts.
        let levels = vec![Level::new(component, if is_foreign { start } else { 0 })];
        self.threads.insert(id, Thread { levels, is_foreign, preempted, ..Thread::new(frame, index, start) });
        Ok(())
    }

    fn create_invocation(&mut self, held: Held, [packed, entry, token, methods]: [u64; 4]) -> Result<(), Error> {
        let source = self.slot(self.caller(), packed >> 32)?;
        let server = self.object(source, Kind::Component, rights::component::MAKE_INVOCATIONS)?;
        if self.components[&server].is_foreign {
            return Err(Error::BadArgument);
        }
        check_entry(entry)?;
        let table = self.object(held, Kind::CapabilityTable, rights::table::ADD)?;
        self.fill(table, packed & 0xffff_ffff, Held::all(Capability::Invocation { server, entry, token, methods }))
    }

    fn reclaim(&mut self, table: Id, number: u64) -> Result<[u64; 2], Error> {
        let held = self.fresh(table, number)?;
        let is_object = matches!(
            held.capability,
            Capability::Table(_)
                | Capability::PageTable(_)
                | Capability::Component(_)
                | Capability::Thread(_)
                | Capability::Time(_)
        );
        if !is_object {
            return Err(Error::WrongKind);
        }
        if held.rights & rights::RECLAIM == 0 {
            return Err(Error::RightsExceeded);
        }
        let frame = match held.capability {
            Capability::Table(id) => self.end_table(id)?,
            Capability::PageTable(id) => self.end_page_table(id)?,
            Capability::Component(id) => self.end_component(id)?,
            Capability::Thread(id) => self.end_thread(id)?,
            Capability::Time(id) => self.end_time(id)?,
            _ => return Err(Error::WrongKind),
        };
        let epoch = self.give_up(frame);
        // The table may have been the object: then the slot is gone with it.
        let _ = self.empty(table, number);
        Ok([epoch, 0])
    }

    fn end_table(&mut self, id: Id) -> Result<u64, Error> {
        let is_used = self.components.values().any(|component| component.table == id);
        if is_used || !self.tables[&id].leaves.is_empty() {
            return Err(Error::InUse);
        }
        self.tables.remove(&id).map(|table| table.frame).ok_or(Error::Revoked)
    }

    fn end_page_table(&mut self, id: Id) -> Result<u64, Error> {
        let is_used = self.components.values().any(|component| component.page_table == id);
        if is_used || !self.page_tables[&id].nodes.is_empty() {
            return Err(Error::InUse);
        }
        self.page_tables.remove(&id).map(|table| table.frame).ok_or(Error::Revoked)
    }

    fn end_component(&mut self, id: Id) -> Result<u64, Error> {
        let revoked = self.components[&id].revoked.ok_or(Error::InUse)?;
        self.check_past(revoked)?;
        self.components.remove(&id).map(|component| component.frame).ok_or(Error::Revoked)
    }

    fn end_thread(&mut self, id: Id) -> Result<u64, Error> {
        let Thread { state, scheduler, .. } = self.threads[&id];
        if matches!(state, State::Running | State::Waiting) || matches!(scheduler, Scheduler::Waiting(_)) {
            return Err(Error::InUse);
        }
        let above = match scheduler {
            Scheduler::EndPoint(above) if above != id => above,
            _ => self.roots.last().copied().filter(|root| *root != id).unwrap_or(self.current),
        };
        self.thread(id).events.clear();
        for scheduled in self.scheduled_by(id) {
            let event = self.thread(scheduled).event.take();
            self.set_scheduler(scheduled, Scheduler::EndPoint(above));
            if let Some(event) = event {
                self.post(above, scheduled, event);
            }
        }
        self.set_scheduler(id, Scheduler::None);
        self.threads.remove(&id).map(|thread| thread.frame).ok_or(Error::Revoked)
    }

    /// Threads that `id` schedules, in the order of their indices.
    fn scheduled_by(&self, id: Id) -> Vec<Id> {
        let threads = self.threads.iter().filter(|(_, thread)| thread.scheduler == Scheduler::EndPoint(id));
        let mut threads: Vec<_> = threads.map(|(id, thread)| (thread.index, *id)).collect();
        threads.sort_unstable();
        threads.into_iter().map(|(_, id)| id).collect()
    }
}

/// A copy with fewer rights, or methods.
fn without(held: Held, left_out: u64) -> Held {
    match held.capability {
        Capability::Invocation { server, entry, token, methods } => {
            let capability = Capability::Invocation { server, entry, token, methods: methods & !left_out };
            Held { capability, ..held }
        }
        _ => Held { rights: held.rights & !left_out, ..held },
    }
}

fn check_entry(address: u64) -> Result<(), Error> {
    if is_user(address) { Ok(()) } else { Err(Error::BadAddress) }
}
