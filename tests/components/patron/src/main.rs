//! The image of a base constructor that does what the booter does, but for one thing: when all are up, the component `evicted`
//! is handed its own capability table, its scheduler's and the component `gate`, as whoever takes an edge away has to hold them.
#![no_std]
#![no_main]

use abi::boot::slot;
use abi::bundle::{Bundle, Grant};
use abi::error::Error;
use abi::operation::{PowerOperation, TableOperation};
use booter::{Held, Kernel, System, held};
use core::fmt::Write;
use patron::{OWN_TABLE, SCHEDULERS_TABLE, SERVED_BY, SERVER};
use runtime::{Constructor, DebugConsole};

runtime::constructor!(CONSTRUCTOR);

runtime::component! { initialise: run }

/// The kernel, and who is to be handed what, until that is done.
struct Handing {
    kernel: &'static Constructor,
    parties: Option<Parties>,
}

/// Who is handed its own table, and the component that is handed to it.
struct Parties {
    client: Held,
    server: Held,
    scheduler: Held,
    /// The slot in which the scheduler has the first page of the client's.
    served_by: u64,
}

impl Parties {
    /// As long as no component has run, the bundle is as it was composed.
    fn find() -> Option<Self> {
        let bundle = Bundle::parse(CONSTRUCTOR.bundle()).ok()?;
        let find = |name| bundle.components().enumerate().find(|(_, component)| component.name() == name);
        let ((client, pages), (scheduler, serves), (server, _)) = (find("evicted")?, find("sched")?, find("gate")?);
        let is_page = |grant| bundle.capabilities(&serves).find(|capability| edge(capability.grant) == edge(grant));
        let mut edges = bundle.capabilities(&pages).filter(|capability| edge(capability.grant).is_some());
        let served_by = edges.find_map(|capability| is_page(capability.grant))?.slot;
        Some(Self { client: held(client), server: held(server), scheduler: held(scheduler), served_by })
    }
}

/// The server of an invocation, where it leads, and by which word the server knows the edge.
const fn edge(grant: Grant) -> Option<(u64, u64, u64)> {
    match grant {
        Grant::Invocation { server, entry, token, .. } => Some((server, entry, token)),
        _ => None,
    }
}

impl Kernel for Handing {
    fn operate(&mut self, capability: u32, operation: u16, words: [u64; 4]) -> Result<[u64; 2], Error> {
        self.kernel.operate(capability, operation, words)
    }

    /// The first that the booter says is who is up; they run behind that.
    fn print(&mut self, text: &str) {
        let failed = self.parties.take().is_some_and(|parties| self.hand_on(&parties).is_err());
        let said = if failed { "patron: it cannot be handed on\n" } else { text };
        let _ = DebugConsole::new(self.kernel).write_str(said);
    }
}

impl Handing {
    fn hand_on(&mut self, Parties { client, server, scheduler, served_by }: &Parties) -> Result<(), Error> {
        let held = [(OWN_TABLE, client.table), (SERVER, server.component), (SCHEDULERS_TABLE, scheduler.table)];
        let bits = SERVED_BY.enumerate().filter(|(bit, _)| served_by >> bit & 1 == 1);
        for (slot, capability) in bits.map(|(_, slot)| (slot, server.component)).chain(held) {
            let words = [slot.into(), capability.into(), 0, 0];
            self.operate(client.table, TableOperation::Copy as u16, words)?;
        }
        Ok(())
    }
}

fn run() -> u16 {
    let mut kernel = Handing { kernel: &CONSTRUCTOR, parties: Parties::find() };
    let status = match System::read(CONSTRUCTOR.bundle(), &CONSTRUCTOR.information()) {
        Ok(system) => booter::boot(&system, || 0, &mut kernel),
        Err(error) => booter::refuse(error, &mut kernel),
    };
    let _ = kernel.operate(slot::POWER, PowerOperation::End as u16, [status.into(), 0, 0, 0]);
    status
}
