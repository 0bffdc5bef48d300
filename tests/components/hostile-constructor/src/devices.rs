//! What ports, the console and the end of the system refuse.

use crate::rogue::{Rogue, pair};
use abi::boot::slot;
use abi::error::Error;
use abi::operation::TableOperation::CreatePorts;
use abi::operation::{DebugConsoleOperation, PortsOperation, PowerOperation};

const TABLE: u32 = slot::TABLE;
/// Where firmware shows how far it is: harmless.
const POST: u32 = 0x80;

/// All of it.
pub fn all(rogue: &mut Rogue) {
    for (capability, operations) in [
        (slot::PORTS, PortsOperation::ALL.len()),
        (slot::DEBUG_CONSOLE, DebugConsoleOperation::ALL.len()),
        (slot::POWER, PowerOperation::ALL.len()),
    ] {
        for operation in [operations as u16, 63, 64, u16::MAX] {
            rogue.refused(capability, operation, [0; 4], Error::UnknownOperation);
        }
    }
    ranges(rogue);
    accesses(rogue);
}

fn ranges(rogue: &mut Rogue) {
    let free = u64::from(rogue.slot());
    for (ports, range, error) in [
        (slot::PORTS, pair(POST, 0), Error::BadArgument),
        (slot::PORTS, pair(0xffff, 2), Error::RightsExceeded),
        (slot::PORTS, pair(0x1_0000, 1), Error::RightsExceeded),
        (slot::PORTS, u64::MAX, Error::RightsExceeded),
        (slot::POWER, pair(POST, 1), Error::WrongKind),
        (TABLE, pair(POST, 1), Error::WrongKind),
        (50, pair(POST, 1), Error::Empty),
        (u32::MAX, pair(POST, 1), Error::OutOfRange),
    ] {
        rogue.refused(TABLE, CreatePorts as u16, [free, ports.into(), range, 0], error);
    }
    rogue.refused(TABLE, CreatePorts as u16, [TABLE.into(), slot::PORTS.into(), pair(POST, 1), 0], Error::SlotTaken);
}

fn accesses(rogue: &mut Rogue) {
    let (read, write) = (PortsOperation::Read as u16, PortsOperation::Write as u16);
    let ports = rogue.make(CreatePorts, [slot::PORTS.into(), pair(POST, 1), 0]);
    rogue.done(ports, write, [0, 0x55, 0, 0]);
    for offset in [1, 0xffff, 0x1_0000, 1 << 32, u64::MAX] {
        rogue.refused(ports, read, [offset, 0, 0, 0], Error::BadArgument);
        rogue.refused(ports, write, [offset, 0, 0, 0], Error::BadArgument);
    }
    for byte in [0x100, 1 << 32, u64::MAX] {
        rogue.refused(ports, write, [0, byte, 0, 0], Error::BadArgument);
    }
    // A part gives no more than it is.
    let free = u64::from(rogue.slot());
    for range in [pair(POST, 2), pair(POST - 1, 1), pair(POST + 1, 1)] {
        rogue.refused(TABLE, CreatePorts as u16, [free, ports.into(), range, 0], Error::RightsExceeded);
    }
}
