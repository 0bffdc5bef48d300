//! What each component holds: the capabilities of the plan, and nothing else.

use crate::address_space::AddressSpace;
use crate::construct::{Held, held, pair};
use crate::frames::Frames;
use crate::{Failure, Kernel};
use abi::boot::slot;
use abi::bundle::{Bundle, Capability, Grant};
use abi::crossing::LEAF_SLOTS;
use abi::operation::TableOperation;

/// Grants every component what the plan says. All components exist by now.
///
/// # Errors
///
/// See [`Failure`].
pub fn all(bundle: &Bundle, frames: &mut Frames, kernel: &mut impl Kernel) -> Result<(), Failure> {
    for (at, component) in bundle.components().enumerate().skip(1) {
        let client = held(at);
        let mut leaves = 0;
        for capability in bundle.capabilities(&component) {
            if let Grant::Untyped { address, frames: count } = capability.grant {
                let mut space = AddressSpace { page_table: client.page_table, frames, kernel };
                space.name_untyped(address, count)?;
                continue;
            }
            while leaves * u64::from(LEAF_SLOTS) <= capability.slot {
                kernel.operate(client.table, TableOperation::Graft as u16, [leaves, frames.take()?, 0, 0])?;
                leaves += 1;
            }
            grant(client, &capability, kernel)?;
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
        Grant::Table => (Copy, [slot, client.table.into(), 0, 0]),
        Grant::Component(component) => (Copy, [slot, of(component)?.component.into(), 0, 0]),
        Grant::Thread(component) => (Copy, [slot, of(component)?.thread.into(), 0, 0]),
        Grant::Receive(component) => (CreateReceive, [slot, of(component)?.thread.into(), 0, 0]),
        Grant::Send(component) => return grant_send(client, slot, of(component)?, kernel),
        Grant::Untyped { .. } => return Ok(()),
    };
    kernel.operate(client.table, operation as u16, words)?;
    Ok(())
}

/// A send end-point is made from a receive end-point, which the booter makes for itself and gives up again.
fn grant_send(client: Held, slot: u64, receiver: Held, kernel: &mut impl Kernel) -> Result<(), Failure> {
    let scratch = u64::from(slot::FREE);
    let receive = [scratch, receiver.thread.into(), 0, 0];
    kernel.operate(slot::TABLE, TableOperation::CreateReceive as u16, receive)?;
    kernel.operate(client.table, TableOperation::CreateSend as u16, [slot, scratch, 0, 0])?;
    kernel.operate(slot::TABLE, TableOperation::Remove as u16, [scratch, 0, 0, 0])?;
    Ok(())
}

/// What the booter holds of a component that it has constructed.
fn of(component: u64) -> Result<Held, Failure> {
    if component == 0 { Err(Failure::BooterServes) } else { Ok(held(component as usize)) }
}
