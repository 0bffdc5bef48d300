//! From an entry of the bundle to a component that can be called.

use crate::arena::Arena;
use crate::error_of;
use crate::held::{Held, Plan, Source};
use crate::kernel::Kernel;
use abi::boot::BUNDLE;
use abi::bundle::{Component, Grant};
use abi::error::Error as KernelError;
use abi::layout::{READ, WRITE};
use abi::operation::{ComponentOperation, PageTableOperation, TableOperation};
use abi::rights::page_table;
use capabilities_interface::{CapabilitiesError, Result};
use runtime::CallError;
use runtime::management::SCRATCH;
use runtime::nodes::add_nodes;

/// The method by which a start is invoked, as a mask: a start has no methods.
const START: u64 = 1;

/// What a memory manager may do with the page table of a component.
const LODGED: u64 = page_table::MAP | page_table::UNMAP | page_table::GROW;

/// Makes the component, grants it what the plan says, and its clients the right to call it.
pub fn component(plan: &Plan, held: &Held, frames: &mut Arena, kernel: &impl Kernel) -> Result<()> {
    let component = plan.component(held).ok_or(CapabilitiesError::BadPlan)?;
    let mut maker = Maker { plan, held, frames, kernel };
    maker.objects(&component).map_err(error_of)?;
    maker.grants(&component)?;
    maker.clients()
}

struct Maker<'a, 'k, K> {
    plan: &'a Plan<'k>,
    held: &'a Held,
    frames: &'a mut Arena,
    kernel: &'a K,
}

type Done = core::result::Result<(), KernelError>;

impl<K: Kernel> Maker<'_, '_, K> {
    /// Tables, memory, component, and the way to its start.
    fn objects(&mut self, component: &Component) -> Done {
        use TableOperation::*;
        let Held { at, table, page_table, component: slot, start, .. } = *self.held;
        self.make(CreateTable, |frame| [table, frame, 0, 0])?;
        self.make(CreatePageTable, |frame| [page_table, frame, 0, 0])?;
        for (address, source) in self.plan.pages(component) {
            self.page(address, source)?;
        }
        if let Some((of_manager, there)) = self.plan.lodging(self.held, self.kernel) {
            self.ask(of_manager, Copy as u16, [there, page_table, !LODGED, 0])?;
        }
        // Hot descriptors are numbered as components, from 1 on: the booter's is the first.
        self.make(CreateComponent, |frame| [slot, frame, table << 32 | page_table, at as u64 + 1])?;
        self.ask(slot, ComponentOperation::Name as u16, component.name_words())?;
        let invocation = [slot << 32 | start, component.entry, 0, START];
        self.ask(self.plan.table, CreateInvocation as u16, invocation)
    }

    fn page(&mut self, address: u64, source: Source) -> Done {
        match source {
            Source::Bundle { offset, rights } if rights & WRITE == 0 => {
                self.place(PageTableOperation::Alias, address, BUNDLE + offset, rights)
            }
            Source::Bundle { offset, rights } => {
                let frame = self.frames.take()?;
                self.place_own(frame)?;
                self.kernel.copy(offset, SCRATCH)?;
                let aliased = self.place(PageTableOperation::Alias, address, SCRATCH, rights);
                self.ask(self.plan.page_table, PageTableOperation::Unmap as u16, [SCRATCH, 0, 0, 0])?;
                aliased
            }
            Source::Zeros { rights } => {
                let frame = self.frames.take()?;
                self.place(PageTableOperation::Map, address, frame, rights)
            }
        }
    }

    /// Maps the frame for the manager itself.
    fn place_own(&mut self, frame: u64) -> Done {
        let words = [SCRATCH, frame, READ | WRITE, 0];
        match self.ask(self.plan.page_table, PageTableOperation::Map as u16, words) {
            Err(KernelError::NoNode) => {
                let spare = self.kernel.lend(3).map_err(|_| KernelError::NoFrame)?;
                let mut spare = (0..3).map(|number| spare + number * abi::layout::PAGE);
                self.add_nodes(self.plan.page_table, SCRATCH, || spare.next().ok_or(KernelError::NoFrame))?;
            }
            done => return done,
        }
        self.ask(self.plan.page_table, PageTableOperation::Map as u16, words)
    }

    /// Maps a page of the component, adding nodes where they are missing.
    fn place(&mut self, how: PageTableOperation, address: u64, from: u64, rights: u64) -> Done {
        let (table, words) = (self.held.page_table, [address, from, rights, 0]);
        match self.ask(table, how as u16, words) {
            Err(KernelError::NoNode) => {
                let mut taken = *self.frames;
                let added = self.add_nodes(table, address, || taken.take());
                *self.frames = taken;
                added?;
            }
            done => return done,
        }
        self.ask(table, how as u16, words)
    }

    fn add_nodes(
        &self,
        table: u64,
        address: u64,
        take: impl FnMut() -> core::result::Result<u64, KernelError>,
    ) -> Done {
        add_nodes(address, take, |words| self.ask(table, PageTableOperation::Graft as u16, words))
    }

    /// What the component itself holds.
    fn grants(&mut self, component: &Component) -> Result<()> {
        for leaf in 0..self.plan.leaves(component) {
            let frame = self.frames.take().map_err(error_of)?;
            self.ask(self.held.table, TableOperation::Graft as u16, [leaf, frame, 0, 0]).map_err(error_of)?;
        }
        for capability in self.plan.bundle.capabilities(component) {
            self.grant(self.held.table, capability.slot, capability.grant)?;
        }
        Ok(())
    }

    /// Lets the component's clients call it; those that are not made yet get that when they are.
    fn clients(&self) -> Result<()> {
        for (at, client) in self.plan.bundle.components().enumerate() {
            let Some(table) = self.plan.table_of(at, self.kernel).filter(|_| at != self.held.at) else { continue };
            for (slot, grant) in self.plan.edges(&client, self.held.at) {
                match self.grant(table, slot, grant) {
                    // A client that is dead itself: then there is no table.
                    Err(CapabilitiesError::Call(CallError::Kernel(KernelError::Empty)))
                        if self.plan.held(at as u64 + 1).is_some() => {}
                    done => done?,
                }
            }
        }
        Ok(())
    }

    fn grant(&self, table: u64, slot: u64, grant: Grant) -> Result<()> {
        let Grant::Invocation { server, entry, token, methods } = grant else { return Err(CapabilitiesError::BadPlan) };
        let component = self.plan.server(server, self.kernel).ok_or(CapabilitiesError::BadPlan)?;
        let words = [component << 32 | slot, entry, token, methods];
        match self.ask(table, TableOperation::CreateInvocation as u16, words) {
            // A server that is made later: then it makes its clients' capabilities.
            Err(KernelError::Empty | KernelError::Revoked) if self.plan.held(server + 1).is_some() => Ok(()),
            done => done.map_err(error_of),
        }
    }

    fn make(&mut self, operation: TableOperation, words: impl FnOnce(u64) -> [u64; 4]) -> Done {
        let frame = self.frames.take()?;
        self.ask(self.plan.table, operation as u16, words(frame))
    }

    fn ask(&self, capability: u64, operation: u16, words: [u64; 4]) -> Done {
        self.kernel.operate(capability, operation, words).map(|_| ())
    }
}
