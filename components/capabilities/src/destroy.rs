//! The end of a component: everything that was made is taken apart, in the reverse order, whatever of it there is.

use crate::held::{Held, Plan};
use crate::kernel::{Kernel, quiesce};
use abi::bundle::Component;
use abi::layout::PAGE;
use abi::operation::{ComponentOperation, PageTableOperation, TableOperation};
use runtime::management::SCRATCH;

/// Ends the component for everybody else: nobody enters it any more, and nobody is inside when this comes back, on any core.
pub fn refuse(plan: &Plan, held: &Held, kernel: &impl Kernel) {
    if let Some(component) = plan.component(held) {
        End { plan, held, kernel }.refuse(&component);
        let _ = quiesce(kernel);
    }
}

/// Takes the component apart, which nobody enters any more. Where a part is missing, because making it failed, there is nothing to do.
pub fn component(plan: &Plan, held: &Held, kernel: &impl Kernel) {
    let Some(component) = plan.component(held) else { return };
    let end = End { plan, held, kernel };
    end.memory(&component);
    end.objects(&component);
    let _ = quiesce(kernel);
}

struct End<'a, 'k, K> {
    plan: &'a Plan<'k>,
    held: &'a Held,
    kernel: &'a K,
}

impl<K: Kernel> End<'_, '_, K> {
    /// From now on nobody can enter the component, nor return into it.
    fn refuse(&self, component: &Component) {
        self.ask(self.held.component, ComponentOperation::Revoke as u16, [0; 4]);
        for (at, client) in self.plan.bundle.components().enumerate() {
            let Some(table) = self.plan.table_of(at, self.kernel) else { continue };
            for (slot, _) in self.plan.edges(&client, self.held.at) {
                self.ask(table, TableOperation::Remove as u16, [slot, 0, 0, 0]);
            }
        }
        for capability in self.plan.bundle.capabilities(component) {
            self.ask(self.held.table, TableOperation::Remove as u16, [capability.slot, 0, 0, 0]);
        }
        self.ask(self.plan.table, TableOperation::Remove as u16, [self.held.start, 0, 0, 0]);
        self.ask(self.plan.page_table, PageTableOperation::Unmap as u16, [SCRATCH, 0, 0, 0]);
    }

    /// Its pages, and the nodes that they hang from.
    fn memory(&self, component: &Component) {
        if let Some((of_manager, there)) = self.plan.lodging(self.held, self.kernel) {
            self.ask(of_manager, TableOperation::Remove as u16, [there, 0, 0, 0]);
        }
        let operate = |operation, address, level| {
            self.ask(self.held.page_table, operation as u16, [address, level, 0, 0]);
        };
        for (address, _) in self.plan.pages(component) {
            operate(PageTableOperation::Unmap, address, 0);
        }
        for (level, span) in [(1, 512 * PAGE), (2, 512 * 512 * PAGE), (3, 512 * 512 * 512 * PAGE)] {
            let mut last = None;
            for (address, _) in self.plan.pages(component) {
                if last.replace(address / span) != Some(address / span) {
                    operate(PageTableOperation::Prune, address, level);
                }
            }
        }
    }

    fn objects(&self, component: &Component) {
        for leaf in 0..self.plan.leaves(component) {
            self.ask(self.held.table, TableOperation::Prune as u16, [leaf, 0, 0, 0]);
        }
        for slot in [self.held.component, self.held.page_table, self.held.table] {
            self.ask(self.plan.table, TableOperation::Reclaim as u16, [slot, 0, 0, 0]);
        }
    }

    fn ask(&self, capability: u64, operation: u16, words: [u64; 4]) {
        let _ = self.kernel.operate(capability, operation, words);
    }
}
