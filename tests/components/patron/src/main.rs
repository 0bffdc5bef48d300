//! The image of a base constructor that does what the booter does, but for one thing: when all are up, the component `evicted`
//! is handed its own capability table and the component `gate`, as whoever takes an edge away has to hold them.
#![no_std]
#![no_main]

use abi::boot::slot;
use abi::bundle::Bundle;
use abi::error::Error;
use abi::operation::{PowerOperation, TableOperation};
use booter::{Held, Kernel, System, held};
use core::fmt::Write;
use patron::{OWN_TABLE, SERVER};
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
}

impl Parties {
    /// As long as no component has run, the bundle is as it was composed.
    fn find() -> Option<Self> {
        let bundle = Bundle::parse(CONSTRUCTOR.bundle()).ok()?;
        let find = |name| Some(held(bundle.components().position(|component| component.name() == name)?));
        Some(Self { client: find("evicted")?, server: find("gate")? })
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
    fn hand_on(&mut self, Parties { client, server }: &Parties) -> Result<(), Error> {
        for (slot, capability) in [(OWN_TABLE, client.table), (SERVER, server.component)] {
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
