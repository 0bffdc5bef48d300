//! Each operation needs its right, and no other.

use super::*;
use abi::operation::{ComponentOperation, ReceiveOperation, ThreadOperation};
use abi::rights::{self, ALL, RECLAIM, component, page_table, ports, receive, table, thread};

/// Where the copy is that lacks something, and objects that are its arguments.
const COPY: u64 = 30;
const COMPONENT: u64 = 12;

/// A system with a component besides the first, and a copy of `source` with what is not in `kept` left out.
fn holding(source: u64, kept: u64) -> System {
    let mut system = System::new();
    make_component(&mut system, 9);
    assert_eq!(super::table(&mut system, TableOperation::Copy, [COPY, source, !kept, 0]), Outcome::DONE);
    system
}

/// What the copy of `source` answers, with all rights but `right`, and with no right but that.
fn answers(source: u64, right: u64, mut ask: impl FnMut(&mut System) -> Outcome) -> [Outcome; 2] {
    [ALL & !right, right].map(|kept| ask(&mut holding(source, kept)))
}

fn needs(source: u64, right: u64, what: &str, ask: impl FnMut(&mut System) -> Outcome) {
    let [without, with] = answers(source, right, ask);
    assert_eq!(without, Error::RightsExceeded.into(), "{what} without the right {right:#x}");
    assert_ne!(with, Error::RightsExceeded.into(), "{what} with the right {right:#x} alone");
}

#[test]
fn of_a_capability_table() {
    use TableOperation::*;
    for operation in TableOperation::ALL {
        let right = match operation {
            Remove | Reclaim => table::REMOVE,
            Graft | Prune => table::GROW,
            Quiesce => {
                let [without, with] = answers(slot::TABLE, ALL, |system| ask(system, COPY, Quiesce as u16, [0; 4]));
                assert_eq!(without, with, "it needs none");
                continue;
            }
            _ => table::ADD,
        };
        needs(slot::TABLE, right, "an operation", |system| {
            let words = match operation {
                Copy => [20, slot::PORTS, 0, 0],
                CreateTable | CreatePageTable => [20, fresh(system), 0, 0],
                CreateComponent => [20, fresh(system), 10 << 32 | 11, 8],
                CreateThread => [20, fresh(system), COMPONENT << 32 | 7, 0x40_0000],
                CreateInvocation => [COMPONENT << 32 | 20, 0x40_0000, 0, 1],
                CreatePorts => [20, slot::PORTS, 0x3f8 << 32 | 1, 0],
                CreateReceive | CreateSend => [20, slot::THREAD, 0, 0],
                CreateInterrupt => [20, slot::INTERRUPT, 4, 0],
                CreatePhysicalRange => [20, slot::DEVICES, crate::testing::DEVICE * PAGE, 1],
                CreateTemporalCapability => [20, fresh(system), slot::RECEIVE << 32, 0],
                Graft => [3, fresh(system), 0, 0],
                CreateHandledLevel | Remove | Prune | Reclaim | Quiesce => [20, 0, 0, 0],
            };
            ask(system, COPY, *operation as u16, words)
        });
    }
}

#[test]
fn of_a_page_table() {
    use PageTableOperation::*;
    for operation in PageTableOperation::ALL {
        let right = match operation {
            Map | Alias | Name | MapDevice | Move => page_table::MAP,
            Unmap => page_table::UNMAP,
            Graft | Prune => page_table::GROW,
            Clean => page_table::CLEAN,
        };
        needs(slot::PAGE_TABLE, right, "an operation", |system| {
            let name = fresh(system);
            let words = match operation {
                Map | Name => [0x40_0000, name, READ, 0],
                Alias => [0x40_0000, 0x40_1000, READ, 0],
                Graft => [0x40_0000, name, 1, 0],
                MapDevice => [0x40_0000, slot::DEVICES, READ, 0],
                Unmap => [0x40_0000, 0, 0, 0],
                Move => [0x40_0000, 0x40_1000, slot::PAGE_TABLE, 0],
                Prune => [0x40_0000, 1, 0, 0],
                Clean => [name, 0, 0, 0],
            };
            ask(system, COPY, *operation as u16, words)
        });
    }
    needs(slot::PAGE_TABLE, page_table::UNMAP, "to be moved from", |system| {
        space(system, Move, [0x40_0000, 0x40_1000, COPY])
    });
}

