//! What can be asked of a page table.

use crate::state::{Entry, Frame, Held, Id, Model, PageTable};
use abi::error::Error;
use abi::kind::Kind;
use abi::layout::{EXECUTE, PAGE, READ, USER_END, WRITE, is_user};
use abi::operation::PageTableOperation;
use abi::rights::page_table as right;

const DONE: [u64; 2] = [0, 0];

impl Model {
    /// Performs operation `number` of a page table.
    pub(crate) fn page_table_operation(
        &mut self,
        held: Held,
        number: u16,
        [address, from, argument, page]: [u64; 4],
    ) -> Result<[u64; 2], Error> {
        use PageTableOperation::*;
        let with = |model: &Self, rights| model.object(held, Kind::PageTable, rights);
        let own = self.caller_pages();
        match PageTableOperation::from_number(number).ok_or(Error::UnknownOperation)? {
            Map => {
                let (table, frame) = (with(self, right::MAP)?, self.untyped_at(own, from)?);
                self.check_new(table, address, argument)?;
                self.check_untyped(frame)?;
                self.frames.insert(frame, Frame::User(1));
                self.contents.retain(|(of, _), _| *of != frame);
                self.set(table, address, Entry::Mapping(frame, argument, READ | WRITE | EXECUTE));
                Ok(DONE)
            }
            Alias => {
                let table = with(self, right::MAP)?;
                self.alias(table, address, own, from, argument)
            }
            Name => {
                let (table, frame) = (with(self, right::MAP)?, self.untyped_at(own, from)?);
                check_page(address)?;
                self.check_free(table, address)?;
                self.set(table, address, Entry::Name(frame));
                Ok(DONE)
            }
            Graft => {
                let (table, frame) = (with(self, right::GROW)?, self.untyped_at(own, from)?);
                self.graft_table(table, address, frame, argument)
            }
            Unmap => {
                let table = with(self, right::UNMAP)?;
                self.unmap(table, address)
            }
            Move => {
                let source = self.slot(self.caller(), argument)?;
                let source = self.object(source, Kind::PageTable, right::UNMAP)?;
                let table = with(self, right::MAP)?;
                self.move_here(table, address, source, from)
            }
            Prune => {
                let table = with(self, right::GROW)?;
                self.prune_table(table, address, from)
            }
            MapDevice => {
                let range = self.range(from, argument)?;
                let table = with(self, right::MAP)?;
                let page = self.device_page(range, page, argument)?;
                self.check_new(table, address, argument)?;
                self.set(table, address, Entry::Device(page, argument));
                Ok(DONE)
            }
            Clean => {
                with(self, right::CLEAN)?;
                let frame = self.untyped_at(own, address)?;
                self.check_untyped(frame).map(|()| DONE)
            }
            #[allow(unreachable_patterns, reason = "there may be more than the model knows")]
            _ => Err(Error::UnknownOperation),
        }
    }

    /// The untyped frame that `table` names at `address`.
    pub(crate) fn untyped_at(&self, table: Id, address: u64) -> Result<u64, Error> {
        check_page(address)?;
        let table = &self.page_tables[&table];
        let block = address - address % span(2);
        match (table.large_names.get(&block), table.pages.get(&address)) {
            (Some(first), _) => Ok(first + (address - block) / PAGE),
            (None, Some(Entry::Name(frame))) => Ok(*frame),
            _ => Err(Error::NoFrame),
        }
    }

    fn set(&mut self, table: Id, address: u64, entry: Entry) {
        if let Some(table) = self.page_tables.get_mut(&table) {
            table.pages.insert(address, entry);
        }
    }

    /// Checks that something can be put at the page `address`.
    fn check_free(&self, table: Id, address: u64) -> Result<(), Error> {
        let table = &self.page_tables[&table];
        if !table.has(1, address) {
            return Err(Error::NoNode);
        }
        if table.pages.contains_key(&address) { Err(Error::AlreadyMapped) } else { Ok(()) }
    }

    fn check_new(&self, table: Id, address: u64, rights: u64) -> Result<(), Error> {
        check_page(address)?;
        if ![READ, READ | WRITE, READ | EXECUTE].contains(&rights) {
            return Err(Error::BadArgument);
        }
        self.check_free(table, address)
    }

    fn alias(&mut self, table: Id, address: u64, own: Id, from: u64, rights: u64) -> Result<[u64; 2], Error> {
        self.check_new(table, address, rights)?;
        check_page(from)?;
        let (frame, limit) = match self.page_tables[&own].pages.get(&from) {
            Some(Entry::Mapping(frame, _, limit)) => (*frame, *limit),
            // Whoever hands a device on hands on its range.
            Some(Entry::Device(page, _)) => (*page, 0),
            _ => return Err(Error::NoFrame),
        };
        if rights & (WRITE | EXECUTE) & !limit != 0 {
            return Err(Error::RightsExceeded);
        }
        let Frame::User(mappings) = self.frame(frame) else { return Err(Error::FrameState) };
        self.frames.insert(frame, Frame::User(mappings + 1));
        self.set(table, address, Entry::Mapping(frame, rights, rights));
        Ok(DONE)
    }

