//! What devices, the console and the end of the system refuse.

use crate::rogue::{Rogue, pair};
use abi::boot::slot;
use abi::error::Error;
use abi::operation::TableOperation::{CreateInterrupt, CreatePhysicalRange, CreatePorts};
use abi::operation::{DebugConsoleOperation, InterruptOperation, PortsOperation, PowerOperation};

const TABLE: u32 = slot::TABLE;
/// Where firmware shows how far it is: harmless.
const POST: u32 = 0x80;

/// All of it.
pub fn all(rogue: &mut Rogue) {
    for (capability, operations) in [
        (slot::PORTS, PortsOperation::ALL.len()),
        (slot::DEBUG_CONSOLE, DebugConsoleOperation::ALL.len()),
        (slot::POWER, PowerOperation::ALL.len()),
        (slot::INTERRUPTS, InterruptOperation::ALL.len()),
        (slot::DEVICES, 0),
    ] {
        for operation in [operations as u16, 63, 64, u16::MAX] {
            rogue.refused(capability, operation, [0; 4], Error::UnknownOperation);
        }
    }
    ranges(rogue);
    accesses(rogue);
    lines(rogue);
    registers(rogue);
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

/// Slots that nothing else uses: for a line, and, as long as these are asked, for nothing.
const LINE: u32 = 63;
const EMPTY: u32 = 55;

fn lines(rogue: &mut Rogue) {
    let free = u64::from(rogue.slot());
    // All lines at once cannot be driven; and the second is the timer's, on every machine of this kind.
    for operation in InterruptOperation::ALL {
        rogue.refused(slot::INTERRUPTS, *operation as u16, [0; 4], Error::BadArgument);
    }
    for (whole, line, error) in [
        (slot::INTERRUPTS, 2, Error::BadArgument),
        (slot::INTERRUPTS, 100, Error::BadArgument),
        (slot::INTERRUPTS, 128, Error::RightsExceeded),
        (slot::INTERRUPTS, u64::MAX, Error::RightsExceeded),
        (slot::PORTS, 4, Error::WrongKind),
        (EMPTY, 4, Error::Empty),
        (u32::MAX, 4, Error::OutOfRange),
    ] {
        rogue.refused(TABLE, CreateInterrupt as u16, [free, whole.into(), line, 0], error);
    }
    let line = LINE;
    rogue.done(TABLE, CreateInterrupt as u16, [line.into(), slot::INTERRUPTS.into(), 4, 0]);
    let acknowledge = InterruptOperation::Acknowledge as u16;
    rogue.refused(line, acknowledge, [0; 4], Error::NothingPending);
    for (send, error) in [(TABLE, Error::WrongKind), (EMPTY, Error::Empty), (u32::MAX, Error::OutOfRange)] {
        rogue.refused(line, InterruptOperation::Attach as u16, [send.into(), 0, 0, 0], error);
    }
    rogue.done(line, InterruptOperation::Mask as u16, [0; 4]);
    rogue.refused(line, acknowledge, [0; 4], Error::NothingPending);
    rogue.done(line, InterruptOperation::Detach as u16, [0; 4]);
}

/// Registers of a machine of this kind that the kernel keeps for itself: its cores', its lines', its clock's.
const OF_THE_KERNEL: [u64; 3] = [0xfee0_0000, 0xfec0_0000, 0xfed0_0000];
/// Where no device is, and no memory.
const NOTHING: u64 = 0xe000_0000;

fn registers(rogue: &mut Rogue) {
    let free = u64::from(rogue.slot());
    let create = CreatePhysicalRange as u16;
    for address in OF_THE_KERNEL {
        rogue.refused(TABLE, create, [free, slot::DEVICES.into(), address, 1], Error::FrameState);
        rogue.refused(TABLE, create, [free, slot::DEVICES.into(), address - 0x1000, 3], Error::FrameState);
    }
    // The kernel's image, some memory, the last page below it that is no memory and the first that is, and what
    // is beyond the processor.
    for (address, pages) in [(0x10_0000, 1), (0x200_0000, 1), (0, 1), (0xf_f000, 2), (1 << 51, 1), (0, 1 << 40)] {
        rogue.refused(TABLE, create, [free, slot::DEVICES.into(), address, pages], Error::FrameState);
    }
    for (whole, address, pages, error) in [
        (slot::DEVICES, NOTHING, 0, Error::BadArgument),
        (slot::DEVICES, NOTHING + 8, 1, Error::BadAddress),
        (slot::DEVICES, NOTHING, u64::MAX, Error::RightsExceeded),
        (slot::DEVICES, !0xfff, 1, Error::RightsExceeded),
        (slot::PORTS, NOTHING, 1, Error::WrongKind),
        (EMPTY, NOTHING, 1, Error::Empty),
    ] {
        rogue.refused(TABLE, create, [free, whole.into(), address, pages], error);
    }
}
