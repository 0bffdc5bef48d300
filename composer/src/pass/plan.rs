//! The plan page of a scheduler: what it is told of the threads that it schedules. See [`abi::plan`].

use abi::layout::{PAGE, READ};
use abi::page::PageEdge;
use abi::plan::{CORES, Client, FIRST_CORE, HEADER_WORDS, Own, Slot, reach_words};
use abi::record::CLEAR_REGISTERS;

use super::capabilities::{Scheduling, Slots, Table, token};
use super::layout::{Layout, Room};
use super::pages::Part;
use super::schema::Schema;
use crate::elf::Segment;
use crate::graph::Graph;
use crate::schedule::OwnThread;

/// Bytes of the plan for so many clients, page edges and slots, a whole number of pages.
pub fn bytes(clients: usize, pages: usize, slots: usize) -> u64 {
    let words = HEADER_WORDS + clients * (Client::WORDS + reach_words(clients)) + pages * PageEdge::WORDS;
    let words = words + slots * Slot::WORDS;
    (8 * words as u64).next_multiple_of(PAGE)
}

/// What plans are made of.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The graph.
    pub graph: &'a Graph,
    /// Its edges.
    pub schema: &'a Schema,
    /// Its addresses.
    pub layout: &'a Layout,
}

impl Parts<'_> {
    /// The plan of the component at `index`, with the capability table `table`, as memory; `None` if it is no scheduler.
    pub fn segment(&self, index: usize, table: &Table) -> Option<Segment> {
        let room = self.layout.components.get(index)?.scheduling.as_ref()?;
        let words = self.words(index, table, room)?;
        let contents = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        Some(Segment { address: room.plan, memory_bytes: room.plan_bytes, contents, rights: READ })
    }

    fn words(&self, index: usize, table: &Table, room: &Room) -> Option<Vec<u64>> {
        let held = table.scheduling.as_ref()?;
        let clients = self.graph.scheduled_threads(index);
        let reach = (HEADER_WORDS + clients.len() * Client::WORDS) as u64;
        let frames = (room.untyped, room.frames);
        let number = clients.len() as u64;
        let is_scheduled = u64::from(self.graph.scheduler(index).is_some());
        let cores = held.cores.iter().fold(0, |map, (core, _)| map | 1 << core);
        let mut words = vec![held.table, is_scheduled, held.free, frames.0, frames.1, number, 0, 0, cores, reach];
        let policy = self.graph.components.get(index)?.scheduling.policy;
        words.extend([FIRST_CORE as u64, policy as u64, 0, 0]);
        words.extend(own(held).iter().flat_map(Own::to_words));
        for (client, slots) in clients.iter().zip(&held.clients) {
            words.extend(self.client(*client, *slots)?);
        }
        for server in &clients {
            words.extend(self.reach(&clients, server.of));
        }
        self.add_pages(index, table, &mut words);
        self.add_slots(index, &mut words);
        Some(words)
    }

    fn add_pages(&self, index: usize, table: &Table, words: &mut Vec<u64>) {
        let first = words.len() as u64;
        for ((at, page), capability) in self.layout.pages.of_scheduler(index).zip(table.serves()) {
            let header = self.layout.components.get(index).map_or(0, |space| space.pages.address(Part::Header(at)));
            let edge = self.schema.components.get(page.client).and_then(|client| client.edges.get(page.edge));
            let clears = edge.is_none_or(|edge| edge.clears_registers);
            let serve = capability.slot | if clears { CLEAR_REGISTERS } else { 0 };
            words.extend(PageEdge { client: token(page.client), serve, header }.to_words());
        }
        for (word, value) in words.iter_mut().skip(6).zip([table.serves().len() as u64, first]) {
            *word = value;
        }
    }

    fn add_slots(&self, index: usize, words: &mut Vec<u64>) {
        let slots = self.graph.components.get(index).map_or(&[][..], |component| &component.scheduling.slots);
        let first = words.len() as u64;
        words.extend(slots.iter().flat_map(Slot::to_words));
        for (word, value) in words.iter_mut().skip(12).zip([slots.len() as u64, first]) {
            *word = value;
        }
    }

    fn client(&self, own: OwnThread, slots: Slots) -> Option<Vec<u64>> {
        let index = own.of;
        let of = self.graph.components.get(index)?;
        let entry = self.schema.components.get(index)?.image.entry;
        // The threads that it can create are listed with the first of its own.
        let created = self.graph.created_threads(index);
        let created = if own.entry == index { created } else { created.start..created.start };
        let cores = (0..created.len()).map(|at| self.graph.created_core(index, at) << (8 * at));
        let client = Client {
            token: token(index),
            component: slots.component,
            thread: slots.thread,
            thread_index: own.thread as u64,
            start: entry.wrapping_add(self.layout.components.get(index)?.shift),
            first_created: created.start as u64,
            created: created.len() as u64,
            time: slots.time,
            core: own.core,
            created_cores: cores.fold(0, |all, core| all | core),
        };
        let mut words = client.to_words().to_vec();
        let threads = std::iter::once(&of.own).chain(&of.threads);
        words.extend(threads.flat_map(|thread| thread.parameters.to_words()));
        words.resize(Client::WORDS, 0);
        Some(words)
    }

    /// Bit n: threads of client number n of `clients` have stacks in `server`.
    fn reach(&self, clients: &[OwnThread], server: usize) -> Vec<u64> {
        let stacks = self.layout.components.get(server).map_or(&[][..], |space| &space.stacks);
        let mut map = vec![0; reach_words(clients.len())];
        for (at, client) in clients.iter().enumerate() {
            if let (true, Some(word)) =
                (stacks.iter().any(|stack| stack.thread == client.thread as u64), map.get_mut(at / 64))
            {
                *word |= 1 << (at % 64);
            }
        }
        map
    }
}

/// What a scheduler has on each core that there can be.
fn own(held: &Scheduling) -> [Own; CORES] {
    let mut all = [Own::default(); CORES];
    for (core, own) in &held.cores {
        if let Some(place) = all.get_mut(*core as usize) {
            *place = *own;
        }
    }
    all
}
