//! What a component is told of its pages: the clients' slots and the servers' tables. See [`abi::page`].

use abi::layout::{PAGE, READ, WRITE};
use abi::page::{PARKED_WORDS, ROW_WORDS, SLOT_WORDS};
use abi::record::CLEAR_REGISTERS;

use super::Shared;
use super::number;
use crate::elf::Segment;
use crate::pass::capabilities::{Table, token};
use crate::pass::layout::{Layout, Space};
use crate::pass::pages::{Direct, Part};
use crate::pass::schema::{Bindings, Schema};

/// A component and what it is told of pages.
pub struct Parts<'a> {
    /// The edges.
    pub schema: &'a Schema,
    /// The addresses.
    pub layout: &'a Layout,
    /// The component.
    pub index: usize,
    /// Its address space.
    pub space: &'a Space,
}

impl Parts<'_> {
    /// The frames that it shares.
    pub fn shared(&self) -> Vec<Shared> {
        let parts = self.space.pages.parts.iter();
        parts.filter_map(|(part, address)| Some(Shared { address: *address, frame: part.frame()? })).collect()
    }

    /// The tables of what it serves, and the frames that it has to itself.
    pub fn segments(&self, held: &Table) -> impl Iterator<Item = Segment> {
        self.space.pages.parts.iter().filter_map(move |(part, address)| {
            let contents = match *part {
                Part::Table { word, rows, workers } => self.table(word, rows, workers.map(|workers| (workers, held))),
                Part::Posted(_) => Vec::new(),
                _ => return None,
            };
            Some(Segment { address: *address, memory_bytes: part.bytes(), contents, rights: READ | WRITE })
        })
    }

    /// The contents of the table of so many rows; with the workers that there can be, and what the server holds for them.
    fn table(&self, word: u64, rows: usize, workers: Option<(u64, &Table)>) -> Vec<u8> {
        let all = workers.map_or(0, |(all, _)| all);
        let common = self.layout.pages.rows(self.index, word).find_map(|(_, page)| page.workers.common).unwrap_or(0);
        let mut words = vec![rows as u64, all, common];
        words.resize(ROW_WORDS, 0);
        for (at, page) in self.layout.pages.rows(self.index, word) {
            let [header, entries] = self.frames(at);
            let methods = page.edge_of(self.schema).map_or(0, |edge| edge.methods);
            words.extend([header, entries, methods, token(page.client), 0, 0, 0, 0]);
        }
        if let Some((_, held)) = workers {
            words.extend(self.parked(word, held));
        }
        words.iter().flat_map(|word: &u64| word.to_le_bytes()).collect()
    }

    /// What workers find of each row of the table: by what they come in, and how many of them.
    fn parked(&self, word: u64, held: &Table) -> Vec<u64> {
        let works = self.layout.pages.of_workers(self.index).zip(held.works());
        let works = works.filter(|((_, page), _)| page.ends.table == word);
        works
            .flat_map(|((_, page), capability)| {
                let is_common = page.workers.common.map_or(0, |_| 1);
                let mut words = vec![number(capability.slot), page.workers.share, is_common];
                words.resize(PARKED_WORDS, 0);
                words
            })
            .collect()
    }

    /// The words of its own image.
    pub fn words(&self, bindings: &Bindings, table: &Table) -> Vec<(u64, u64)> {
        let mut words = Vec::new();
        for ((at, page), capability) in self.layout.pages.of_client(self.index).zip(table.flushes()) {
            let Some(edge) = bindings.edges.get(page.edge) else { continue };
            let [header, entries] = self.frames(at);
            let flags = if edge.clears_registers { CLEAR_REGISTERS } else { 0 };
            let core = page.ends.core.map_or(0, |core| core + 1);
            let slot: [u64; SLOT_WORDS] =
                [number(capability.slot), flags, header, entries, edge.methods, page.number as u64, core];
            words.extend((page.ends.slot..).step_by(8).zip(slot));
        }
        for direct in self.layout.pages.direct_of(self.index) {
            words.extend(self.direct_words(direct, bindings, table).into_iter().flatten());
        }
        for (part, address) in &self.space.pages.parts {
            if let Part::Table { word, .. } = part {
                words.push((*word, *address));
            }
        }
        words
    }

    /// The client's slot of an edge without a page.
    fn direct_words(
        &self,
        direct: &Direct,
        bindings: &Bindings,
        table: &Table,
    ) -> Option<impl Iterator<Item = (u64, u64)>> {
        let (edge, capability) = (bindings.edges.get(direct.edge)?, table.invocations().get(direct.edge)?);
        let flags = if edge.clears_registers { CLEAR_REGISTERS } else { 0 };
        let header = self.space.pages.address(Part::Posted(direct.edge));
        let slot: [u64; SLOT_WORDS] =
            [number(capability.slot), flags, header, header + PAGE, edge.methods, 0, abi::page::DIRECT];
        Some((direct.slot..).step_by(8).zip(slot))
    }

    /// Where the frames of the page of this index lie.
    fn frames(&self, page: usize) -> [u64; 2] {
        [Part::Header(page), Part::Entries(page)].map(|part| self.space.pages.address(part))
    }
}