#[test]
fn of_a_component() {
    for (operation, right) in
        [(ComponentOperation::Name, component::NAME), (ComponentOperation::Revoke, component::REVOKE)]
    {
        needs(COMPONENT, right, "an operation", |system| ask(system, COPY, operation as u16, [0; 4]));
    }
    needs(COMPONENT, component::MAKE_INVOCATIONS, "an invocation", |system| {
        super::table(system, TableOperation::CreateInvocation, [COPY << 32 | 20, 0x40_0000, 0, 1])
    });
    needs(COMPONENT, component::MAKE_THREADS, "a thread", |system| {
        let frame = fresh(system);
        super::table(system, TableOperation::CreateThread, [20, frame, COPY << 32 | 7, 0x40_0000])
    });
}

#[test]
fn of_tables_that_a_component_is_made_of() {
    for (source, right) in [(10, table::HOLD), (11, page_table::HOLD)] {
        needs(source, right, "a component", |system| {
            let frame = fresh(system);
            let tables = if source == 10 { COPY << 32 | 11 } else { 10 << 32 | COPY };
            super::table(system, TableOperation::CreateComponent, [20, frame, tables, 8])
        });
    }
}

#[test]
fn of_a_thread_and_its_end_points() {
    for (operation, right) in [
        (ThreadOperation::Dispatch, thread::DISPATCH),
        (ThreadOperation::ReadRegister, thread::READ),
        (ThreadOperation::WriteRegister, thread::WRITE),
    ] {
        needs(slot::THREAD, right, "an operation", |system| ask(system, COPY, operation as u16, [0; 4]));
    }
    for operation in [TableOperation::CreateReceive, TableOperation::CreateSend] {
        needs(slot::THREAD, thread::MAKE_RECEIVE, "an end-point", |system| {
            super::table(system, operation, [20, COPY, 0, 0])
        });
    }
    needs(slot::RECEIVE, receive::MAKE_SEND, "a send end-point", |system| {
        super::table(system, TableOperation::CreateSend, [20, COPY, 0, 0])
    });
    needs(slot::RECEIVE, receive::RECEIVE, "receiving", |system| {
        ask(system, COPY, ReceiveOperation::Receive as u16, [1, 0, 0, 0])
    });
    needs(slot::RECEIVE, receive::SCHEDULE, "scheduling", |system| {
        ask(system, slot::THREAD, ThreadOperation::Dispatch as u16, [0, 0, 0, COPY])
    });
}

#[test]
fn of_ports() {
    for (operation, right) in [(PortsOperation::Read, ports::READ), (PortsOperation::Write, ports::WRITE)] {
        needs(slot::PORTS, right, "an operation", |system| ask(system, COPY, operation as u16, [0; 4]));
    }
}

#[test]
fn to_reclaim() {
    for source in [10, 11, COMPONENT, slot::THREAD] {
        needs(source, RECLAIM, "an object", |system| super::table(system, TableOperation::Reclaim, [COPY, 0, 0, 0]));
    }
}

#[test]
fn what_is_derived_has_no_right_that_its_source_lacks() {
    let mut system = holding(slot::RECEIVE, receive::MAKE_SEND);
    assert_eq!(super::table(&mut system, TableOperation::CreateReceive, [20, COPY, 0, 0]), Error::WrongKind.into());
    assert_eq!(super::table(&mut system, TableOperation::CreateSend, [20, COPY, 0, 0]), Outcome::DONE);
    assert_eq!(super::table(&mut system, TableOperation::Copy, [21, 20, rights::ALL, 0]), Outcome::DONE);
    assert_eq!(super::table(&mut system, TableOperation::CreateSend, [22, 21, 0, 0]), Error::WrongKind.into());
}
