//! The plan page of a scheduler: what it is told of the threads that it schedules. See [`abi::plan`].

use abi::layout::{PAGE, READ};
use abi::page::PageEdge;
use abi::plan::{Client, HEADER_WORDS, reach_words};

use super::capabilities::{Table, token};
use super::layout::{Layout, Room};
use super::pages::Part;
use super::schema::Schema;
use crate::elf::Segment;
use crate::graph::Graph;

/// Bytes of the plan for so many clients and page edges, a whole number of pages.
pub fn bytes(clients: usize, pages: usize) -> u64 {
    let words = HEADER_WORDS + clients * (Client::WORDS + reach_words(clients)) + pages * PageEdge::WORDS;
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
        let clients: Vec<usize> = self.graph.scheduled_by(index).collect();
        let reach = (HEADER_WORDS + clients.len() * Client::WORDS) as u64;
        let frames = (room.untyped, room.frames);
        let number = clients.len() as u64;
        let mut words = vec![held.table, held.receive, held.free, frames.0, frames.1, number, 0, 0, held.thread, reach];
        words.push(held.time);
        for (client, slots) in clients.iter().zip(&held.clients) {
            words.extend(self.client(*client, *slots)?);
        }
        for server in &clients {
            words.extend(self.reach(&clients, *server));
        }
        self.add_pages(index, table, &mut words);
        Some(words)
    }

    fn add_pages(&self, index: usize, table: &Table, words: &mut Vec<u64>) {
        let first = words.len() as u64;
        for ((at, page), capability) in self.layout.pages.of_scheduler(index).zip(table.serves()) {
            let header = self.layout.components.get(index).map_or(0, |space| space.pages.address(Part::Header(at)));
            words.extend(PageEdge { client: token(page.client), serve: capability.slot, header }.to_words());
        }
        for (word, value) in words.iter_mut().skip(6).zip([table.serves().len() as u64, first]) {
            *word = value;
        }
    }

    fn client(&self, index: usize, (component, thread): (u64, u64)) -> Option<Vec<u64>> {
        let of = self.graph.components.get(index)?;
        let entry = self.schema.components.get(index)?.image.entry;
        let created = self.graph.created_threads(index);
        let client = Client {
            token: token(index),
            component,
            thread,
            thread_index: index as u64,
            start: entry.wrapping_add(self.layout.components.get(index)?.shift),
            priority: of.priority,
            first_created: created.start as u64,
            created: created.len() as u64,
        };
        let mut words = client.to_words().to_vec();
        words.extend(of.threads.iter().map(|thread| thread.priority));
        words.resize(Client::SHARES, 0);
        let shares = [of.share].into_iter().chain(of.threads.iter().map(|thread| thread.share));
        words.extend(shares.flat_map(|share| [share.budget, share.period]));
        words.resize(Client::WORDS, 0);
        Some(words)
    }

    /// Bit n: threads of client number n of `clients` have stacks in `server`.
    fn reach(&self, clients: &[usize], server: usize) -> Vec<u64> {
        let stacks = self.layout.components.get(server).map_or(&[][..], |space| &space.stacks);
        let mut map = vec![0; reach_words(clients.len())];
        for (at, client) in clients.iter().enumerate() {
            if let (true, Some(word)) =
                (stacks.iter().any(|stack| stack.thread == *client as u64), map.get_mut(at / 64))
            {
                *word |= 1 << (at % 64);
            }
        }
        map
    }
}
