//! What each component holds: the capabilities of the plan, and nothing else.

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
    let (operation, words) = match capability.grant {
        Grant::Invocation { server: 0, .. } => return Err(Failure::BooterServes),
        Grant::Invocation { server, entry, token, methods } => {
            let server = held(server as usize).component;
            (TableOperation::CreateInvocation, [pair(server, capability.slot), entry, token, methods])
        }
        Grant::Ports { first, count } => {
            let range = first << 32 | count;
            (TableOperation::CreatePorts, [capability.slot, slot::PORTS.into(), range, 0])
        }
    };
    kernel.operate(client.table, operation as u16, words)?;
    Ok(())
}
