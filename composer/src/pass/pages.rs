//! Syscall pages: which there are, and where their frames and the servers' tables lie. See [`abi::page`].

use abi::layout::PAGE;
use abi::page::{PARKED_WORDS, ROW_WORDS, ROWS};

mod workers;

pub use workers::{Workers, threads as worker_threads};

use super::schema::{Bindings, Edge, PageEnds, Schema};
use crate::graph::Graph;

/// All pages of a system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// Client by client, in the order of their `deps`.
    pub pages: Vec<Page>,
    /// The edges that have none, of clients that would post.
    pub direct: Vec<Direct>,
}

/// An edge without a page, of a client that would post: what it finds posted, it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direct {
    /// The client, as an index into the graph's components.
    pub client: usize,
    /// Its edge, as an index into its bindings'.
    pub edge: usize,
    /// The client's slot.
    pub slot: u64,
}

/// The page of an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The client, as an index into the graph's components.
    pub client: usize,
    /// Its edge, as an index into its bindings'.
    pub edge: usize,
    /// The page's number among the scheduler's, or if there is none, among the client's.
    pub number: usize,
    /// The server, as an index into the graph's components.
    pub server: usize,
    /// The row of the server's table.
    pub row: usize,
    /// The client's scheduler, which serves the page for those that wait: it may be the server, too.
    pub scheduler: Option<usize>,
    /// What both images have of it.
    pub ends: PageEnds,
    /// The server's workers, and what this edge has of them.
    pub workers: Workers,
}

impl Page {
    /// Its edge.
    pub fn edge_of<'a>(&self, schema: &'a Schema) -> Option<&'a Edge> {
        schema.components.get(self.client)?.edges.get(self.edge)
    }
}

/// Something of a page that lies in a component's address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The header frame of the page of this index.
    Header(usize),
    /// The entry frame of the page of this index.
    Entries(usize),
    /// The server's table for the export whose word is this, of so many rows, with room behind them for calls that wait for workers
    /// if there are any.
    Table {
        /// The word.
        word: u64,
        /// The rows.
        rows: usize,
        /// How many workers there can be, if the image has them.
        workers: Option<u64>,
    },
    /// Where the client of the edge of this index, which has no page, finds what it posted: both frames, its own.
    Posted(usize),
}

impl Part {
    /// Bytes that it takes, a whole number of pages.
    pub fn bytes(self) -> u64 {
        match self {
            Self::Header(_) | Self::Entries(_) => PAGE,
            Self::Posted(_) => 2 * PAGE,
            Self::Table { rows, workers, .. } => {
                let words = ROW_WORDS + if workers.is_some() { PARKED_WORDS } else { 0 };
                (ROWS + 8 * (rows * words) as u64).next_multiple_of(PAGE)
            }
        }
    }

    /// Its number among the frames that components share, if it is one.
    pub fn frame(self) -> Option<usize> {
        match self {
            Self::Header(page) => Some(2 * page),
            Self::Entries(page) => Some(2 * page + 1),
            Self::Table { .. } | Self::Posted(_) => None,
        }
    }
}

impl Pages {
    /// The pages that the graph's edges have.
    pub fn of(graph: &Graph, schema: &Schema) -> Self {
        let mut pages: Vec<Page> = Vec::new();
        for (client, bindings) in schema.components.iter().enumerate() {
            for (edge, (server, ends)) in
                bindings.edges.iter().enumerate().filter_map(|(at, edge)| Some((at, ends(edge)?)))
            {
                let row = pages.iter().filter(|page| (page.server, page.ends.table) == (server, ends.table)).count();
                let scheduler = graph.scheduler(client);
                let is_before =
                    |page: &&Page| page.scheduler == scheduler && (scheduler.is_some() || page.client == client);
                let number = pages.iter().filter(is_before).count();
                pages.push(Page {
                    client,
                    edge,
                    number,
                    server,
                    row,
                    scheduler,
                    ends: ends.clone(),
                    workers: Workers::default(),
                });
            }
        }
        workers::share(graph, &mut pages);
        Self { pages, direct: direct(schema) }
    }