    fn graft_table(&mut self, table: Id, address: u64, frame: u64, level: u64) -> Result<[u64; 2], Error> {
        check_table(address, level)?;
        let pages = &self.page_tables[&table];
        if !pages.has(level + 1, address) {
            return Err(Error::NoNode);
        }
        let is_named = level == 1 && pages.large_names.contains_key(&(address - address % span(2)));
        if is_named || pages.has(level, address) {
            return Err(Error::AlreadyMapped);
        }
        self.claim(frame)?;
        if let Some(pages) = self.page_tables.get_mut(&table) {
            pages.nodes.insert(node(level, address), frame);
        }
        Ok(DONE)
    }

    fn unmap(&mut self, table: Id, address: u64) -> Result<[u64; 2], Error> {
        check_page(address)?;
        let block = address - address % span(2);
        let is_large = self.page_tables[&table].large_names.contains_key(&block);
        if is_large && address != block {
            return Err(Error::BadAddress);
        }
        let Some(pages) = self.page_tables.get_mut(&table) else { return Err(Error::Revoked) };
        if is_large {
            pages.large_names.remove(&block);
            return Ok([self.epoch, 0]);
        }
        match pages.pages.remove(&address) {
            None => Err(Error::NoFrame),
            Some(Entry::Name(_) | Entry::Device(..)) => Ok([self.epoch, 0]),
            Some(Entry::Mapping(frame, ..)) => Ok([self.epoch, self.unshare(frame)]),
        }
    }

    /// One mapping less. Answers how many are left.
    fn unshare(&mut self, frame: u64) -> u64 {
        match self.frame(frame) {
            Frame::User(mappings) if mappings > 1 => {
                self.frames.insert(frame, Frame::User(mappings - 1));
                mappings - 1
            }
            _ => {
                self.give_up(frame);
                0
            }
        }
    }

    fn move_here(&mut self, table: Id, address: u64, source: Id, from: u64) -> Result<[u64; 2], Error> {
        check_page(address)?;
        check_page(from)?;
        if !self.page_tables[&table].has(1, address) {
            return Err(Error::NoNode);
        }
        if !self.page_tables[&source].has(1, from) {
            return Err(Error::NoFrame);
        }
        self.check_free(table, address)?;
        let moved = self.page_tables.get_mut(&source).and_then(|source| source.pages.remove(&from));
        self.set(table, address, moved.ok_or(Error::NoFrame)?);
        Ok([self.epoch, 0])
    }

    fn prune_table(&mut self, table: Id, address: u64, level: u64) -> Result<[u64; 2], Error> {
        check_table(address, level)?;
        let pages = &self.page_tables[&table];
        let frame = *pages.nodes.get(&node(level, address)).ok_or(Error::NoNode)?;
        let (_, first) = node(level, address);
        let covered = first..first + span(level + 1);
        let has_tables = pages.nodes.keys().any(|(below, at)| *below < level && covered.contains(at));
        let has_names = pages.large_names.range(covered.clone()).next().is_some();
        if has_tables || has_names || pages.pages.range(covered).next().is_some() {
            return Err(Error::InUse);
        }
        if let Some(pages) = self.page_tables.get_mut(&table) {
            pages.nodes.remove(&node(level, address));
        }
        Ok([self.give_up(frame), 0])
    }
}

impl PageTable {
    /// Whether there is a table of this level that covers `address`. The root is of level 4.
    fn has(&self, level: u64, address: u64) -> bool {
        level > 3 || self.nodes.contains_key(&node(level, address))
    }
}

/// Bytes that an entry of a table of `level` covers.
const fn span(level: u64) -> u64 {
    PAGE << (9 * (level - 1))
}

/// The name of the table of `level` that covers `address`.
const fn node(level: u64, address: u64) -> (u64, u64) {
    (level, address - address % span(level + 1))
}

fn check_page(address: u64) -> Result<(), Error> {
    if is_user(address) && address.is_multiple_of(PAGE) { Ok(()) } else { Err(Error::BadAddress) }
}

fn check_table(address: u64, level: u64) -> Result<(), Error> {
    match level {
        1..=3 if address < USER_END => Ok(()),
        1..=3 => Err(Error::BadAddress),
        _ => Err(Error::BadArgument),
    }
}
