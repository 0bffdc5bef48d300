//! What each component holds: the capabilities of the plan, and nothing else.

use crate::address_space::AddressSpace;
use crate::construct::{Held, held, pair};
use crate::frames::Frames;
use crate::{Failure, Kernel};
use abi::boot::slot;
use abi::bundle::{Bundle, Capability, Component, Grant};
use abi::crossing::LEAF_SLOTS;
use abi::operation::TableOperation;
use abi::rights::component::{MAKE_INVOCATIONS, MAKE_THREADS};
use abi::rights::temporal_capability::{GIVE, RUN, TAKE};
use abi::rights::thread::DISPATCH;
use abi::rights::{page_table, table};

/// What a component may do with a table that the plan grants it: fill it and empty it.
const TABLE: u64 = table::ADD | table::REMOVE | table::GROW;
/// What it may do with a page table that the plan grants it.
const PAGE_TABLE: u64 = page_table::MAP | page_table::UNMAP | page_table::GROW | page_table::CLEAN;

/// Grants every component what the plan says. All components exist by now.
///
/// # Errors
///
/// See [`Failure`].
pub fn all(bundle: &Bundle, frames: &mut Frames, kernel: &mut impl Kernel) -> Result<(), Failure> {
    let from_the_start = |(_, component): &(usize, Component)| component.constructor == 0;
    for (at, component) in bundle.components().enumerate().skip(1).filter(from_the_start) {
        let client = held(at);
        let mut leaves = 0;
        for capability in bundle.capabilities(&component) {
            if let Grant::Untyped { address, frames: count } = capability.grant {
                let mut space = AddressSpace { page_table: client.page_table, inside: None, frames, kernel };
                space.name_untyped(address, count)?;
                continue;
            }
            if capability.grant == Grant::Bundle {
                let mut space = AddressSpace { page_table: client.page_table, inside: None, frames, kernel };
                space.map_bundle(bundle, at as u64)?;
                continue;
            }
            while leaves * u64::from(LEAF_SLOTS) <= capability.slot {
                kernel.operate(client.table, TableOperation::Graft as u16, [leaves, frames.take()?, 0, 0])?;
                leaves += 1;
            }
            let later = |server| bundle.components().nth(server as usize).is_some_and(|server| server.constructor != 0);
            if let Grant::Registers { physical, pages, address } = capability.grant {
                let mut space = AddressSpace { page_table: client.page_table, inside: None, frames, kernel };
                space.map_registers(address, physical, pages)?;
            }
            // Whoever constructs the server at run time grants invocations of it.
            if !matches!(capability.grant, Grant::Invocation { server, .. } if later(server)) {
                grant(client, &capability, kernel)?;
            }
        }
    }
    Ok(())
}

fn grant(client: Held, capability: &Capability, kernel: &mut impl Kernel) -> Result<(), Failure> {
    use TableOperation::*;
    let slot = capability.slot;
    let (operation, words) = match capability.grant {
        Grant::Invocation { server, entry, token, methods } => {
            (CreateInvocation, [pair(of(server)?.component, slot), entry, token, methods])
        }
        Grant::Ports { first, count } => (CreatePorts, [slot, slot::PORTS.into(), first << 32 | count, 0]),
        Grant::Interrupt { line } => (CreateInterrupt, [slot, slot::INTERRUPTS.into(), line, 0]),
        Grant::Registers { physical, pages, .. } => {
            (CreatePhysicalRange, [slot, slot::DEVICES.into(), physical, pages])
        }
        Grant::Table(component) => (Copy, [slot, of(component)?.table.into(), !TABLE, 0]),
        Grant::PageTable(component) => (Copy, [slot, of(component)?.page_table.into(), !PAGE_TABLE, 0]),
        Grant::Server(component) => (Copy, [slot, of(component)?.component.into(), !MAKE_INVOCATIONS, 0]),
        Grant::Component(component) => (Copy, [slot, of(component)?.component.into(), !MAKE_THREADS, 0]),
        Grant::Thread(component) => (Copy, [slot, of(component)?.thread.into(), !DISPATCH, 0]),
        Grant::Receive(component) => (CreateReceive, [slot, of(component)?.thread.into(), 0, 0]),
        Grant::HandledLevel => (CreateHandledLevel, [slot, 0, 0, 0]),
        Grant::Time => (Copy, [slot, slot::TIME.into(), !(RUN | GIVE), 0]),
        Grant::Fill(component) => (Copy, [slot, of(component)?.time.into(), !(RUN | TAKE), 0]),
        Grant::Spend(component) => (Copy, [slot, of(component)?.time.into(), !(RUN | GIVE), 0]),
        Grant::Send(component) => (CreateSend, [slot, of(component)?.thread.into(), 0, 0]),
        Grant::Untyped { .. } | Grant::Bundle => return Ok(()),
    };
    kernel.operate(client.table, operation as u16, words)?;
    Ok(())
}

/// What the booter holds of a component that it has constructed.
fn of(component: u64) -> Result<Held, Failure> {
    if component == 0 { Err(Failure::BooterServes) } else { Ok(held(component as usize)) }
}