    /// What of all pages lies in the component at `index`, in the order in which it lies there.
    pub fn parts(&self, index: usize) -> Vec<Part> {
        let mut parts = Vec::new();
        for (at, page) in self.pages.iter().enumerate() {
            let (is_end, is_scheduler) = (index == page.client || index == page.server, page.scheduler == Some(index));
            if is_end || is_scheduler {
                parts.push(Part::Header(at));
            }
            if is_end {
                parts.push(Part::Entries(at));
            }
            if index == page.server && page.row == 0 {
                let (word, rows) = (page.ends.table, self.rows(index, page.ends.table).count());
                parts.push(Part::Table { word, rows, workers: page.ends.work.and(Some(page.workers.all)) });
            }
        }
        parts.extend(self.direct_of(index).map(|direct| Part::Posted(direct.edge)));
        parts
    }

    /// The edges without a page of the component at `index`, which would post.
    pub fn direct_of(&self, index: usize) -> impl Iterator<Item = &Direct> {
        self.direct.iter().filter(move |direct| direct.client == index)
    }

    /// The pages of the table of the component at `index` whose word is `table`, row by row, with their indices.
    pub fn rows(&self, index: usize, table: u64) -> impl Iterator<Item = (usize, &Page)> {
        let of_table = move |page: &Page| (page.server, page.ends.table) == (index, table);
        self.pages.iter().enumerate().filter(move |(_, page)| of_table(page))
    }

    /// The pages of which the component at `index` is the client.
    pub fn of_client(&self, index: usize) -> impl Iterator<Item = (usize, &Page)> {
        self.pages.iter().enumerate().filter(move |(_, page)| page.client == index)
    }

    /// The pages whose calls that may block are run by workers of the component at `index`.
    pub fn of_workers(&self, index: usize) -> impl Iterator<Item = (usize, &Page)> {
        let pages = self.pages.iter().enumerate();
        pages.filter(move |(_, page)| page.server == index && page.ends.work.is_some())
    }

    /// The pages that the component at `index` serves as a scheduler.
    pub fn of_scheduler(&self, index: usize) -> impl Iterator<Item = (usize, &Page)> {
        self.pages.iter().enumerate().filter(move |(_, page)| page.scheduler == Some(index))
    }
}

fn direct(schema: &Schema) -> Vec<Direct> {
    let edges = |(client, bindings): (usize, &Bindings)| {
        let slots = bindings.edges.iter().enumerate().filter_map(|(edge, bound)| Some((edge, bound.posts?)));
        slots.map(|(edge, slot)| Direct { client, edge, slot }).collect::<Vec<_>>()
    };
    schema.components.iter().enumerate().flat_map(edges).collect()
}

fn ends(edge: &Edge) -> Option<(usize, &PageEnds)> {
    Some((edge.server, edge.page.as_ref()?))
}

/// Where the parts lie in one component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The parts, each with its address.
    pub parts: Vec<(Part, u64)>,
}

impl Places {
    /// Places for `parts` from the page behind `end` on, which stays empty, and the first address behind them all. Without parts
    /// that is `end`.
    pub fn of(parts: Vec<Part>, end: u64) -> Option<(Self, u64)> {
        if parts.is_empty() {
            return Some((Self::default(), end));
        }
        let mut address = end.checked_add(PAGE)?;
        let mut placed = Vec::new();
        for part in parts {
            placed.push((part, address));
            address = address.checked_add(part.bytes())?;
        }
        Some((Self { parts: placed }, address))
    }

    /// Where `part` lies; 0 if it does not.
    pub fn address(&self, part: Part) -> u64 {
        self.parts.iter().find(|(other, _)| *other == part).map_or(0, |(_, address)| *address)
    }
}
